#include "parley/store/call_history.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "fact_kinds.hpp"
#include "parley/base/ids.hpp"
#include "search_words.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::json;

// A stream that was lost may come back; whoever was handed over may too. The carrier's own last word ends either at once.
constexpr std::int64_t kMayReturnMs = 60'000, kMayStillTellMs = 15'000, kMayBeTalkingMs = 4LL * 3600 * 1000;
// A call nobody says anything about any more, not even its end: the carrier's last word got lost.
constexpr std::int64_t kForgottenMs = 24LL * 3600 * 1000;
// A stream comes within seconds or not at all; who should have seen it come may be gone.
constexpr std::int64_t kStreamComesMs = 120'000, kStreamComesElsewhereMs = 30'000;

// `final` in the row. 0: it goes on. 1: its own facts say how it ended, and nothing changes that. 2: we concluded that it is over (nothing came, nobody writes
// it any more); it is not if its stream still tells something. 3: the carrier says it is over, without its stream's own word; that may wait in the spool of
// another instance, and how it ended is what the stream says then.
constexpr std::size_t kLongestText = 2000;

// What stands in a fact, of whatever type, as text; cut where nobody reads on.
std::string text_of(const Json& json, const char* key) {
    const auto at = json.find(key);
    if (at == json.end() || at->is_null()) return {};
    auto text = at->is_string() ? at->get<std::string>() : at->is_object() || at->is_array() ? std::string() : at->dump();
    if (text.size() > kLongestText) {
        std::size_t end = kLongestText;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
        text.resize(end);
    }
    std::erase(text, '\0');
    return text;
}

bool flag_of(const Json& json, const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_boolean() && at->get<bool>();
}

bool is_call(std::string_view sid) {
    return sid.starts_with("CA");
}

bool over(std::string_view status) {
    return status == "completed" || status == "busy" || status == "failed" || status == "no-answer" || status == "canceled";
}

void ensure_row(Session& session, const FactEvent& event, std::string_view instance) {
    session.run(
        "INSERT INTO history(guid, call_sid, agent, agent_token, channel, direction, from_number, to_number, country, page_url, display, caller_profile, "
        "answer, status, "
        "end_reason, end_detail, rejection_reason, rejection_detail, model, revision, started_ms, live_ms, ended_ms, last_ms, turns, final, finish_after_ms, "
        "instance) "
        "VALUES($1, $2, '', '', 'twilio', 'in', '', '', '', '', '', '', '', 'realtime_session_incoming', '', '', '', '', '', '', $3, 0, 0, $4, 0, 0, 0, $5) "
        "ON CONFLICT(call_sid) DO NOTHING",
        {random_hex(16), event.call_sid, event.at_ms, event.at_ms, std::string(instance)});
}

