#pragma once
// From the configuration to Twilio's REST interface.

#include <memory>
#include <optional>

#include "parley/gateway/config.hpp"
#include "parley/rest/client.hpp"

namespace parley::gateway {

// The first account with the API key if there is one, else with the first auth token. Nothing when the configuration names no account or no
// credential.
[[nodiscard]] std::optional<rest::Account> rest_account(const Config& config);
// Why there is none, as one sentence with what to do.
[[nodiscard]] std::string why_no_rest_account(const Config& config);
// twilio.rest_rate; shared by all clients of the process.
[[nodiscard]] std::shared_ptr<rest::Pace> rest_pace(const Config& config);

}  // namespace parley::gateway
