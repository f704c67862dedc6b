#include "parley/gateway/rest_access.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

namespace parley::gateway {

std::optional<rest::Account> rest_account(const Config& config) {
    const auto& t = config.twilio;
    if (t.account_sids.empty() || (t.api_key.empty() && t.auth_tokens.empty())) return {};
    rest::Account account;
    account.sid = t.account_sids.front();
    account.api_key = t.api_key;
    account.secret = t.api_key.empty() ? t.auth_tokens.front() : t.api_secret;
    account.region = t.region;
    account.edge = t.edge;
    account.base_url = t.api_base_url;
    return account;
}

std::string why_no_rest_account(const Config& config) {
    if (config.twilio.account_sids.empty()) return "twilio.account_sids names no account: give the account's SID there, or set TWILIO_ACCOUNT_SID.";
    if (config.twilio.api_key.empty() && config.twilio.auth_tokens.empty())
        return "There is no credential for Twilio: set TWILIO_AUTH_TOKEN, or twilio.api_key with twilio.api_secret.";
    return {};
}

std::shared_ptr<rest::Pace> rest_pace(const Config& config) {
    // One pace an account however many clients the process has: Twilio counts the account's requests.
    static std::mutex mutex;
    static std::map<std::pair<std::string, double>, std::weak_ptr<rest::Pace>> paces;
    const double rate = config.twilio.rest_rate;
    const std::string account = config.twilio.account_sids.empty() ? std::string() : config.twilio.account_sids.front();
    const std::lock_guard lock(mutex);
    auto& kept = paces[{account, rate}];
    auto pace = kept.lock();
    if (!pace) {
        pace = rest::make_pace(rate, static_cast<std::uint32_t>(std::clamp(std::ceil(rate), 1.0, 100.0)));
        kept = pace;
    }
    return pace;
}

}  // namespace parley::gateway
