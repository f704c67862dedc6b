#pragma once

#include <memory>

#include "parley/rest/client.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// A client for the account REST requests are made for; all of them share `telephony.account` and the pace. Null: none is configured.
[[nodiscard]] std::unique_ptr<rest::Client> make_rest_client(Telephony& telephony);
// After a reload, on `telephony.executor`: requests that begin from now on carry the secret the configuration has now.
void renew_rest_account(Telephony& telephony);

}  // namespace parley::gateway