void apply_call(Session& session, const FactEvent& event, const Json& json, std::string_view instance) {
    ensure_row(session, event, instance);
    const auto from = text_of(json, "from");
    auto country = text_of(json, "country");
    const bool outbound = text_of(json, "direction").starts_with("out");
    if (country.empty()) country = country_of(outbound ? text_of(json, "to") : from);
    auto profile = json.contains("caller_profile") && json["caller_profile"].is_object()
                       ? json["caller_profile"].dump(-1, ' ', false, Json::error_handler_t::replace)
                       : std::string();
    // What is said again counts; what is not said stays. Who has the call from now on is said as a whole: without a model it has none.
    const bool whole = !text_of(json, "agent_token").empty();
    session.run(
        "UPDATE history SET agent = COALESCE(NULLIF($1, ''), agent), agent_token = COALESCE(NULLIF($2, ''), agent_token), channel = COALESCE(NULLIF($3, ''), "
        "channel), "
        "direction = COALESCE(NULLIF($4, ''), direction), from_number = COALESCE(NULLIF($5, ''), from_number), to_number = COALESCE(NULLIF($6, ''), "
        "to_number), "
        "country = COALESCE(NULLIF($7, ''), country), page_url = COALESCE(NULLIF($8, ''), page_url), display = COALESCE(NULLIF($9, ''), display), "
        "caller_profile = COALESCE(NULLIF($10, ''), caller_profile), answer = COALESCE(NULLIF($11, ''), answer), "
        "model = CASE WHEN $12 = 1 THEN $13 ELSE COALESCE(NULLIF($14, ''), model) END, revision = COALESCE(NULLIF($15, ''), revision) WHERE call_sid = $16",
        {text_of(json, "agent"), text_of(json, "agent_token"), text_of(json, "channel"), text_of(json, "direction"), from, text_of(json, "to"), country,
         text_of(json, "page_url"), text_of(json, "display"), profile, text_of(json, "answer"), std::int64_t{whole}, text_of(json, "model"),
         text_of(json, "model"), text_of(json, "revision"), event.call_sid});
    // Somebody has the call from now on: that it was turned away before was not the end of it.
    if (whole) session.run("UPDATE history SET rejection_reason = '', rejection_detail = '' WHERE call_sid = $1 AND final = 0", {event.call_sid});
    if (!flag_of(json, "live")) return;
    // It talks, or it talks again: an end that was left open was none.
    session.run(
        "UPDATE history SET status = 'realtime_session_active', live_ms = CASE WHEN live_ms = 0 THEN $1 ELSE live_ms END, ended_ms = 0, end_reason = '', "
        "end_detail = '', "
        "rejection_reason = '', rejection_detail = '', finish_after_ms = 0, final = 0, instance = $2 WHERE call_sid = $3 AND final IN (0, 2)",
        {event.at_ms, std::string(instance), event.call_sid});
    if (session.changed() > 0) return;
    // It did talk, and is over all the same.
    session.run(
        "UPDATE history SET status = 'realtime_session', live_ms = CASE WHEN live_ms = 0 THEN $1 ELSE live_ms END, end_reason = CASE WHEN end_reason = '' THEN "
        "'twilio_disconnect' ELSE end_reason END, "
        "end_detail = CASE WHEN end_detail = '' THEN 'caller_hung_up' ELSE end_detail END, rejection_reason = '', rejection_detail = '' WHERE call_sid = $2 "
        "AND final = 3",
        {event.at_ms, event.call_sid});
}

// How a call out went, as its dial tells; no stream says this of itself.
std::string_view dial_end(std::string_view reason) {
    if (reason == "answered" || reason == "busy" || reason == "no_answer" || reason == "failed" || reason == "unknown") return "twilio_disconnect";
    if (reason == "canceled") return "parley_cancelled";
    if (reason == "machine" || reason == "fax") return "parley_disconnect";
    return {};
}

// The carrier's last word: `word` as it says it, `reason` and `detail` for a call that nothing else is known of.
void carrier_over(Session& session, const FactEvent& event, const std::string& word, std::string_view reason, const std::string& detail) {
    // Ended before, and nobody came back.
    session.run("UPDATE history SET final = 3, finish_after_ms = 0 WHERE call_sid = $1 AND final IN (0, 2) AND ended_ms > 0", {event.call_sid});
    if (session.changed() > 0) return;
    // Turned away, as was said.
    session.run(
        "UPDATE history SET status = 'realtime_session_rejected', ended_ms = $1, final = 3, finish_after_ms = 0 WHERE call_sid = $2 AND final = 0 AND live_ms "
        "= 0 AND rejection_reason <> ''",
        {event.at_ms, event.call_sid});
    if (session.changed() > 0) return;
    session.run(
        "UPDATE history SET status = 'realtime_session_rejected', rejection_reason = 'policy', rejection_detail = 'reject', ended_ms = $1, final = 3, "
        "finish_after_ms = 0 "
        "WHERE call_sid = $2 AND final = 0 AND live_ms = 0 AND answer = 'reject'",
        {event.at_ms, event.call_sid});
    if (session.changed() > 0) return;
    // Waited for a place until the caller had enough of it.
    session.run(
        "UPDATE history SET status = 'realtime_session_rejected', rejection_reason = 'concurrent_limit', rejection_detail = 'abandoned', ended_ms = $1, final "
        "= 3, finish_after_ms = 0 "
        "WHERE call_sid = $2 AND final = 0 AND live_ms = 0 AND answer = 'queue'",
        {event.at_ms, event.call_sid});
    if (session.changed() > 0) return;
    // A stream was awaited and never came.
    session.run(
        "UPDATE history SET status = 'realtime_session_rejected', rejection_reason = 'realtime_stream_timeout', rejection_detail = $1, ended_ms = $2, final = "
        "3, finish_after_ms = 0 "
        "WHERE call_sid = $3 AND final = 0 AND live_ms = 0 AND direction = 'in' AND turns = 0 AND answer IN ('stream', 'relay', '')",
        {word, event.at_ms, event.call_sid});
    if (session.changed() > 0) return;
    // Its stream has an end of its own to tell, which says more; it is waited for.
    session.run(
        "UPDATE history SET status = 'realtime_session', end_reason = $1, end_detail = $2, ended_ms = $3, final = CASE WHEN live_ms = 0 THEN 3 ELSE 0 END, "
        "finish_after_ms = CASE WHEN live_ms = 0 THEN 0 ELSE $4 END WHERE call_sid = $5 AND final = 0",
        {std::string(reason), detail, event.at_ms, event.at_ms + kMayStillTellMs, event.call_sid});
}

