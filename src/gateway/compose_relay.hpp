#pragma once

#include "telephony.hpp"

namespace parley::gateway {

// The action behind a relay. Who answers with a relay calls webhooks::open_relay.
void compose_relay(Telephony& telephony);

}  // namespace parley::gateway
