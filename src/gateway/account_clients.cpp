#include "account_clients.hpp"

#include <algorithm>
#include <cmath>

namespace parley::gateway {

namespace {

std::shared_ptr<rest::Account> account_of(const Config& config, std::string sid, const Secret& token) {
    auto account = std::make_shared<rest::Account>();
    account->sid = std::move(sid);
    account->secret = token;
    account->region = config.twilio.region;
    account->edge = config.twilio.edge;
    account->base_url = config.twilio.api_base_url;
    return account;
}

}  // namespace

rest::Client::Settings AccountClients::settings(std::shared_ptr<rest::Account> account) const {
    rest::Client::Settings settings;
    settings.account = std::move(account);
    // Twilio counts each account's requests by themselves.
    const double rate = telephony_.config.twilio.rest_rate;
    settings.pace = rest::make_pace(rate, static_cast<std::uint32_t>(std::clamp(std::ceil(rate), 1.0, 100.0)));
    return settings;
}

rest::Client* AccountClients::of(std::string_view account_sid) {
    const auto tokens = telephony_.credentials.tokens_of(account_sid, 0);
    if (tokens.empty()) return nullptr;
    auto& kept = kept_[std::string(account_sid)];
    if (!kept.client) {
        kept.account = account_of(telephony_.config, std::string(account_sid), tokens.front());
        kept.client = std::make_unique<rest::Client>(telephony_.http, settings(kept.account));
    } else {
        kept.account->secret = tokens.front();
    }
    return kept.client.get();
}

std::unique_ptr<rest::Client> AccountClients::made_for(const std::string& account_sid, const Secret& token) const {
    auto all = settings(account_of(telephony_.config, account_sid, token));
    all.attempts = 2;  // a person waits for the answer
    return std::make_unique<rest::Client>(telephony_.http, std::move(all));
}

}  // namespace parley::gateway