void apply_end(Session& session, const FactEvent& event, const Json& json, std::string_view instance) {
    ensure_row(session, event, instance);
    const auto reason = text_of(json, "reason");
    auto detail = text_of(json, "detail");
    if (detail.empty()) detail = reason;
    if (const auto how = dial_end(reason); !how.empty()) {
        carrier_over(session, event, reason, how, reason == "answered" ? std::string("caller_hung_up") : detail);
        return;
    }
    const auto twilio = end_reason(reason, false), web = end_reason(reason, true);
    if (detail == "instance_lost") {
        session.run(
            "UPDATE history SET status = 'realtime_session', end_reason = CASE WHEN channel = 'web' THEN $1 ELSE $2 END, end_detail = $3, ended_ms = $4, final "
            "= 2, finish_after_ms = 0 "
            "WHERE call_sid = $5 AND final = 0",
            {std::string(web), std::string(twilio), detail, event.at_ms, event.call_sid});
        return;
    }
    const bool lost = reason == "carrier_lost" || reason == "media_timeout" || reason == "shutdown";
    const bool handed_over = reason == "transferred";
    const bool open = !flag_of(json, "final") && (lost || handed_over);
    session.run(
        "UPDATE history SET status = 'realtime_session', end_reason = CASE WHEN channel = 'web' THEN $1 ELSE $2 END, end_detail = $3, ended_ms = $4, "
        "rejection_reason = CASE WHEN final = 0 THEN rejection_reason ELSE '' END, rejection_detail = CASE WHEN final = 0 THEN rejection_detail ELSE '' END, "
        "final = CASE WHEN $5 = 0 THEN 1 WHEN final = 3 THEN 3 ELSE 0 END, finish_after_ms = CASE WHEN final = 3 THEN 0 ELSE $6 END WHERE call_sid = $7 AND "
        "final <> 1",
        {std::string(web), std::string(twilio), detail, event.at_ms, std::int64_t{open},
         open ? event.at_ms + (handed_over ? kMayBeTalkingMs : kMayReturnMs) : std::int64_t{0}, event.call_sid});
}

void apply_status(Session& session, const FactEvent& event, const Json& json, std::string_view instance) {
    const auto status = text_of(json, "status");
    if (!over(status)) return;
    ensure_row(session, event, instance);
    carrier_over(session, event, status, "twilio_disconnect", status == "completed" ? std::string("caller_hung_up") : status);
}

void apply_rejection(Session& session, const FactEvent& event, const Json& json, std::string_view instance) {
    ensure_row(session, event, instance);
    const auto reason = text_of(json, "reason");
    auto detail = text_of(json, "detail");
    if (detail.empty()) detail = reason;
    // Another way to answer may follow (`open`): the call is not over then.
    const bool open = flag_of(json, "open");
    session.run(
        "UPDATE history SET rejection_reason = $1, rejection_detail = $2, status = CASE WHEN $3 = 1 THEN status ELSE 'realtime_session_rejected' END, "
        "ended_ms = CASE WHEN $4 = 1 THEN ended_ms ELSE $5 END, end_reason = CASE WHEN final = 0 THEN end_reason ELSE '' END, end_detail = CASE WHEN final = 0 "
        "THEN end_detail ELSE '' END, "
        "final = CASE WHEN $6 = 1 THEN final ELSE 1 END WHERE call_sid = $7 AND final <> 1 AND ($8 = 0 OR live_ms = 0)",
        {std::string(rejection_reason(reason)), detail, std::int64_t{open}, std::int64_t{open}, event.at_ms, std::int64_t{open}, event.call_sid,
         std::int64_t{open}});
}

}  // namespace

