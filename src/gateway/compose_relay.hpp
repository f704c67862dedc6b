#pragma once

#include "parley/webhooks/relay_routes.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// The action behind a relay; `failed`: what follows one that does not help. Who answers with a relay calls webhooks::open_relay.
void compose_relay(Telephony& telephony, webhooks::RelayFailed failed = {});

}  // namespace parley::gateway
