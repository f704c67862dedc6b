#pragma once

#include <memory>

#include "parley/webhooks/flow_routes.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// Adds the answers besides the stream; the result lives as long as the routes are asked. Modes with parts of their own are added to it.
[[nodiscard]] std::shared_ptr<webhooks::FlowRoutes> compose_flows(Telephony& telephony);

}  // namespace parley::gateway
