#pragma once
// The history of calls: one row for each, made of its facts in the transaction that keeps them, final exactly once.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/store/call_records.hpp"
#include "parley/store/database.hpp"

namespace parley::store {

struct HistoryRow {
    std::string guid;  // 128 random bits, in hexadecimal
    std::string call_sid, agent, agent_token;
    std::string channel;    // twilio, web
    std::string direction;  // in, out
    std::string from, to, country, page_url, display;
    std::string caller_profile;                      // JSON object; empty: none
    std::string status;                              // realtime_session_incoming, _active, _rejected, realtime_session
    std::string end_reason, end_detail;              // empty until it has ended
    std::string rejection_reason, rejection_detail;  // empty: was not turned away
    std::string model, revision;
    std::int64_t started_ms = 0, live_ms = 0, ended_ms = 0;  // 0: has not happened
    std::uint32_t turns = 0;
    bool final = false;  // nothing about it changes any more
};

// Why a call ended, in the history's words, and ours beside it. `reason` as conversation::name_of gives it, `web`: a browser's call.
//
//   caller_hung_up                      twilio_disconnect, browser_disconnect
//   carrier_lost, media_timeout         twilio_disconnect, browser_disconnect
//   agent_completed, transferred        parley_completed
//   max_duration                        max_duration
//   silence, shutdown, protocol         parley_disconnect
//   operator_hangup                     parley_cancelled
//   brain_failed, internal, others      parley_error
[[nodiscard]] std::string_view end_reason(std::string_view reason, bool web);
// Why a call was turned away: concurrent_limit, agent_prep_timeout, realtime_ws_open_failed, realtime_stream_timeout; `policy` for what a rule forbids and
// `unknown_number` where no agent answers. `detail`: of Fact::rejection.
[[nodiscard]] std::string_view rejection_reason(std::string_view reason);

// Takes one fact into the row of its call; nothing for records that are no calls (talks by message). Inside the transaction that keeps the fact.
void apply_fact(Session& session, const FactEvent& event, std::string_view instance);

// Calls whose end was left open (a stream that might have come back, a transfer) and whose time to do so is over: final from here on.
[[nodiscard]] std::vector<std::string> finish_due(Session& session, std::int64_t now);
// Calls that are not over and whose instance does not renew its lease any more: CallSid and the time of the last fact.
[[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> orphaned_calls(Session& session, std::int64_t now, std::size_t most);
[[nodiscard]] bool is_orphaned(Session& session, std::string_view call_sid, std::int64_t now);
void renew_instance(Session& session, std::string_view instance, std::int64_t lease_until_ms);  // 0: it ends

struct HistoryFilter {
    std::string agent, status, end_reason, channel, direction, number, call_sid;  // empty: any. `number`: caller's or called
    std::int64_t from_ms = 0, to_ms = 0;                                          // begun; 0: any
    std::string search;                                                           // words that were all said in one turn of it
    std::string cursor;                                                           // of the page before
    std::size_t limit = 50;                                                       // at most 200
};
struct HistoryPage {
    std::vector<HistoryRow> rows;  // newest first
    std::string next;              // cursor; empty: that was all
};
// Nothing: the cursor is none of ours.
[[nodiscard]] std::optional<HistoryPage> list_history(Session& session, const HistoryFilter& filter);
[[nodiscard]] std::optional<HistoryRow> find_history(Session& session, std::string_view guid);
[[nodiscard]] std::optional<HistoryRow> history_of(Session& session, std::string_view call_sid);

// The record of a call as CallRecords::read gives it.
[[nodiscard]] std::optional<std::string> read_record(Session& session, std::string_view call_sid);
// Everything about a call: facts, history, what was said, checkpoint. False: there was nothing.
bool erase_record(Session& session, std::string_view call_sid);
// Records whose last fact is older, the oldest first.
[[nodiscard]] std::vector<std::string> records_before(Session& session, std::int64_t last_ms, std::size_t most);

// ISO 3166-1 code of the country an E.164 number belongs to; empty: unknown, or none.
[[nodiscard]] std::string_view country_of(std::string_view number);
// RFC 3339, UTC, milliseconds: 2026-03-01T09:30:00.250Z.
[[nodiscard]] std::string iso8601(std::int64_t ms);

}  // namespace parley::store
