#include "retention_part.hpp"

#include "telephony.hpp"

namespace parley::gateway {

std::unique_ptr<GatewayPart> make_retention(Telephony& /*telephony*/) { return std::make_unique<GatewayPart>(); }

}  // namespace parley::gateway
