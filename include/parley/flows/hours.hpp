#pragma once
// When an agent is there. Pure: the instant is an argument.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/flows/time_zone.hpp"

namespace parley::flows {

// A span of one weekday, in minutes after its midnight. `to` beyond 1440 goes on into the next day and belongs to the day it began on.
struct OpenSpan {
    unsigned weekday = 0;  // 0 is Monday
    unsigned from = 0, to = 1440;
    friend bool operator==(const OpenSpan&, const OpenSpan&) = default;
};
// "mon-fri 09:00-17:00", "sat,sun 10:00-14:00", "fri 22:00-04:00", "daily 08:00-24:00", "mon-sun".
[[nodiscard]] std::optional<std::vector<OpenSpan>> parse_open(std::string_view text, std::string* why = nullptr);

// A day or days on which nothing opens: of one year, or (year 0) of every year; then a span may go over the new year.
struct Holiday {
    int year = 0;
    unsigned month = 1, day = 1;
    int to_year = 0;
    unsigned to_month = 1, to_day = 1;
    [[nodiscard]] bool covers(int on_year, unsigned on_month, unsigned on_day) const;
    friend bool operator==(const Holiday&, const Holiday&) = default;
};
// "2026-12-25", "12-26", "2026-12-24..2027-01-01", "12-24..01-02".
[[nodiscard]] std::optional<Holiday> parse_holiday(std::string_view text, std::string* why = nullptr);

struct Hours {
    std::shared_ptr<const TimeZone> zone = TimeZone::utc();
    std::vector<OpenSpan> open;  // empty: every day, all day
    std::vector<Holiday> holidays;
    // A span belongs to the day it began on: a holiday closes what begins on it, and a night that began the day before goes on.
    [[nodiscard]] bool open_at(Second instant) const;
};

}  // namespace parley::flows
