#include "gateway_part.hpp"
#include "policy_desk.hpp"

namespace parley::gateway {

std::unique_ptr<GatewayPart> compose_policy(Telephony& telephony) {
    return std::make_unique<PolicyDesk>(telephony);
}

}  // namespace parley::gateway
