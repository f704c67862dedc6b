#pragma once
// The agents' credentials as this process knows them: read when it starts, after each change through it, and when another instance has changed one.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/store/credentials.hpp"
#include "sealing.hpp"

namespace parley::gateway {

using Credentials = std::map<std::string, store::Credential, std::less<>>;  // by agent

// Thread-safe; a snapshot is immutable.
class CredentialBook {
public:
    explicit CredentialBook(Log& log);

    // Blocks: at start and on the store's threads. Throws store::StoreError. A credential that does not open is left out and told.
    void load(store::Session& session, const store::Sealer& sealer);
    [[nodiscard]] std::shared_ptr<const Credentials> current() const;
    [[nodiscard]] std::int64_t revision() const;

    // Tokens that may have signed a request of this account: the present one first, then one that was replaced less than a day ago.
    // Empty: no agent's credential names this account.
    [[nodiscard]] std::vector<Secret> tokens_of(std::string_view account_sid, std::int64_t now_ms) const;
    [[nodiscard]] bool knows(std::string_view account_sid) const;
    // Those of all accounts: where the account is not said yet (the upgrade of a stream, whose token says it afterwards).
    [[nodiscard]] std::vector<Secret> all_tokens(std::int64_t now_ms) const;

    // Calls whose own webhooks came from an agent's account; the newest of them are remembered. False: this one is already.
    bool saw_call(const std::string& call_sid, std::string_view account_sid);
    [[nodiscard]] std::string account_of_call(const std::string& call_sid) const;  // empty: the gateway's own, or not known here

private:
    static constexpr std::size_t kCalls = 20'000;
    Log& log_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Credentials> current_ = std::make_shared<const Credentials>();
    std::int64_t revision_ = -1;
    std::unordered_map<std::string, std::string> calls_;
    std::deque<std::string> call_order_;
};

}  // namespace parley::gateway
