#pragma once

#include <memory>

#include "parley/gateway/config.hpp"
#include "parley/rest/client.hpp"

namespace parley::gateway {

// The account REST requests are made for. Null: none is configured.
[[nodiscard]] std::unique_ptr<rest::Client> make_rest_client(const Config& config, net::HttpClient& http);

}  // namespace parley::gateway
