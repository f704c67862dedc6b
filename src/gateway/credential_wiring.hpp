#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "parley/net/task.hpp"
#include "parley/rest/client.hpp"
#include "parley/store/credentials.hpp"

namespace parley::gateway {

// What became of pointing a credential's numbers here: {"twilioWebhooksUpdated":["+49…"],"twilioWebhookSkipped":[{"number","reason"}],
// "twilioWebhooksFailed":[{"number","reason"}]}, or {"twilioWebhookError":"…"} alone when nothing could be tried.
[[nodiscard]] net::Task<nlohmann::json> wire_credential(rest::Client& client, store::Credential credential, std::string public_url);

}  // namespace parley::gateway
