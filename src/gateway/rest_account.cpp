#include "rest_account.hpp"

namespace parley::gateway {

std::unique_ptr<rest::Client> make_rest_client(const Config& config, net::HttpClient& http) {
    const auto& twilio = config.twilio;
    if (twilio.account_sids.empty()) return nullptr;
    auto account = std::make_shared<rest::Account>();
    account->sid = twilio.account_sids.front();
    account->api_key = twilio.api_key;
    if (!twilio.api_key.empty()) account->secret = twilio.api_secret;
    else if (!twilio.auth_tokens.empty()) account->secret = twilio.auth_tokens.front();
    else return nullptr;
    account->region = twilio.region;
    account->edge = twilio.edge;
    account->base_url = twilio.api_base_url;
    rest::Client::Settings settings;
    settings.account = std::move(account);
    return std::make_unique<rest::Client>(http, std::move(settings));
}

}  // namespace parley::gateway
