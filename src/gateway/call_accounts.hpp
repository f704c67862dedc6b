#pragma once
// Which account a call (or a recording) belongs to, where agents bring accounts along: known to whichever instance asks, also after a restart.

#include <string>

#include "telephony.hpp"

namespace parley::gateway {

// One that an agent's own account has told of. Any thread; the store is told behind it.
void keep_account(Telephony& telephony, const std::string& sid, const std::string& account);
// Empty: the gateway's own, or nobody knows. Waits for the store when it is not known here and agents bring accounts along. Any loop.
[[nodiscard]] net::Task<std::string> account_of(Telephony& telephony, std::string sid);

}  // namespace parley::gateway
