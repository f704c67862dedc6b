#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace parley::sim {

// Two letters and 32 random hexadecimal digits, e.g. "CA…".
[[nodiscard]] std::string make_sid(std::string_view prefix);
[[nodiscard]] std::string make_uuid();
// "Fri, 21 Nov 2026 10:15:30 +0000"
[[nodiscard]] std::string rfc2822(std::chrono::system_clock::time_point at);
// "2026-11-21T10:15:30.123Z"
[[nodiscard]] std::string iso8601(std::chrono::system_clock::time_point at);

}  // namespace parley::sim
