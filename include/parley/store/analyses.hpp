#pragma once
// Which calls have been, are being or could not be looked at after their end. The result itself is a fact of the call (Fact::analysis).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/store/database.hpp"

namespace parley::store {

constexpr std::string_view kAnalysisJob = "analysis";  // kind of the job; payload {"call_sid":…,"run":n}

struct AnalysisState {
    std::uint32_t run = 0;  // counts up from 1 with every time it is wanted; only the newest is worth doing
    std::string state;      // waiting (for the call's very end), pending, done, dead
    std::string error;      // of the last attempt
    std::int64_t updated_ms = 0;
};

// Inside a transaction of the caller's. Adds the job of one more run, whatever came of those before; its number.
std::uint32_t want_analysis(Session& session, std::string_view call_sid, std::int64_t not_before_ms = 0);
[[nodiscard]] std::optional<AnalysisState> analysis_state(Session& session, std::string_view call_sid);
void set_analysis_state(Session& session, std::string_view call_sid, std::uint32_t run, std::string_view state, std::string_view error);
bool erase_analysis(Session& session, std::string_view call_sid);

}  // namespace parley::store
