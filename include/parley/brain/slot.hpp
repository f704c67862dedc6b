#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/pattern.hpp"

namespace parley::brain {

// A thing the caller can be asked for. Values are normalised: weekday "monday".."sunday", "today", "tomorrow"; time
// "HH:MM"; digits the digits themselves.
enum class SlotKind : std::uint8_t { weekday, time, digits };
[[nodiscard]] std::optional<SlotKind> slot_kind_named(std::string_view name);

struct SlotSpec {
    std::string name;
    SlotKind kind = SlotKind::weekday;
    std::vector<std::string> allow;            // weekday: the days that are accepted; empty: all
    int from_minute = 0, to_minute = 24 * 60;  // time: accepted range of the day, both ends included
    std::size_t min_digits = 1, max_digits = 15;
    std::vector<std::string> refuse;  // prompts for an understood value that is not accepted

    [[nodiscard]] bool accepts(std::string_view value) const;
};

// Every reading of the slot at `from`, the longest first. A time of day without "in the morning" or the like is read as
// the one of its two meanings that lies in the slot's range.
[[nodiscard]] std::vector<Pattern::SlotReader::Reading> read_slot(const SlotSpec& slot, std::span<const std::string> words, std::size_t from);
// The value keyed in: weekday 1 (monday) to 7, time H, HH, HMM or HHMM, digits as they are. Empty if it makes no sense.
[[nodiscard]] std::string keyed_slot(const SlotSpec& slot, std::string_view keys);
// How a value is read back.
[[nodiscard]] std::string spoken_slot(const SlotSpec& slot, std::string_view value);
// JSGF expansion for the recogniser, and its words.
[[nodiscard]] std::string slot_jsgf(SlotKind kind);
void slot_words(SlotKind kind, std::set<std::string>& words);

}  // namespace parley::brain
