// A message on a ConversationRelay socket: reading never fails but by its own word, and what is read stays within its limits. The same bytes
// as text to be written always give a message.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "parley/twilio/relay_codec.hpp"

using namespace parley::twilio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto read = read_relay_message(text)) {
        if (const auto* setup = std::get_if<RelaySetup>(&read->message)) {
            if (setup->parameters.size() > kMaxRelayParameters || setup->call_sid.size() > kMaxRelayFieldBytes) std::abort();
        } else if (const auto* prompt = std::get_if<RelayPrompt>(&read->message)) {
            if (prompt->text.size() > kMaxRelaySpeechBytes) std::abort();
        } else if (const auto* interrupt = std::get_if<RelayInterrupt>(&read->message)) {
            if (interrupt->heard.size() > kMaxRelaySpeechBytes || interrupt->after.count() < -1) std::abort();
        } else if (const auto* key = std::get_if<RelayDtmf>(&read->message)) {
            if (key->digit == 0) std::abort();
        }
    }
    (void)read_handoff(text);
    const auto written = relay_text({.token = text, .last = true, .language = text});
    const auto back = nlohmann::json::parse(written, nullptr, false);
    if (!back.is_object() || !back["token"].is_string()) std::abort();
    const auto handoff = handoff_text({.code = "x", .reason = std::string(text), .target = std::string(text)});
    if (handoff.size() > kMaxHandoffBytes) std::abort();
    return 0;
}
