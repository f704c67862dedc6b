#include "parley/rest/dates.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace parley::rest {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

class Scan {
public:
    explicit Scan(std::string_view text) : left_(text) {}
    // Exactly `digits` decimal digits.
    int number(std::size_t digits) {
        int value = 0;
        if (left_.size() < digits) return fail();
        for (std::size_t i = 0; i < digits; ++i) {
            if (left_[i] < '0' || left_[i] > '9') return fail();
            value = value * 10 + (left_[i] - '0');
        }
        left_.remove_prefix(digits);
        return value;
    }
    void literal(std::string_view text) {
        if (left_.starts_with(text))
            left_.remove_prefix(text.size());
        else
            fail();
    }
    template <std::size_t N>
    int word(const std::array<std::string_view, N>& words) {
        for (std::size_t i = 0; i < N; ++i) {
            if (!left_.starts_with(words[i])) continue;
            left_.remove_prefix(words[i].size());
            return static_cast<int>(i);
        }
        return fail();
    }
    bool next_is(char c) const { return !left_.empty() && left_.front() == c; }
    bool next_is_digit() const { return !left_.empty() && left_.front() >= '0' && left_.front() <= '9'; }
    bool next_is_digit_at(std::size_t i) const { return left_.size() > i && left_[i] >= '0' && left_[i] <= '9'; }
    void skip() { left_.remove_prefix(1); }
    int fail() {
        good_ = false;
        return 0;
    }
    [[nodiscard]] bool whole() const { return good_ && left_.empty(); }
    [[nodiscard]] bool good() const { return good_; }

private:
    std::string_view left_;
    bool good_ = true;
};

When assemble(int year, int month, int day, int hour, int minute, int second, nanoseconds fraction, minutes offset) {
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return {};
    if (second == 60) second = 59;  // a leap second is its neighbour here
    const auto at = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - offset;
    // system_clock counts nanoseconds and ends in 2262.
    if (year < 1900 || year > 2200) return {};
    return WallClock::time_point(at + fraction);
}

minutes offset_of(int sign, int hour, int minute, Scan& scan) {
    if (hour > 23 || minute > 59) scan.fail();
    return sign * (hours(hour) + minutes(minute));
}

year_month_day day_of(WallClock::time_point when) {
    return year_month_day(floor<days>(when));
}

}  // namespace

When parse_rfc2822(std::string_view text) {
    Scan scan(text);
    const int weekday = scan.word(kDays);
    scan.literal(", ");
    const int day = scan.number(scan.next_is_digit_at(1) ? 2 : 1);
    scan.literal(" ");
    const int month = scan.word(kMonths) + 1;
    scan.literal(" ");
    const int year = scan.number(4);
    scan.literal(" ");
    const int hour = scan.number(2);
    scan.literal(":");
    const int minute = scan.number(2);
    scan.literal(":");
    const int second = scan.number(2);
    scan.literal(" ");
    minutes offset{0};
    if (scan.next_is('G')) {
        scan.literal("GMT");
    } else {
        const int sign = scan.next_is('-') ? -1 : 1;
        scan.literal(sign < 0 ? "-" : "+");
        const int oh = scan.number(2), om = scan.number(2);
        offset = offset_of(sign, oh, om, scan);
    }
    if (!scan.whole()) return {};
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || std::chrono::weekday(sys_days(date)).c_encoding() != static_cast<unsigned>(weekday)) return {};
    return assemble(year, month, day, hour, minute, second, nanoseconds(0), offset);
}

When parse_iso8601(std::string_view text) {
    Scan scan(text);
    const int year = scan.number(4);
    scan.literal("-");
    const int month = scan.number(2);
    scan.literal("-");
    const int day = scan.number(2);
    scan.literal("T");
    const int hour = scan.number(2);
    scan.literal(":");
    const int minute = scan.number(2);
    scan.literal(":");
    const int second = scan.number(2);
    std::int64_t fraction = 0;
    if (scan.next_is('.')) {
        scan.skip();
        if (!scan.next_is_digit()) return {};
        std::int64_t unit = 100'000'000;
        for (int i = 0; scan.next_is_digit(); ++i) {
            if (i == 12) return {};
            fraction += scan.number(1) * unit;
            unit /= 10;
        }
    }
    minutes offset{0};
    if (scan.next_is('Z')) {
        scan.skip();
    } else {
        const int sign = scan.next_is('-') ? -1 : 1;
        scan.literal(sign < 0 ? "-" : "+");
        const int oh = scan.number(2);
        scan.literal(":");
        const int om = scan.number(2);
        offset = offset_of(sign, oh, om, scan);
    }
    if (!scan.whole()) return {};
    return assemble(year, month, day, hour, minute, second, nanoseconds(fraction), offset);
}

When parse_date(std::string_view text) {
    return !text.empty() && text.front() >= '0' && text.front() <= '9' ? parse_iso8601(text) : parse_rfc2822(text);
}

std::string format_day(WallClock::time_point when) {
    const auto date = day_of(when);
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()) % 10000, static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()));
    return text;
}

std::string format_iso8601(WallClock::time_point when) {
    const hh_mm_ss time(floor<seconds>(when - floor<days>(when)));
    char text[24];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02dZ", static_cast<int>(time.hours().count() % 24), static_cast<int>(time.minutes().count() % 60),
                  static_cast<int>(time.seconds().count() % 60));
    return format_day(when) + text;
}

std::string format_rfc2822(WallClock::time_point when) {
    const auto date = day_of(when);
    const hh_mm_ss time(floor<seconds>(when - floor<days>(when)));
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000", kDays[weekday(sys_days(date)).c_encoding()].data(),
                  static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()) % 10000,
                  static_cast<int>(time.hours().count() % 24), static_cast<int>(time.minutes().count() % 60), static_cast<int>(time.seconds().count() % 60));
    return text;
}

}  // namespace parley::rest
