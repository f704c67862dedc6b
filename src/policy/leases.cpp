#include "parley/policy/leases.hpp"

#include <set>

namespace parley::policy {

using store::Session;

namespace {

// A row that no entry of this instance stands for may belong to an admission whose answer is still on its way here.
constexpr std::int64_t kLetGoAfterMs = 10'000;

// One at a time through here, on SQLite by its nature. Before anything else: a serializable transaction sees the state of its first look, and a lock that is
// waited for afterwards would guard an old one.
void one_at_a_time(Session& session) {
    if (session.dialect() == store::Dialect::postgresql) session.run("LOCK TABLE policy_gate IN EXCLUSIVE MODE");
}

std::int64_t lease_until(std::int64_t now, std::chrono::milliseconds lease) { return now + lease.count(); }

}  // namespace

std::string_view name(Scope scope) {
    switch (scope) {
        case Scope::none: return "none";
        case Scope::agent: return "agent";
        case Scope::account: return "account";
        case Scope::fleet: return "fleet";
    }
    return "none";
}

std::int64_t clock_of(Session& session) {
    if (session.dialect() == store::Dialect::sqlite) return store::now_ms();
    return session.run("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)").front().integer(0);
}

Taken take_place(Session& session, const Wish& wish, const Caps& caps, std::string_view instance, std::chrono::milliseconds lease) {
    one_at_a_time(session);
    const auto now = clock_of(session);
    Taken taken;
    taken.admitted = true;
    if (!session.run("SELECT call_sid FROM policy_leases WHERE call_sid = $1 AND until_ms > $2", {wish.call_sid, now}).empty()) return taken;
    const auto full = [&](std::uint32_t cap, std::int64_t running) { return cap != 0 && running >= static_cast<std::int64_t>(cap); };
    if (caps.agent != 0 && full(caps.agent, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1 AND agent = $2", {now, wish.agent}).front().integer(0))) taken.full = Scope::agent;
    else if (caps.account != 0 && full(caps.account, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1 AND account = $2", {now, wish.account}).front().integer(0))) taken.full = Scope::account;
    else if (caps.fleet != 0 && full(caps.fleet, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1", {now}).front().integer(0))) taken.full = Scope::fleet;
    if (taken.full != Scope::none) {
        taken.admitted = false;
        return taken;
    }
    session.run("INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) "
                "ON CONFLICT(call_sid) DO UPDATE SET instance = excluded.instance, agent = excluded.agent, account = excluded.account, taken_ms = excluded.taken_ms, until_ms = excluded.until_ms",
                {wish.call_sid, std::string(instance), wish.agent, wish.account, now, lease_until(now, lease)});
    taken.fresh = true;
    return taken;
}

Renewed renew_places(Session& session, std::string_view instance, const std::vector<Held>& held, std::chrono::milliseconds lease) {
    const std::string me(instance);
    one_at_a_time(session);
    const auto now = clock_of(session), until = lease_until(now, lease);
    std::set<std::string, std::less<>> mine;
    for (const auto& row : session.run("SELECT call_sid FROM policy_leases WHERE instance = $1", {me})) mine.insert(row.text(0));
    session.run("UPDATE policy_leases SET until_ms = $1 WHERE instance = $2", {until, me});
    Renewed renewed;
    for (const auto& call : held) {
        if (mine.erase(call.call.call_sid) > 0) continue;
        const std::vector<store::Value> row{call.call.call_sid, me, call.call.agent, call.call.account, now, until};
        if (call.live) {
            session.run("INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) "
                        "ON CONFLICT(call_sid) DO UPDATE SET instance = excluded.instance, until_ms = excluded.until_ms",
                        row);
            continue;
        }
        session.run("INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT(call_sid) DO NOTHING", row);
        if (session.changed() == 0) renewed.elsewhere.push_back(call.call.call_sid);
    }
    for (const auto& unknown : mine) session.run("DELETE FROM policy_leases WHERE call_sid = $1 AND instance = $2 AND taken_ms < $3", {unknown, me, now - kLetGoAfterMs});
    session.run("DELETE FROM policy_leases WHERE until_ms <= $1", {now});
    session.run("INSERT INTO policy_instances(instance, seen_ms) VALUES($1, $2) ON CONFLICT(instance) DO UPDATE SET seen_ms = excluded.seen_ms", {me, now});
    session.run("DELETE FROM policy_instances WHERE seen_ms <= $1", {now - lease.count()});
    renewed.instances = static_cast<std::uint32_t>(session.run("SELECT COUNT(*) FROM policy_instances").front().integer(0));
    for (const auto& row : session.run("SELECT agent, account, COUNT(*) FROM policy_leases GROUP BY agent, account")) {
        const auto count = static_cast<std::uint32_t>(row.integer(2));
        renewed.by_agent[row.text(0)] += count;
        renewed.by_account[row.text(1)] += count;
        renewed.running += count;
    }
    return renewed;
}

void free_places(Session& session, std::string_view instance, const std::vector<std::string>& call_sids) {
    for (const auto& sid : call_sids) session.run("DELETE FROM policy_leases WHERE call_sid = $1 AND instance = $2", {sid, std::string(instance)});
}

void leave(Session& session, std::string_view instance) {
    session.run("DELETE FROM policy_leases WHERE instance = $1", {std::string(instance)});
    session.run("DELETE FROM policy_instances WHERE instance = $1", {std::string(instance)});
}

}  // namespace parley::policy
