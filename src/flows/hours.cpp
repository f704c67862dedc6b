#include "parley/flows/hours.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::flows {

namespace {

using std::chrono::days;

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr unsigned kDay = 1440;

std::optional<unsigned> weekday_of(std::string_view text) {
    if (text.size() != 3) return std::nullopt;
    for (unsigned i = 0; i < kDays.size(); ++i)
        if (std::ranges::equal(text, kDays[i], [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; })) return i;
    return std::nullopt;
}

// Exactly so many digits.
std::optional<int> digits(std::string_view text) {
    if (text.empty() || text.size() > 4 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    int value = 0;
    for (const char c : text) value = value * 10 + (c - '0');
    return value;
}

std::optional<unsigned> clock_of(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hour = digits(text.substr(0, 2)), minute = digits(text.substr(3));
    if (!hour || !minute || *hour > 24 || *minute > 59 || (*hour == 24 && *minute != 0)) return std::nullopt;
    return static_cast<unsigned>(*hour * 60 + *minute);
}

struct Date {
    int year = 0;
    unsigned month = 1, day = 1;
};
std::optional<Date> date_of(std::string_view text) {
    Date date;
    if (text.size() == 10 && text[4] == '-') {
        const auto year = digits(text.substr(0, 4));
        if (!year || *year < 1970) return std::nullopt;
        date.year = *year;
        text.remove_prefix(5);
    }
    if (text.size() != 5 || text[2] != '-') return std::nullopt;
    const auto month = digits(text.substr(0, 2)), day = digits(text.substr(3));
    if (!month || !day) return std::nullopt;
    date.month = static_cast<unsigned>(*month);
    date.day = static_cast<unsigned>(*day);
    // The 29th of February is a day of every year that has one.
    const auto whole = std::chrono::year(date.year == 0 ? 2000 : date.year) / static_cast<int>(date.month) / static_cast<int>(date.day);
    return whole.ok() ? std::optional(date) : std::nullopt;
}

unsigned of_year(unsigned month, unsigned day) {
    return month * 100 + day;
}
long in_all(int year, unsigned month, unsigned day) {
    return static_cast<long>(year) * 10'000 + static_cast<long>(of_year(month, day));
}

}  // namespace

std::optional<std::vector<OpenSpan>> parse_open(std::string_view text, std::string* why) {
    const auto wrong = [&](std::string what) -> std::optional<std::vector<OpenSpan>> {
        if (why != nullptr) *why = std::move(what);
        return std::nullopt;
    };
    const auto space = text.find(' ');
    auto which = text.substr(0, space);
    std::array<bool, 7> on{};
    if (which == "daily") {
        on.fill(true);
        which = {};
    }
    while (!which.empty()) {
        const auto comma = which.find(',');
        const auto part = which.substr(0, comma);
        which = comma == std::string_view::npos ? std::string_view{} : which.substr(comma + 1);
        const auto dash = part.find('-');
        const auto first = weekday_of(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : weekday_of(part.substr(dash + 1));
        if (!first || !last) return wrong("expected days such as mon-fri, sat,sun or daily");
        for (auto day = *first;; day = (day + 1) % 7) {
            on[day] = true;
            if (day == *last) break;
        }
    }
    unsigned from = 0, to = kDay;
    if (space != std::string_view::npos) {
        const auto times = text.substr(space + 1);
        const auto dash = times.find('-');
        const auto begins = clock_of(times.substr(0, dash));
        const auto ends = dash == std::string_view::npos ? std::nullopt : clock_of(times.substr(dash + 1));
        if (!begins || !ends || *begins == kDay) return wrong("expected times such as 09:00-17:00");
        if (*begins == *ends) return wrong("begins when it ends; all day is 00:00-24:00");
        from = *begins;
        to = *ends > *begins ? *ends : *ends + kDay;
    }
    std::vector<OpenSpan> spans;
    for (unsigned day = 0; day < on.size(); ++day)
        if (on[day]) spans.push_back({day, from, to});
    if (spans.empty()) return wrong("expected days such as mon-fri, sat,sun or daily");
    return spans;
}

std::optional<Holiday> parse_holiday(std::string_view text, std::string* why) {
    const auto wrong = [&](std::string what) -> std::optional<Holiday> {
        if (why != nullptr) *why = std::move(what);
        return std::nullopt;
    };
    const auto dots = text.find("..");
    const auto first = date_of(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : date_of(text.substr(dots + 2));
    if (!first || !last) return wrong("expected a day such as 2026-12-25 or 12-26, or two of them with .. between");
    if ((first->year == 0) != (last->year == 0)) return wrong("has a year on one side only");
    if (first->year != 0 && in_all(last->year, last->month, last->day) < in_all(first->year, first->month, first->day)) return wrong("ends before it begins");
    return Holiday{first->year, first->month, first->day, last->year, last->month, last->day};
}

bool Holiday::covers(int on_year, unsigned on_month, unsigned on_day) const {
    if (year != 0) {
        const auto on = in_all(on_year, on_month, on_day);
        return on >= in_all(year, month, day) && on <= in_all(to_year, to_month, to_day);
    }
    const auto on = of_year(on_month, on_day), from = of_year(month, day), to = of_year(to_month, to_day);
    return from <= to ? on >= from && on <= to : on >= from || on <= to;
}

bool Hours::open_at(Second instant) const {
    const auto local = instant + zone->offset_at(instant);
    const auto today = std::chrono::floor<days>(local);
    const auto minute = static_cast<unsigned>((local - today).count() / 60);
    const auto began_on = [&](std::chrono::sys_days day, unsigned at) {
        const std::chrono::year_month_day date(day);
        if (std::ranges::any_of(holidays, [&](const Holiday& h) {
                return h.covers(static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
            }))
            return false;
        if (open.empty()) return at < kDay;
        const auto weekday = std::chrono::weekday(day).iso_encoding() - 1;
        return std::ranges::any_of(open, [&](const OpenSpan& span) { return span.weekday == weekday && at >= span.from && at < span.to; });
    };
    return began_on(today, minute) || began_on(today - days(1), minute + kDay);
}

}  // namespace parley::flows
