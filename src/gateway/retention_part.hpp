#pragma once
// What is kept, for how long: the sweeper of the store, and the erasure and export of one person's data.

#include <memory>

#include "gateway_part.hpp"

namespace parley::gateway {

[[nodiscard]] std::unique_ptr<GatewayPart> make_retention(Telephony& telephony);

}  // namespace parley::gateway
