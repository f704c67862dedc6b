#pragma once
// What a CalDAV collection is asked (RFC 4791, 7.8), and the calendars in its answer. Pure; never throws; bounded.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "icalendar.hpp"

namespace parley::tools {

inline constexpr std::size_t kMostMultistatus = 1024 * 1024;  // bytes of an answer: its calendars are escaped in it

// The body of a REPORT with Depth: 1: events that meet the window, repetitions told one by one where the server can.
[[nodiscard]] std::string calendar_query(const TimeSpan& window);

// The texts of all calendar-data elements. Nothing: this is no multistatus document, or a broken one, or one with a document type.
[[nodiscard]] std::optional<std::vector<std::string>> read_multistatus(std::string_view xml);

}  // namespace parley::tools
