#pragma once
// What is done to a call is done with the account it belongs to: the gateway's own, or the one its agent brought along.

#include <memory>

#include "account_clients.hpp"
#include "parley/control/carrier.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// `own`: the carrier of the gateway's own account. Lists of everything (conferences, queues) are the own account's. On the control loop.
[[nodiscard]] std::unique_ptr<control::Carrier> make_carrier_by_account(Telephony& telephony, std::unique_ptr<control::Carrier> own);

}  // namespace parley::gateway
