#include "call_closing.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "fact_kinds.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::ordered_json;

// What its agent's part ended with, if there was one.
Json last_end(Session& session, const std::string& sid) {
    const auto rows = session.run("SELECT json FROM facts WHERE call_sid = $1 AND kind = 'end' ORDER BY id DESC LIMIT 1", {sid});
    auto known = rows.empty() ? Json::object() : Json::parse(rows.front().text(0), nullptr, false);
    return known.is_object() ? known : Json::object();
}

std::string_view result_of(std::string_view detail) {
    if (detail == "caller_hung_up" || detail == "transferred") return "success";
    return "indeterminate";
}

}  // namespace

std::optional<std::int64_t> finality(Session& session, std::string_view call_sid) {
    const auto rows = session.run("SELECT final FROM history WHERE call_sid = $1", {std::string(call_sid)});
    if (rows.empty()) return std::nullopt;
    return rows.front().integer(0);
}

std::optional<FactEvent> close_call(Session& session, std::string_view call_sid, std::int64_t at_ms, std::string_view by) {
    const std::string sid(call_sid);
    const auto rows = session.run(
        "SELECT status, end_detail, rejection_reason, rejection_detail, agent, turns, started_ms, live_ms, ended_ms FROM history WHERE call_sid = $1 AND final "
        "<> 0",
        {sid});
    if (rows.empty()) return std::nullopt;
    const auto& row = rows.front();
    const bool rejected = row.text(0) == "realtime_session_rejected";
    const auto ended_ms = row.integer(8);
    // When its time was over nobody knows when it ended, but that it was not before what it said last.
    if (by == "time" && ended_ms > 0) at_ms = ended_ms;
    FactEvent event{.call_sid = sid, .fact = rejected ? Fact::rejection : Fact::end, .json = {}, .at_ms = at_ms};
    Json fact = rejected ? Json::object() : last_end(session, sid);
    if (rejected) {
        fact["reason"] = row.text(2);
        fact["detail"] = row.text(3);
    } else {
        const auto begun = row.integer(7) > 0 ? row.integer(7) : row.integer(6);
        fact["reason"] = row.text(1);
        if (!fact.contains("result")) fact["result"] = result_of(row.text(1));
        fact["duration_ms"] = std::max<std::int64_t>(0, at_ms - begun);
        fact["turns"] = row.integer(5);
    }
    if (!fact.contains("agent") && !row.text(4).empty()) fact["agent"] = row.text(4);
    fact["final"] = true;
    fact["concluded"] = by;
    event.json = fact.dump(-1, ' ', false, Json::error_handler_t::replace);
    // A second time only of a call that went on after it was thought to be over.
    const auto before = session.run("SELECT COUNT(*) FROM facts WHERE call_sid = $1 AND fact_id LIKE 'over-%'", {sid}).front().integer(0);
    session.run(
        "INSERT INTO facts(fact_id, call_sid, kind, json, at_ms) VALUES($1, $2, $3, $4, $5) ON CONFLICT(fact_id) DO NOTHING",
        {"over-" + sid + (before == 0 ? std::string() : "-" + std::to_string(before + 1)), sid, std::string(name(event.fact)), event.json, event.at_ms});
    if (session.changed() == 0) return std::nullopt;
    return event;
}

FactEvent lost_end(Session& session, std::string_view call_sid, std::int64_t last_ms) {
    const std::string sid(call_sid);
    Json fact{{"reason", "internal"}, {"detail", "instance_lost"}, {"result", "server_error"}, {"final", true}, {"concluded", "lost"}};
    const auto rows = session.run("SELECT agent FROM history WHERE call_sid = $1", {sid});
    if (!rows.empty() && !rows.front().text(0).empty()) fact["agent"] = rows.front().text(0);
    return {.call_sid = sid, .fact = Fact::end, .json = fact.dump(-1, ' ', false, Json::error_handler_t::replace), .at_ms = last_ms};
}

}  // namespace parley::store
