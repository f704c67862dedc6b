#include "parley/store/analyses.hpp"

#include "parley/store/jobs.hpp"

namespace parley::store {

std::uint32_t want_analysis(Session& session, std::string_view call_sid, std::int64_t not_before_ms) {
    const std::string state = not_before_ms > 0 ? "waiting" : "pending";
    const auto rows = session.run(
        "INSERT INTO analyses(call_sid, run, state, error, updated_ms) VALUES($1, 1, $2, '', $3) "
        "ON CONFLICT(call_sid) DO UPDATE SET run = analyses.run + 1, state = excluded.state, error = '', updated_ms = excluded.updated_ms RETURNING run",
        {std::string(call_sid), state, now_ms()});
    const auto run = rows.empty() ? 1U : static_cast<std::uint32_t>(rows.front().integer(0));
    JobWish wish;
    wish.kind = std::string(kAnalysisJob);
    wish.key = std::string(call_sid) + "/" + std::to_string(run);
    // A call's name is letters, digits, '-' and '_' (CallRecords::add): nothing to escape.
    wish.payload = "{\"call_sid\":\"" + std::string(call_sid) + "\",\"run\":" + std::to_string(run) + "}";
    wish.not_before_ms = not_before_ms;
    add_job(session, wish);
    return run;
}

std::optional<AnalysisState> analysis_state(Session& session, std::string_view call_sid) {
    const auto rows = session.run("SELECT run, state, error, updated_ms FROM analyses WHERE call_sid = $1", {std::string(call_sid)});
    if (rows.empty()) return std::nullopt;
    const auto& row = rows.front();
    return AnalysisState{.run = static_cast<std::uint32_t>(row.integer(0)), .state = row.text(1), .error = row.text(2), .updated_ms = row.integer(3)};
}

void set_analysis_state(Session& session, std::string_view call_sid, std::uint32_t run, std::string_view state, std::string_view error) {
    session.run("UPDATE analyses SET state = $1, error = $2, updated_ms = $3 WHERE call_sid = $4 AND run = $5",
                {std::string(state), std::string(error), now_ms(), std::string(call_sid), std::int64_t{run}});
}

bool erase_analysis(Session& session, std::string_view call_sid) {
    session.run("DELETE FROM analyses WHERE call_sid = $1", {std::string(call_sid)});
    return session.changed() > 0;
}

}  // namespace parley::store
