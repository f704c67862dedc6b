#include "compose_relay.hpp"

namespace parley::gateway {

void compose_relay(Telephony& telephony, webhooks::RelayFailed failed) {
    webhooks::add_relay_route(telephony.routes, std::move(failed));
}

}  // namespace parley::gateway
