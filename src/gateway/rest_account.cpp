#include "rest_account.hpp"

#include "parley/gateway/rest_access.hpp"

namespace parley::gateway {

std::unique_ptr<rest::Client> make_rest_client(Telephony& telephony) {
    if (!telephony.account) {
        auto account = rest_account(telephony.config);
        if (!account) return nullptr;
        telephony.account = std::make_shared<rest::Account>(std::move(*account));
    }
    rest::Client::Settings settings;
    settings.account = telephony.account;
    settings.pace = rest_pace(telephony.config);
    return std::make_unique<rest::Client>(telephony.http, std::move(settings));
}

void renew_rest_account(Telephony& telephony) {
    if (!telephony.account) return;
    if (auto now = rest_account(telephony.config)) telephony.account->secret = std::move(now->secret);
}

}  // namespace parley::gateway
