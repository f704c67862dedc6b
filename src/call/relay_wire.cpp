#include "relay_wire.hpp"

#include <string>

namespace parley::call {

bool RelayWire::say(std::string_view text, Whose whose, bool interruptible) {
    if (text.empty()) return true;
    // Tokens are put together as they are: without a blank two sentences become one word.
    const auto token = std::string(text) + " ";
    twilio::RelayText message{.token = token};
    if (!interruptible) message.interruptible = twilio::RelayInput::none;
    if (!send(twilio::relay_text(message))) return false;
    speaking_.sent(token, whose, Clock::now());
    open_ = true;
    return true;
}

bool RelayWire::close_cycle() {
    if (!open_) return true;
    open_ = false;
    return send(twilio::relay_text({.token = {}, .last = true}));
}

}  // namespace parley::call
