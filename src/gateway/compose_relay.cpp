#include "compose_relay.hpp"

#include "parley/webhooks/relay_routes.hpp"

namespace parley::gateway {

void compose_relay(Telephony& telephony) { webhooks::add_relay_route(telephony.routes); }

}  // namespace parley::gateway
