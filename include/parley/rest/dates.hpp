#pragma once
// The two ways Twilio writes a time, both in UTC unless they say otherwise. Strict: what is not exactly of the form is no time.

#include <optional>
#include <string>
#include <string_view>

#include "parley/base/clock.hpp"

namespace parley::rest {

using When = std::optional<WallClock::time_point>;

// "Tue, 31 Aug 2010 20:36:28 +0000" (also GMT, as in HTTP's Date). The weekday must be the date's.
[[nodiscard]] When parse_rfc2822(std::string_view text);
// "2010-08-31T20:36:28Z", with a fraction or an offset ("+02:00") too.
[[nodiscard]] When parse_iso8601(std::string_view text);
[[nodiscard]] When parse_date(std::string_view text);  // either

[[nodiscard]] std::string format_iso8601(WallClock::time_point when);  // "2010-08-31T20:36:28Z"
[[nodiscard]] std::string format_rfc2822(WallClock::time_point when);
[[nodiscard]] std::string format_day(WallClock::time_point when);  // "2010-08-31", what list filters take

}  // namespace parley::rest
