#pragma once
// What a calendar's text says of busy times (iCalendar, RFC 5545), one event of ours as such a text, and the free times between. Pure; never throws; bounded.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/flows/hours.hpp"
#include "parley/flows/time_zone.hpp"

namespace parley::tools {

using flows::Second;

struct TimeSpan {
    Second from{}, to{};
    [[nodiscard]] bool meets(const TimeSpan& other) const { return from < other.to && other.from < to; }
    friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

inline constexpr std::size_t kMostCalendar = 512 * 1024;  // bytes of all its text
inline constexpr std::size_t kMostEvents = 2000;

struct CalendarReading {
    TimeSpan window;                              // only what meets it is told
    std::shared_ptr<const flows::TimeZone> zone;  // of floating times, days, and zones `zone_of` does not know
    std::function<std::shared_ptr<const flows::TimeZone>(std::string_view tzid)> zone_of{};
    std::string except_uid{};  // an event of ours does not stand in its own way
};

// Busy times in order: VEVENT that is neither cancelled nor transparent, and VFREEBUSY. Of recurrences DAILY, WEEKLY, MONTHLY and YEARLY are followed; where a
// rule says more than is understood (the third Monday, every hour), more times are told than there are, never fewer. Nothing: this is no calendar, or one that
// is broken or too large.
[[nodiscard]] std::optional<std::vector<TimeSpan>> read_busy(std::string_view text, const CalendarReading& reading);

struct CalendarEvent {
    std::string uid;
    TimeSpan when;
    Second stamp{};
    std::string summary, description;
};
[[nodiscard]] std::string write_event(const CalendarEvent& event);

// "20260301T093000Z"
[[nodiscard]] std::string utc_text(Second at);
// A time of a place's clocks as an instant; one that is skipped in spring is an hour later.
[[nodiscard]] Second instant_of(Second local, const flows::TimeZone& zone);

struct FreeWish {
    Second near{};  // the nearest come first to be chosen
    TimeSpan day;   // begin within it
    std::chrono::minutes length{30};
    Second not_before{};
    const flows::Hours* hours = nullptr;  // null: at all hours
    std::size_t most = 3;
};
[[nodiscard]] bool within_hours(const flows::Hours* hours, const TimeSpan& span);
// Beginnings of free times, in order of time.
[[nodiscard]] std::vector<Second> free_times(const std::vector<TimeSpan>& busy, const FreeWish& wish);

}  // namespace parley::tools