std::string_view end_reason(std::string_view reason, bool web) {
    if (reason == "caller_hung_up" || reason == "carrier_lost" || reason == "media_timeout") return web ? "browser_disconnect" : "twilio_disconnect";
    if (reason == "agent_completed" || reason == "transferred") return "parley_completed";
    if (reason == "max_duration") return "max_duration";
    if (reason == "silence" || reason == "shutdown" || reason == "protocol") return "parley_disconnect";
    if (reason == "operator_hangup") return "parley_cancelled";
    return "parley_error";
}

std::string_view rejection_reason(std::string_view reason) {
    constexpr std::array<std::string_view, 6> kItself{"concurrent_limit", "agent_prep_timeout", "realtime_ws_open_failed", "realtime_stream_timeout",
                                                      "policy",           "unknown_number"};
    constexpr std::array<std::string_view, 12> kNoRoom{"capacity",         "rate",           "draining",    "warmup",        "concurrency", "agent_capacity",
                                                       "account_capacity", "fleet_capacity", "agent_limit", "account_limit", "fleet_limit", "queue_full"};
    if (const auto* found = std::find(kItself.begin(), kItself.end(), reason); found != kItself.end()) return *found;
    if (std::find(kNoRoom.begin(), kNoRoom.end(), reason) != kNoRoom.end()) return "concurrent_limit";
    return "policy";
}

void apply_fact(Session& session, const FactEvent& event, std::string_view instance) {
    session.run(
        "INSERT INTO records(call_sid, first_ms, last_ms) VALUES($1, $2, $3) ON CONFLICT(call_sid) DO UPDATE SET "
        "last_ms = CASE WHEN excluded.last_ms > records.last_ms THEN excluded.last_ms ELSE records.last_ms END",
        {event.call_sid, event.at_ms, event.at_ms});
    const bool said = event.fact == Fact::turn || event.fact == Fact::transcript;
    const auto json = Json::parse(event.json, nullptr, false);
    if (!json.is_object()) return;
    if (said) {
        auto line = text_of(json, "text");
        if (!line.empty() && session.dialect() == Dialect::postgresql) {
            auto words = joined_words(search_words(line));
            session.run("INSERT INTO call_lines(call_sid, line, words) VALUES($1, $2, $3)", {event.call_sid, std::move(line), std::move(words)});
        } else if (!line.empty()) {
            session.run("INSERT INTO call_lines(call_sid, line) VALUES($1, $2)", {event.call_sid, std::move(line)});
        }
    }
    if (!is_call(event.call_sid)) return;
    switch (event.fact) {
        case Fact::call:
            apply_call(session, event, json, instance);
            break;
        case Fact::end:
            apply_end(session, event, json, instance);
            break;
        case Fact::status:
            apply_status(session, event, json, instance);
            break;
        case Fact::rejection:
            apply_rejection(session, event, json, instance);
            break;
        default:
            break;
    }
    session.run(
        "UPDATE history SET last_ms = CASE WHEN last_ms < $1 THEN $2 ELSE last_ms END, turns = turns + $3, "
        "instance = CASE WHEN live_ms = 0 THEN $4 ELSE instance END WHERE call_sid = $5",
        {event.at_ms, event.at_ms, std::int64_t{event.fact == Fact::turn ? 1 : 0}, std::string(instance), event.call_sid});
}

