#include "gateway_part.hpp"
#include "telephony.hpp"

namespace parley::gateway {

std::unique_ptr<GatewayPart> compose_live(Telephony& /*telephony*/) { return std::make_unique<GatewayPart>(); }

}  // namespace parley::gateway
