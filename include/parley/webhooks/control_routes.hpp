#pragma once
// What Twilio asks of us about calls we placed and calls that were moved by somebody from outside.

#include "parley/control/outbound.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

//   outbound          somebody picked up: the agent's answer            ?dial=&agent=
//   outbound-status   its status callbacks
//   outbound-amd      who picked up, once the carrier knows
//   drop              what a machine is told after its tone
// All but the registry's is in `outbound`, which outlives the routes' last request.
void add_outbound_routes(TwilioWebhooks& routes, control::Outbound& outbound);

}  // namespace parley::webhooks
