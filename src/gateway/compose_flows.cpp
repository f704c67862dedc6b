#include "compose_flows.hpp"

#include "parley/webhooks/flow_routes.hpp"

namespace parley::gateway {

std::shared_ptr<webhooks::FlowRoutes> compose_flows(Telephony& telephony) {
    return std::make_shared<webhooks::FlowRoutes>(webhooks::FlowServices{telephony.routes, telephony.services, telephony.worker, {}});
}

}  // namespace parley::gateway
