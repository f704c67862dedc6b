#pragma once
// ConversationRelay's TwiML, and what happens behind it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/flows/relay_settings.hpp"
#include "parley/twilio/twiml/connect.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

// `token`: what the socket's `setup` has to bring along. Without `welcome` Twilio greets nobody (a call that comes back).
[[nodiscard]] twilio::twiml::ConversationRelay relay_noun(const flows::RelaySettings& settings, std::string url, std::vector<twilio::twiml::Parameter> token,
                                                          bool welcome = true);

// <Connect><ConversationRelay> to this gateway, with the agent's settings; its action is `relayed` below. `resume` as for open_stream. `position`: more of the
// action's query ("at=1&closed=1"), for whoever goes on behind it.
[[nodiscard]] Answer open_relay(const TwilioWebhooks& routes, const call::Agent& agent, const Asked& asked, std::uint8_t resume,
                                std::string_view position = {});

// Adds POST /webhooks/twilio/relayed, the action behind a relay: a transfer, a hang-up, or (the socket was lost or never came) the relay again, a limited
// number of times. `failed` answers when that does not help; not given: the agent's fallback number, or a sorry goodbye.
using RelayFailed = std::function<net::Task<Answer>(const std::shared_ptr<const call::Agent>& agent, const Asked& asked)>;
void add_relay_route(TwilioWebhooks& routes, RelayFailed failed = {});

}  // namespace parley::webhooks
