#pragma once
// A finished call as it is looked at: what was said by whom, and what is known about the call besides. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::analysis {

struct Line {
    bool caller = false;
    std::string text;
    std::int64_t at_ms = 0;  // after the call's start, where that is known
};

struct Subject {
    std::string call_sid, agent, from, to, direction, channel, end_reason;
    std::int64_t began_ms = 0;  // since 1970; 0: unknown
    bool final = false;         // the carrier, or the only side there is, has said that it is over
    std::vector<Line> lines;
    std::string other_party;  // their number or identity: `from`, or `to` of a call that was placed
};

// From a call's record (store/call_records.hpp); turns, or where there are none the carrier's transcript. What has the wrong shape is left out.
[[nodiscard]] Subject subject_of(std::string_view record);

// "Caller: …\nAgent: …" of at most so many tokens (brain/tokens.hpp): of a longer one a third is its beginning, the rest its end, with a line between that
// says so. `cut`, if given, is set to whether that happened.
[[nodiscard]] std::string written(const std::vector<Line>& lines, std::size_t most_tokens, bool* cut = nullptr);

}  // namespace parley::analysis
