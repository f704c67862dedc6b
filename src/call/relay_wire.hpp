#pragma once

#include <string_view>

#include "parley/base/metrics.hpp"
#include "parley/net/websocket.hpp"
#include "parley/twilio/relay_codec.hpp"
#include "relay_speaking.hpp"

namespace parley::call {

// What is sent on a ConversationRelay socket: talk cycles opened by their first token and closed once, and everything else between them.
// Each returns whether the socket took it; a socket that takes nothing is broken.
class RelayWire {
public:
    using Whose = RelaySpeaking::Whose;
    RelayWire(net::WebSocket& socket, bool reported) : socket_(socket), speaking_(reported) {}

    bool say(std::string_view text, Whose whose, bool interruptible = true);  // a blank is put behind it
    bool close_cycle();                                                       // nothing to close: true
    // Twilio has thrown the cycle away: there is nothing to be closed.
    void forget_cycle() { open_ = false; }
    bool send(std::string_view message) { return socket_.send(net::WsOpcode::text, message); }

    [[nodiscard]] bool cycle_open() const { return open_; }
    [[nodiscard]] RelaySpeaking& speaking() { return speaking_; }
    [[nodiscard]] const RelaySpeaking& speaking() const { return speaking_; }

private:
    net::WebSocket& socket_;
    RelaySpeaking speaking_;
    bool open_ = false;
};

}  // namespace parley::call
