#pragma once
// The account itself: whether it is active, what is left to spend, and what Twilio's debugger noted about its calls.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct AccountInfo {
    std::string sid, friendly_name, owner_account_sid, status, type;  // active, suspended, closed; Trial, Full
    When date_created, date_updated;
    When server_date;  // Twilio's clock when it answered
    std::chrono::milliseconds answered_after{0};
};

struct Balance {
    std::string account_sid, balance, currency;
};

// An entry of the debugger: what Twilio did not like about a call of ours.
struct Notification {
    std::string sid, account_sid, call_sid, error_code, log, message_text, more_info, request_method, request_url;  // log: "0" error, "1" warning
    When message_date, date_created, date_updated;
};

struct NotificationFilter {
    std::optional<std::string> log, message_date, message_date_before, message_date_after, call_sid;
    std::size_t most = 100;
};

class AccountResource {
public:
    explicit AccountResource(Client& client) : client_(client) {}
    // API keys may not read it (401): credentials() works for both.
    net::Task<Outcome<AccountInfo>> fetch();
    net::Task<Outcome<Balance>> balance();
    net::Task<Outcome<std::vector<Notification>>> notifications(NotificationFilter filter = {});
    // Asks for something any valid credential may see. With an auth token the account's state comes along; with a key only `server_date`.
    net::Task<Outcome<AccountInfo>> credentials();

private:
    Client& client_;
};

}  // namespace parley::rest
