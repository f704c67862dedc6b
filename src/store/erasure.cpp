#include "parley/store/erasure.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "parley/store/call_history.hpp"
#include "parley/store/messages_taken.hpp"
#include "parley/store/profiles.hpp"

namespace parley::store {

namespace {

struct Of {
    std::string_view kind, statement;
};

// $1: the call.
constexpr Of kOfACall[] = {
    {"events", "DELETE FROM jobs WHERE ordering = $1"},
    {"events", "DELETE FROM outbox_calls WHERE call_sid = $1"},
    {"messages", "DELETE FROM messages_taken WHERE call_sid = $1"},
    {"state", "DELETE FROM tool_effects WHERE call_sid = $1"},
    {"analyses", "DELETE FROM analyses WHERE call_sid = $1"},
    {"state", "DELETE FROM checkpoints WHERE call_sid = $1"},
    {"state", "DELETE FROM fleet_calls WHERE call_sid = $1"},
    {"state", "DELETE FROM fleet_accounts WHERE sid = $1"},
    {"state", "DELETE FROM policy_leases WHERE call_sid = $1"},
    {"state", "DELETE FROM policy_waiting WHERE call_sid = $1"},
};

bool has_table(Session& session, std::string_view name) {
    const auto found = session.dialect() == Dialect::sqlite ? session.run("SELECT 1 FROM sqlite_master WHERE name = $1", {std::string(name)})
                                                            : session.run("SELECT 1 FROM information_schema.tables WHERE table_name = $1", {std::string(name)});
    return !found.empty();
}

// Anywhere in a text.
std::string within(std::string_view what) {
    std::string pattern = "%";
    for (const char c : what) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

// Jobs that name their call, or a number, in what they are to do.
void erase_jobs(Session& session, std::string_view what, Erased& erased) {
    session.run("DELETE FROM jobs WHERE kind IN ('analysis', 'callback') AND payload LIKE $1 ESCAPE '\\'", {within(what)});
    if (session.changed() > 0) erased["jobs"] += session.changed();
}

// Whoever is at the other end of what this fact of a conversation by text tells.
std::string writes_with(std::string_view kind, const std::string& json) {
    const auto fact = nlohmann::json::parse(json, nullptr, false);
    const auto text = [&](const char* key) {
        return fact.is_object() && fact.contains(key) && fact[key].is_string() ? fact[key].get<std::string>() : std::string();
    };
    return caller_key(text(kind == "message" && text("direction") == "out" ? "to" : "from"));
}

// Conversations by text have no row in the history: their facts themselves are looked at. An index leads to them, whatever the order of its letters.
std::vector<std::string> threads_with(Session& session, std::string_view caller) {
    std::vector<std::string> all;
    auto quoted = nlohmann::json(std::string(caller)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const auto rows = session.run(
        "SELECT call_sid, kind, json FROM facts WHERE call_sid >= 'SMS' AND call_sid < 'SMT' AND call_sid LIKE 'SMS%' AND kind IN ('call', 'message') "
        "AND lower(json) LIKE $1 ESCAPE '\\' ORDER BY id",
        {within(std::string_view(quoted).substr(1, quoted.size() - 2))});
    for (const auto& row : rows)
        if (writes_with(row.text(1), row.text(2)) == caller) all.push_back(row.text(0));
    return all;
}

}  // namespace

std::vector<std::string> calls_with(Session& session, std::string_view caller) {
    std::vector<std::string> all;
    if (caller.empty()) return all;
    for (const auto& row : session.run("SELECT call_sid FROM outbox_calls WHERE caller = $1 ORDER BY started_ms", {std::string(caller)}))
        all.push_back(row.text(0));
    if (!has_table(session, "history")) return all;
    std::set<std::string> known(all.begin(), all.end());
    for (const auto& row : session.run(
             "SELECT call_sid FROM history WHERE (direction <> 'out' AND from_number = $1) OR (direction = 'out' AND to_number = $2) ORDER BY started_ms",
             {std::string(caller), std::string(caller)}))
        if (known.insert(row.text(0)).second) all.push_back(row.text(0));
    for (const auto& thread : threads_with(session, caller))
        if (known.insert(thread).second) all.push_back(thread);
    return all;
}

std::vector<std::string> calls_before(Session& session, std::int64_t before_ms, std::size_t most) {
    std::vector<std::string> all;
    // A thread of messages has no end, but it has its last one; a call that goes on may have been silent for long.
    for (const auto& row : session.run(
             "SELECT r.call_sid FROM records r WHERE r.last_ms < $1 AND NOT EXISTS(SELECT 1 FROM history h WHERE h.call_sid = r.call_sid AND h.final = 0 AND "
             "h.finish_after_ms = 0 AND h.live_ms > 0) "
             "AND NOT EXISTS(SELECT 1 FROM fleet_calls f WHERE f.call_sid = r.call_sid AND f.live = 1 AND f.updated_ms >= $2) ORDER BY r.last_ms LIMIT $3",
             {before_ms, before_ms, static_cast<std::int64_t>(most)}))
        all.push_back(row.text(0));
    return all;
}

void mark_erased(Session& session, std::string_view call_sid, std::int64_t now) {
    session.run("INSERT INTO erased_calls(call_sid, at_ms) VALUES($1, $2) ON CONFLICT(call_sid) DO UPDATE SET at_ms = excluded.at_ms",
                {std::string(call_sid), now});
}

bool any_erased(Session& session) {
    return !session.run("SELECT 1 FROM erased_calls LIMIT 1").empty();
}

bool is_erased(Session& session, std::string_view call_sid, std::int64_t at_ms) {
    const auto rows = session.run("SELECT at_ms FROM erased_calls WHERE call_sid = $1", {std::string(call_sid)});
    return !rows.empty() && (call_sid.starts_with("CA") || at_ms <= rows.front().integer(0));
}

void erase_call(Session& session, std::string_view call_sid, Erased& erased) {
    for (const auto& of : kOfACall) {
        session.run(of.statement, {std::string(call_sid)});
        if (session.changed() > 0) erased[std::string(of.kind)] += session.changed();
    }
    erase_jobs(session, call_sid, erased);
}

bool erase_if_before(Session& session, std::string_view call_sid, std::int64_t before_ms) {
    if (!session.run("SELECT 1 FROM records WHERE call_sid = $1 AND last_ms >= $2", {std::string(call_sid), before_ms}).empty()) return false;
    Erased rows;
    erase_call(session, call_sid, rows);
    erase_record(session, call_sid);
    return true;
}

void erase_person(Session& session, std::string_view caller, Erased& erased) {
    erase_jobs(session, caller, erased);
    if (const auto messages = erase_messages(session, std::string(caller)); messages > 0) erased["messages"] += messages;
    if (const auto profiles = erase_profile(session, caller); profiles > 0) erased["profiles"] += profiles;
}

void forget_words(Session& session) {
    // An index of words marks what was deleted, and drops it when its parts are next put together: now.
    if (session.dialect() == Dialect::sqlite && has_table(session, "call_search")) session.run("INSERT INTO call_search(call_search) VALUES('optimize')");
}

void keep_receipt(Session& session, const ErasureReceipt& receipt) {
    session.run("INSERT INTO erasures(id, at_ms, who, receipt) VALUES($1, $2, $3, $4)", {receipt.id, receipt.at_ms, receipt.who, receipt.json});
}

std::vector<ErasureReceipt> receipts(Session& session, std::size_t most) {
    std::vector<ErasureReceipt> all;
    for (const auto& row : session.run("SELECT id, at_ms, who, receipt FROM erasures ORDER BY at_ms DESC LIMIT $1", {static_cast<std::int64_t>(most)}))
        all.push_back({.id = row.text(0), .at_ms = row.integer(1), .who = row.text(2), .json = row.text(3)});
    return all;
}

bool take_sweep(Session& session, std::string_view name, std::string_view instance, std::chrono::milliseconds lease) {
    const auto now = now_ms();
    session.run(
        "INSERT INTO sweep_leases(name, instance, until_ms) VALUES($1, $2, $3) ON CONFLICT(name) DO UPDATE SET instance = excluded.instance, until_ms = "
        "excluded.until_ms "
        "WHERE sweep_leases.until_ms < $4 OR sweep_leases.instance = $5",
        {std::string(name), std::string(instance), now + lease.count(), now, std::string(instance)});
    return session.changed() > 0;
}

std::uint64_t sweep_rows(Session& session, std::string_view kind, std::int64_t before_ms, std::size_t most) {
    const auto limit = static_cast<std::int64_t>(most);
    if (kind == "events")
        session.run("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE kind = 'webhook' AND state = 1 AND finished_ms < $1 ORDER BY id LIMIT $2)",
                    {before_ms, limit});
    else if (kind == "dead")
        session.run("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE kind = 'webhook' AND state = 2 AND created_ms < $1 ORDER BY id LIMIT $2)",
                    {before_ms, limit});
    else if (kind == "marks")
        session.run("DELETE FROM erased_calls WHERE call_sid IN (SELECT call_sid FROM erased_calls WHERE at_ms < $1 LIMIT $2)", {before_ms, limit});
    else if (kind == "jobs")
        session.run("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE kind <> 'webhook' AND state = 1 AND finished_ms < $1 ORDER BY id LIMIT $2)",
                    {before_ms, limit});
    else if (kind == "profiles")
        session.run("DELETE FROM profiles WHERE (owner, caller) IN (SELECT owner, caller FROM profiles WHERE updated_ms < $1 LIMIT $2)", {before_ms, limit});
    else if (kind == "audit")
        session.run("DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at_ms < $1 ORDER BY id LIMIT $2)", {before_ms, limit});
    else if (kind == "contexts")
        // By these a person's calls are found: they go with the record. A conversation by text goes on for years, and began when its first message came.
        session.run(
            "DELETE FROM outbox_calls WHERE call_sid IN (SELECT o.call_sid FROM outbox_calls o WHERE o.started_ms < $1 AND NOT EXISTS(SELECT 1 FROM records r "
            "WHERE r.call_sid = o.call_sid) LIMIT $2)",
            {before_ms, limit});
    else if (kind == "transcripts") {
        session.run(
            "DELETE FROM facts WHERE id IN (SELECT id FROM facts WHERE kind IN ('turn', 'transcript', 'message', 'voicemail', 'tool', 'intelligence', "
            "'analysis', 'note', 'preparation') "
            "AND at_ms < $1 ORDER BY id LIMIT $2)",
            {before_ms, limit});
        const auto facts = session.changed();
        session.run(
            "DELETE FROM call_lines WHERE id IN (SELECT l.id FROM call_lines l JOIN records r ON r.call_sid = l.call_sid WHERE r.last_ms < $1 ORDER BY l.id "
            "LIMIT $2)",
            {before_ms, limit});
        return std::max(facts, session.changed());
    } else if (kind == "states")
        session.run("DELETE FROM facts WHERE id IN (SELECT id FROM facts WHERE kind = 'event' AND at_ms < $1 ORDER BY id LIMIT $2)", {before_ms, limit});
    else
        throw StoreError(StoreErrc::statement, "nothing of this kind is swept");
    return session.changed();
}

}  // namespace parley::store
