#include "rest_account.hpp"

#include "parley/gateway/rest_access.hpp"

namespace parley::gateway {

std::unique_ptr<rest::Client> make_rest_client(const Config& config, net::HttpClient& http) {
    auto account = rest_account(config);
    if (!account) return nullptr;
    rest::Client::Settings settings;
    settings.account = std::make_shared<const rest::Account>(std::move(*account));
    settings.pace = rest_pace(config);
    return std::make_unique<rest::Client>(http, std::move(settings));
}

}  // namespace parley::gateway
