#pragma once
// book_appointment and free_times: one calendar of the agent's, over CalDAV or as a plain iCalendar address.

#include <memory>
#include <optional>

#include "parley/flows/hours.hpp"
#include "parley/net/egress.hpp"
#include "parley/tools/tool.hpp"
#include "parley/tools/tool_settings.hpp"

namespace parley::tools {

struct CalendarTools {
    std::shared_ptr<const Tool> free_times, book_appointment;
};
// `hours`: the agent's; nothing: always. Throws std::invalid_argument ("time_zone: …") for settings that make no sense.
[[nodiscard]] CalendarTools make_calendar_tools(const CalendarSettings& settings, const std::optional<flows::Hours>& hours,
                                                std::shared_ptr<const net::EgressGuard> guard);

}  // namespace parley::tools
