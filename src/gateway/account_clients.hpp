#pragma once
// REST clients of the accounts that agents bring along.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "parley/net/http_client.hpp"
#include "parley/rest/client.hpp"
#include "parley/store/credentials.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// On Telephony::executor. Clients stay for the life of this: requests may be under way when a credential goes.
class AccountClients {
public:
    explicit AccountClients(Telephony& telephony) : telephony_(telephony) {}

    // The account of this SID with the token the book has for it now; null: no agent's credential names it (any more).
    [[nodiscard]] rest::Client* of(std::string_view account_sid);
    // One of its own for a credential that is being looked at, whatever the book says.
    [[nodiscard]] std::unique_ptr<rest::Client> made_for(const std::string& account_sid, const Secret& token) const;

private:
    struct Kept {
        std::shared_ptr<rest::Account> account;
        std::unique_ptr<rest::Client> client;
    };
    [[nodiscard]] rest::Client::Settings settings(std::shared_ptr<rest::Account> account) const;
    Telephony& telephony_;
    std::map<std::string, Kept, std::less<>> kept_;
};

}  // namespace parley::gateway