std::vector<std::string> finish_due(Session& session, std::int64_t now) {
    std::vector<std::string> finished;
    const auto take = [&finished](const Rows& rows) {
        for (const auto& row : rows) finished.push_back(row.text(0));
    };
    take(session.run("UPDATE history SET final = 2, finish_after_ms = 0 WHERE final = 0 AND finish_after_ms > 0 AND finish_after_ms <= $1 RETURNING call_sid",
                     {now}));
    // To be a stream, and nothing is known of it but its beginning, or that it could not be opened: no other answer, no queue, nobody it was put through to.
    take(session.run(
        "UPDATE history SET final = 2, status = 'realtime_session_rejected', "
        "rejection_reason = CASE WHEN rejection_reason = '' THEN 'realtime_stream_timeout' ELSE rejection_reason END, "
        "rejection_detail = CASE WHEN rejection_reason = '' THEN 'no_stream' ELSE rejection_detail END, ended_ms = last_ms "
        "WHERE final = 0 AND finish_after_ms = 0 AND live_ms = 0 AND turns = 0 AND direction = 'in' AND (channel = 'web' OR answer IN ('stream', 'relay', '')) "
        "AND last_ms < $1 AND (last_ms < $2 OR NOT EXISTS(SELECT 1 FROM record_instances i WHERE i.instance = history.instance AND i.lease_until_ms > $3)) "
        "AND NOT EXISTS(SELECT 1 FROM facts f WHERE f.call_sid = history.call_sid AND f.kind NOT IN ('call', 'rejection')) RETURNING call_sid",
        {now - kStreamComesElsewhereMs, now - kStreamComesMs, now}));
    // A call without a stream is in nobody's hands but the carrier's, whose last word may get lost.
    take(
        session.run("UPDATE history SET final = 2, finish_after_ms = 0, status = 'realtime_session', ended_ms = last_ms, end_reason = 'parley_disconnect', "
                    "end_detail = 'forgotten' "
                    "WHERE final = 0 AND finish_after_ms = 0 AND (last_ms < $1 OR (live_ms = 0 AND last_ms < $2)) RETURNING call_sid",
                    {now - kForgottenMs, now - kMayBeTalkingMs}));
    return finished;
}

bool is_orphaned(Session& session, std::string_view call_sid, std::int64_t now) {
    return !session
                .run(
                    "SELECT 1 FROM history h WHERE call_sid = $1 AND final = 0 AND finish_after_ms = 0 AND live_ms > 0 AND NOT EXISTS("
                    "SELECT 1 FROM record_instances i WHERE i.instance = h.instance AND i.lease_until_ms > $2)",
                    {std::string(call_sid), now})
                .empty();
}

std::vector<std::pair<std::string, std::int64_t>> orphaned_calls(Session& session, std::int64_t now, std::size_t most) {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const auto& row : session.run("SELECT call_sid, last_ms FROM history h WHERE final = 0 AND finish_after_ms = 0 AND live_ms > 0 AND NOT EXISTS("
                                       "SELECT 1 FROM record_instances i WHERE i.instance = h.instance AND i.lease_until_ms > $1) ORDER BY started_ms LIMIT $2",
                                       {now, static_cast<std::int64_t>(most)}))
        found.emplace_back(row.text(0), row.integer(1));
    return found;
}

void renew_instance(Session& session, std::string_view instance, std::int64_t lease_until_ms) {
    if (lease_until_ms == 0) {
        session.run("DELETE FROM record_instances WHERE instance = $1", {std::string(instance)});
        return;
    }
    session.run(
        "INSERT INTO record_instances(instance, lease_until_ms) VALUES($1, $2) ON CONFLICT(instance) DO UPDATE SET lease_until_ms = excluded.lease_until_ms",
        {std::string(instance), lease_until_ms});
    session.run("DELETE FROM record_instances WHERE lease_until_ms < $1", {lease_until_ms - kForgottenMs});
}

std::optional<std::string> read_record(Session& session, std::string_view call_sid) {
    std::vector<KeptFact> facts;
    for (const auto& row : session.run("SELECT kind, json, at_ms FROM facts WHERE call_sid = $1 ORDER BY id", {std::string(call_sid)}))
        if (const auto fact = fact_of(row.text(0))) facts.push_back({*fact, row.text(1), row.integer(2)});
    if (facts.empty()) return std::nullopt;
    return record_json(call_sid, facts);
}

bool erase_record(Session& session, std::string_view call_sid) {
    const std::string sid(call_sid);
    session.run("DELETE FROM facts WHERE call_sid = $1", {sid});
    auto gone = session.changed();
    session.run("DELETE FROM call_lines WHERE call_sid = $1", {sid});
    session.run("DELETE FROM history WHERE call_sid = $1", {sid});
    gone += session.changed();
    session.run("DELETE FROM checkpoints WHERE call_sid = $1", {sid});
    session.run("DELETE FROM records WHERE call_sid = $1", {sid});
    return gone + session.changed() > 0;
}

std::vector<std::string> records_before(Session& session, std::int64_t last_ms, std::size_t most) {
    std::vector<std::string> found;
    for (const auto& row : session.run("SELECT call_sid FROM records WHERE last_ms < $1 ORDER BY last_ms LIMIT $2", {last_ms, static_cast<std::int64_t>(most)}))
        found.push_back(row.text(0));
    return found;
}

}  // namespace parley::store
