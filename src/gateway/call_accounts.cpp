#include "call_accounts.hpp"

namespace parley::gateway {

namespace {

constexpr auto kStoreWithin = std::chrono::seconds(1);

}  // namespace

void keep_account(Telephony& t, const std::string& sid, const std::string& account) {
    if (!t.credentials.saw_call(sid, account)) return;
    // Without the store this instance knows it.
    (void)t.database.enqueue([&database = t.database, sid, account] {
        try {
            database.transact([&](store::Session& session) {
                session.run("INSERT INTO fleet_accounts(sid, account, at_ms) VALUES($1, $2, $3) ON CONFLICT(sid) DO NOTHING", {sid, account, store::now_ms()});
            });
        } catch (const store::StoreError&) {
            return;  // what a store cannot do is told by the store
        }
    });
}

net::Task<std::string> account_of(Telephony& t, std::string sid) {
    auto known = t.credentials.account_of_call(sid);
    if (!known.empty() || t.credentials.current()->empty()) co_return known;
    std::function<std::string(store::Session&)> look = [sid](store::Session& session) {
        const auto rows = session.run("SELECT account FROM fleet_accounts WHERE sid = $1", {sid});
        return rows.empty() ? std::string() : rows.front().text(0);
    };
    auto kept = co_await t.database.ask<std::string>(std::move(look), kStoreWithin);
    if (kept && !kept->empty()) {
        known = std::move(*kept);
        (void)t.credentials.saw_call(sid, known);
    }
    co_return known;
}

}  // namespace parley::gateway
