#pragma once

#include <functional>
#include <memory>

#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"

namespace parley::control {
class CallPowers;
class Outbound;
}  // namespace parley::control

namespace parley::gateway {

struct Telephony;

// Calls that are placed, powers over calls under way, and /v1. Made before the listeners, on no loop yet; begins with `start`.
class Control {
public:
    virtual ~Control() = default;
    virtual void start() = 0;
    // On the control loop: everything that is under way is cancelled and has ended when it returns.
    virtual net::Task<> end() = 0;
    // Calls that need the gateway and have no stream: what rings, callers waiting for a person or on the way back to their agent.
    [[nodiscard]] virtual std::size_t in_the_air() const = 0;
    virtual void close() = 0;                                                    // what rings is taken back, who waits comes back
    virtual net::Task<net::HttpResponse> handle(net::HttpRequest& request) = 0;  // for paths admin::AdminApi::mine
    virtual void reloaded() = 0;                                                 // limits and secrets are read from the configuration again
    [[nodiscard]] virtual control::CallPowers& powers() = 0;
    [[nodiscard]] virtual control::Outbound& outbound() = 0;
};

[[nodiscard]] std::unique_ptr<Control> compose_control(Telephony& telephony);

}  // namespace parley::gateway
