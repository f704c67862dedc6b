#pragma once
// How facts of a kind add up to a record, and what is given up first when there is no room for all of them.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/store/call_records.hpp"

namespace parley::store {

// `final` is never given up, `event` before `turn`.
enum class Weight : std::uint8_t { final, turn, event };
[[nodiscard]] Weight weight(Fact fact);
[[nodiscard]] std::string_view name(Weight weight);
[[nodiscard]] std::optional<Fact> fact_of(std::string_view name);
// Letters, digits, '-' and '_', at most 64.
[[nodiscard]] bool good_sid(std::string_view sid);

struct KeptFact {
    Fact fact = Fact::note;
    std::string json;
    std::int64_t at_ms = 0;
};
// The record of a call as one JSON object; `facts` in the order they were told.
[[nodiscard]] std::string record_json(std::string_view call_sid, const std::vector<KeptFact>& facts);

}  // namespace parley::store
