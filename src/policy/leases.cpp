#include "parley/policy/leases.hpp"

#include <algorithm>

namespace parley::policy {

using store::Session;

namespace {

// A row that no entry of this instance stands for may belong to an admission whose answer is still on its way here.
constexpr std::int64_t kLetGoAfterMs = 10'000;
// Of who waits is heard whenever its music is over. Nobody stands in a line for longer than this without a word.
constexpr std::int64_t kInLineMs = std::int64_t{20} * 60 * 1000;

// One at a time through here, on SQLite by its nature. Before anything else: a serializable transaction sees the state of its first look, and a lock that is
// waited for afterwards would guard an old one.
void one_at_a_time(Session& session) {
    if (session.dialect() == store::Dialect::postgresql) session.run("LOCK TABLE policy_gate IN EXCLUSIVE MODE");
}

void hold(Session& session, const Wish& wish, std::string_view instance, std::int64_t now, std::int64_t until) {
    session.run(
        "INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT(call_sid) DO UPDATE SET instance = excluded.instance, agent = excluded.agent, account = excluded.account, taken_ms = excluded.taken_ms, "
        "until_ms = excluded.until_ms",
        {wish.call_sid, std::string(instance), wish.agent, wish.account, now, until});
}

// Where it stands in the agent's line, from 1; at the end of it if it was not there and joins, 0 if it does not.
std::uint32_t position_of(Session& session, const Wish& wish, std::int64_t now) {
    session.run("DELETE FROM policy_waiting WHERE (call_sid = $1 AND agent <> $2) OR seen_ms <= $3", {wish.call_sid, wish.agent, now - kInLineMs});
    if (wish.line != Line::called)
        session.run(
            "INSERT INTO policy_waiting(call_sid, agent, account, seen_ms) VALUES($1, $2, $3, $4) ON CONFLICT(call_sid) DO UPDATE SET seen_ms = "
            "excluded.seen_ms",
            {wish.call_sid, wish.agent, wish.account, now});
    const auto row = session.run("SELECT id FROM policy_waiting WHERE call_sid = $1", {wish.call_sid});
    if (row.empty()) return 0;
    return static_cast<std::uint32_t>(session
                                          .run("SELECT COUNT(*) FROM policy_waiting w WHERE agent = $1 AND id <= $2 AND NOT EXISTS (SELECT 1 FROM "
                                               "policy_leases l WHERE l.call_sid = w.call_sid AND l.agent = w.agent AND l.until_ms > $3)",
                                               {wish.agent, row.front().integer(0), now})
                                          .front()
                                          .integer(0));
}
bool in_line(Session& session, const Wish& wish) {
    return !session.run("SELECT 1 FROM policy_waiting WHERE call_sid = $1 AND agent = $2", {wish.call_sid, wish.agent}).empty();
}

std::int64_t lease_until(std::int64_t now, std::chrono::milliseconds lease) {
    return now + lease.count();
}

}  // namespace

std::string_view name(Scope scope) {
    switch (scope) {
        case Scope::none:
            return "none";
        case Scope::agent:
            return "agent";
        case Scope::account:
            return "account";
        case Scope::fleet:
            return "fleet";
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
    const auto until = lease_until(now, lease);
    Taken taken;
    if (!wish.was.empty()) rename_place(session, instance, wish.was, wish.call_sid);
    const auto row = session.run("SELECT agent, instance, taken_ms, until_ms FROM policy_leases WHERE call_sid = $1", {wish.call_sid});
    if (!row.empty() && row.front().text(0).empty() && row.front().text(1).empty()) {
        taken.full = Scope::agent;  // over
        return taken;
    }
    // A call that comes from another agent is among the account's and the fleet's already.
    const bool here = !row.empty() && row.front().integer(3) > now;
    if (here && row.front().text(0) == wish.agent) {
        taken.admitted = true;
        if (wish.line == Line::called || (wish.line == Line::inside && in_line(session, wish)))
            taken.called = std::chrono::milliseconds(std::max<std::int64_t>(0, now - row.front().integer(2)));
        else if (row.front().text(1) != instance)
            session.run("UPDATE policy_leases SET instance = $1, taken_ms = $2, until_ms = $3 WHERE call_sid = $4",
                        {std::string(instance), now, until, wish.call_sid});
        return taken;
    }
    if (wish.line != Line::none) {
        taken.position = position_of(session, wish, now);
        if (taken.position != 1) {
            taken.full = Scope::agent;
            return taken;
        }
    }
    const auto full = [&](std::uint32_t cap, std::int64_t running) { return cap != 0 && running >= static_cast<std::int64_t>(cap); };
    if (caps.agent != 0 &&
        full(caps.agent, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1 AND agent = $2", {now, wish.agent}).front().integer(0)))
        taken.full = Scope::agent;
    else if (!here && caps.account != 0 &&
             full(caps.account, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1 AND account = $2", {now, wish.account}).front().integer(0)))
        taken.full = Scope::account;
    else if (!here && caps.fleet != 0 && full(caps.fleet, session.run("SELECT COUNT(*) FROM policy_leases WHERE until_ms > $1", {now}).front().integer(0)))
        taken.full = Scope::fleet;
    if (taken.full != Scope::none) return taken;
    hold(session, wish, instance, now, until);
    if (wish.line != Line::none && wish.line != Line::called) leave_line(session, wish.call_sid, {});
    taken.admitted = true;
    taken.fresh = !here;
    taken.position = 0;
    return taken;
}

std::vector<Wish> first_in_line(Session& session) {
    std::vector<Wish> first;
    const auto now = clock_of(session);
    for (const auto& row :
         session.run("SELECT call_sid, agent, account FROM policy_waiting WHERE id IN (SELECT MIN(id) FROM policy_waiting w WHERE seen_ms > $1 "
                     "AND NOT EXISTS (SELECT 1 FROM policy_leases l WHERE l.call_sid = w.call_sid AND l.agent = w.agent AND l.until_ms > $2) GROUP BY agent)",
                     {now - kInLineMs, now}))
        first.push_back({.call_sid = row.text(0), .agent = row.text(1), .account = row.text(2), .line = Line::called});
    return first;
}
void leave_line(Session& session, std::string_view call_sid, std::chrono::milliseconds ago) {
    session.run("DELETE FROM policy_waiting WHERE call_sid = $1 AND seen_ms <= $2", {std::string(call_sid), clock_of(session) - ago.count()});
}
void end_call(Session& session, std::string_view call_sid) {
    one_at_a_time(session);
    const auto now = clock_of(session);
    const std::string sid(call_sid);
    session.run("DELETE FROM policy_waiting WHERE call_sid = $1", {sid});
    session.run(
        "INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, '', '', '', $2, $3) "
        "ON CONFLICT(call_sid) DO UPDATE SET instance = '', agent = '', until_ms = excluded.until_ms",
        {sid, now, now});
}
void rename_place(Session& session, std::string_view instance, const std::string& was, const std::string& call_sid) {
    if (session.run("SELECT 1 FROM policy_leases WHERE call_sid = $1", {call_sid}).empty())
        session.run("UPDATE policy_leases SET call_sid = $1 WHERE call_sid = $2 AND instance = $3", {call_sid, was, std::string(instance)});
    else
        session.run("DELETE FROM policy_leases WHERE call_sid = $1 AND instance = $2", {was, std::string(instance)});
}

Renewed renew_places(Session& session, std::string_view instance, const std::vector<Held>& held, std::chrono::milliseconds lease) {
    const std::string me(instance);
    one_at_a_time(session);
    const auto now = clock_of(session), until = lease_until(now, lease);
    std::map<std::string, std::string, std::less<>> mine;  // with whom the store has it
    for (const auto& row : session.run("SELECT call_sid, agent FROM policy_leases WHERE instance = $1", {me})) mine.emplace(row.text(0), row.text(1));
    session.run("UPDATE policy_leases SET until_ms = $1 WHERE instance = $2", {until, me});
    Renewed renewed;
    for (const auto& call : held) {
        if (const auto found = mine.find(call.call.call_sid); found != mine.end()) {
            // It was handed over while the store could not be asked. (No agent: it is just being decided.)
            if (!call.call.agent.empty() && found->second != call.call.agent)
                session.run("UPDATE policy_leases SET agent = $1 WHERE call_sid = $2", {call.call.agent, call.call.call_sid});
            mine.erase(found);
            continue;
        }
        if (call.call.agent.empty()) continue;
        if (call.live) {
            const auto ago =
                call.seen == TimePoint{} ? std::chrono::milliseconds(0) : std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - call.seen);
            session.run(
                "INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) "
                "ON CONFLICT(call_sid) DO UPDATE SET instance = excluded.instance, until_ms = excluded.until_ms WHERE policy_leases.taken_ms <= $7 AND "
                "policy_leases.agent <> ''",
                {call.call.call_sid, me, call.call.agent, call.call.account, now, until, now - std::max(ago, std::chrono::milliseconds(0)).count()});
            continue;
        }
        session.run(
            "INSERT INTO policy_leases(call_sid, instance, agent, account, taken_ms, until_ms) VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT(call_sid) DO NOTHING",
            {call.call.call_sid, me, call.call.agent, call.call.account, now, until});
        if (session.changed() == 0) renewed.elsewhere.push_back(call.call.call_sid);
    }
    for (const auto& [unknown, agent] : mine)
        session.run("DELETE FROM policy_leases WHERE call_sid = $1 AND instance = $2 AND taken_ms < $3", {unknown, me, now - kLetGoAfterMs});
    // What has just lapsed or was given back counts no more, and stays a while: whoever thought that it had it, sees it and does not write it down again.
    session.run("DELETE FROM policy_leases WHERE until_ms <= $1", {now - lease.count()});
    session.run("INSERT INTO policy_instances(instance, seen_ms) VALUES($1, $2) ON CONFLICT(instance) DO UPDATE SET seen_ms = excluded.seen_ms", {me, now});
    session.run("DELETE FROM policy_instances WHERE seen_ms <= $1", {now - lease.count()});
    renewed.instances = static_cast<std::uint32_t>(session.run("SELECT COUNT(*) FROM policy_instances").front().integer(0));
    for (const auto& row : session.run("SELECT agent, account, COUNT(*) FROM policy_leases WHERE until_ms > $1 GROUP BY agent, account", {now})) {
        const auto count = static_cast<std::uint32_t>(row.integer(2));
        renewed.by_agent[row.text(0)] += count;
        renewed.by_account[row.text(1)] += count;
        renewed.running += count;
    }
    renewed.waiting = static_cast<std::uint32_t>(session.run("SELECT COUNT(*) FROM policy_waiting").front().integer(0));
    return renewed;
}

void free_places(Session& session, std::string_view instance, const std::vector<std::string>& call_sids) {
    for (const auto& sid : call_sids) session.run("DELETE FROM policy_leases WHERE call_sid = $1 AND instance = $2", {sid, std::string(instance)});
}

void forget_call(Session& session, std::string_view call_sid, std::chrono::milliseconds ago) {
    one_at_a_time(session);
    const auto now = clock_of(session);
    session.run("UPDATE policy_leases SET instance = '', until_ms = $1 WHERE call_sid = $2 AND taken_ms <= $3",
                {now, std::string(call_sid), now - ago.count()});
}

void leave(Session& session, std::string_view instance) {
    session.run("DELETE FROM policy_leases WHERE instance = $1", {std::string(instance)});
    session.run("DELETE FROM policy_instances WHERE instance = $1", {std::string(instance)});
}

}  // namespace parley::policy
