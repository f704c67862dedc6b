#pragma once
// What Twilio asks of us about calls we placed and calls that were moved by somebody from outside.

#include "parley/control/outbound.hpp"
#include "parley/control/powers.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

//   outbound          somebody picked up: the agent's answer            ?dial=&agent=
//   outbound-status   its status callbacks
//   outbound-amd      who picked up, once the carrier knows
//   drop              what a machine is told after its tone
// All but the registry's is in `outbound`, which outlives the routes' last request.
void add_outbound_routes(TwilioWebhooks& routes, control::Outbound& outbound);

//   go                a call sent somewhere by REST                     ?to=&agent=
//   return            a call that comes back to its agent               ?agent=
//   room-in, room, room-left    conferences: the way in, their events, the way out
//   queue-wait, queue-left      what waits hear, and what is after it
//   warm-brief, warm-answer, warm-status, warm-amd    the person called for a warm transfer   ?w=
//   spoken            what an announcement says                         ?id=
//   joined            progress of parties called into a conference
// and the destinations conference, queue, park and warm.
void add_power_routes(TwilioWebhooks& routes, control::Powers& powers);

}  // namespace parley::webhooks
