#pragma once
// Dates of the REST API: read from filters, compared with what a resource carries.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api_call.hpp"

namespace parley::sim {

using WallTime = std::chrono::system_clock::time_point;

struct FilterDate {
    WallTime at;
    bool day_only = false;
};
// "2026-11-21", "2026-11-21T10:15:30Z" or "2026-11-21T10:15:30.123Z" (UTC); nothing for anything else.
[[nodiscard]] std::optional<FilterDate> read_date(std::string_view text);

// Judges `at` by the parameters `name` (that day, or that second), `name<` (before) and `name>` (on or after). A time that is not known yet
// passes only where nothing was asked.
[[nodiscard]] bool date_passes(const ApiCall& call, const std::string& name, std::optional<WallTime> at);
// The name of a parameter among those three that cannot be read; empty: all can.
[[nodiscard]] std::string unreadable_date(const ApiCall& call, const std::string& name);
// "2026-11-21T10:15:30Z", as v1 and v2 write it.
[[nodiscard]] std::string iso_seconds(WallTime at);

}  // namespace parley::sim
