#pragma once
// A subject the gateway is composed of: made before the listeners, begun with the loops, ended before they go.

#include <memory>

#include "parley/net/task.hpp"

namespace parley::gateway {

struct Telephony;

class GatewayPart {
public:
    virtual ~GatewayPart() = default;
    virtual void start() {}                     // the control loop is about to run
    virtual void reloaded() {}                  // on the control loop: a new configuration is in force
    virtual void credentials_changed() {}       // on the control loop: agents' credentials are others, the configuration is the same
    virtual net::Task<> close() { co_return; }  // on the control loop, before it ends: everything begun has ended when it returns
    virtual void join() {}                      // when no loop runs any more: what its own threads still do with records and store has ended
};

// In this order. Each adds its hooks, routes and resources; see the Telephony they are given.
[[nodiscard]] std::unique_ptr<GatewayPart> compose_agents(Telephony& telephony);  // agents, tokens, audit on /v1
[[nodiscard]] std::unique_ptr<GatewayPart> compose_credentials(Telephony& telephony);
[[nodiscard]] std::unique_ptr<GatewayPart> compose_policy(Telephony& telephony);
[[nodiscard]] std::unique_ptr<GatewayPart> compose_history(Telephony& telephony);
[[nodiscard]] std::unique_ptr<GatewayPart> compose_hold(Telephony& telephony);
[[nodiscard]] std::unique_ptr<GatewayPart> compose_analysis(Telephony& telephony);
[[nodiscard]] std::unique_ptr<GatewayPart> compose_outbox(Telephony& telephony);  // webhooks, alerts, redaction, retention, erasure
[[nodiscard]] std::unique_ptr<GatewayPart> compose_live(Telephony& telephony);    // events of running calls, whisper, take over

}  // namespace parley::gateway
