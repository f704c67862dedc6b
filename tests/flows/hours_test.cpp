#include "parley/flows/hours.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::flows {
namespace {

using namespace std::chrono;
using Spans = std::vector<OpenSpan>;

TEST(Hours, ReadsDaysAndTimes) {
    EXPECT_EQ(parse_open("mon 09:00-17:00"), (Spans{{0, 540, 1020}}));
    EXPECT_EQ(parse_open("sat,Sun 10:00-14:30"), (Spans{{5, 600, 870}, {6, 600, 870}}));
    EXPECT_EQ(parse_open("fri-mon 00:00-24:00"), (Spans{{0, 0, 1440}, {4, 0, 1440}, {5, 0, 1440}, {6, 0, 1440}}));
    EXPECT_EQ(parse_open("fri 22:00-04:00"), (Spans{{4, 1320, 1680}}));
    EXPECT_EQ(parse_open("daily 08:00-20:00")->size(), 7U);
    EXPECT_EQ(parse_open("wed"), (Spans{{2, 0, 1440}}));
}

TEST(Hours, RefusesTheRest) {
    for (const auto* text : {"", "mon-", "funday 09:00-17:00", "mon 9:00-17:00", "mon 09:00", "mon 09:00-25:00", "mon 09:00-09:00", "mon 24:00-08:00",
                             "mon 09:60-10:00", "mon  09:00-17:00", "mon 09:00-17:00 ", "mon,,tue"}) {
        std::string why;
        EXPECT_FALSE(parse_open(text, &why)) << text;
        EXPECT_NE(why, "") << text;
    }
    for (const auto* text :
         {"", "2026-13-01", "2026-02-29", "02-30", "25-12", "2026-12-24..12-26", "2026-12-26..2026-12-24", "2026-1-1", "..", "12-24..", "1969-01-01"}) {
        std::string why;
        EXPECT_FALSE(parse_holiday(text, &why)) << text;
        EXPECT_NE(why, "") << text;
    }
    EXPECT_TRUE(parse_holiday("02-29"));
    EXPECT_TRUE(parse_holiday("2028-02-29"));
}

struct Row {
    const char* name;
    std::vector<const char*> open;
    std::vector<const char*> holidays;
    const char* zone;
    int y;
    unsigned m, d;
    int hour, minute;  // UTC
    bool is_open;
};
class OpenAt : public testing::TestWithParam<Row> {};
TEST_P(OpenAt, Holds) {
    const auto& row = GetParam();
    Hours hours;
    hours.zone = TimeZone::load(row.zone);
    ASSERT_TRUE(hours.zone);
    for (const auto* text : row.open) {
        const auto spans = parse_open(text);
        hours.open.insert(hours.open.end(), spans->begin(), spans->end());
    }
    for (const auto* text : row.holidays) hours.holidays.push_back(*parse_holiday(text));
    EXPECT_EQ(hours.open_at(sys_days(year(row.y) / month(row.m) / day(row.d)) + std::chrono::hours(row.hour) + minutes(row.minute)), row.is_open);
}
const std::vector<const char*> kOffice{"mon-fri 09:00-17:00"};
const std::vector<const char*> kNight{"fri,sat 22:00-04:00"};
const char* const kBerlin = "Europe/Berlin";
INSTANTIATE_TEST_SUITE_P(
    rows, OpenAt,
    testing::Values(
        // Friday the 20th of November 2026; Berlin is an hour ahead.
        Row{"before", kOffice, {}, kBerlin, 2026, 11, 20, 7, 59, false}, Row{"first_minute", kOffice, {}, kBerlin, 2026, 11, 20, 8, 0, true},
        Row{"last_minute", kOffice, {}, kBerlin, 2026, 11, 20, 15, 59, true}, Row{"after", kOffice, {}, kBerlin, 2026, 11, 20, 16, 0, false},
        Row{"saturday", kOffice, {}, kBerlin, 2026, 11, 21, 10, 0, false},
        // The same wall clock on both sides of the change to summer time, two Fridays apart.
        Row{"winter_nine", kOffice, {}, kBerlin, 2026, 3, 27, 8, 0, true}, Row{"summer_eight", kOffice, {}, kBerlin, 2026, 4, 2, 6, 59, false},
        Row{"summer_nine", kOffice, {}, kBerlin, 2026, 4, 2, 7, 0, true},
        // The night of the change itself: 02:00 to 03:00 does not exist on the 29th of March.
        Row{"night_before_change", kNight, {}, kBerlin, 2026, 3, 29, 0, 30, true}, Row{"night_end_summer", kNight, {}, kBerlin, 2026, 3, 29, 1, 59, true},
        Row{"night_over", kNight, {}, kBerlin, 2026, 3, 29, 2, 0, false},
        // And 02:00 to 03:00 comes twice on the 25th of October: open in both.
        Row{"first_two", kNight, {}, kBerlin, 2026, 10, 25, 0, 30, true}, Row{"second_two", kNight, {}, kBerlin, 2026, 10, 25, 1, 30, true},
        Row{"october_over", kNight, {}, kBerlin, 2026, 10, 25, 3, 0, false}, Row{"late_evening", kNight, {}, kBerlin, 2026, 11, 20, 21, 0, true},
        Row{"over_midnight", kNight, {}, kBerlin, 2026, 11, 21, 1, 0, true}, Row{"thursday_night", kNight, {}, kBerlin, 2026, 11, 20, 1, 0, false},
        Row{"sunday_morning", kNight, {}, kBerlin, 2026, 11, 22, 2, 59, true}, Row{"sunday_four", kNight, {}, kBerlin, 2026, 11, 22, 3, 0, false},
        Row{"christmas", kOffice, {"12-25"}, kBerlin, 2026, 12, 25, 10, 0, false},
        Row{"this_year_only", kOffice, {"2025-12-25"}, kBerlin, 2026, 12, 25, 10, 0, true},
        Row{"over_new_year", kOffice, {"12-24..01-02"}, kBerlin, 2027, 1, 1, 10, 0, false},
        Row{"behind_it", kOffice, {"12-24..01-02"}, kBerlin, 2027, 1, 4, 10, 0, true},
        Row{"dated_span", kOffice, {"2026-12-24..2027-01-01"}, kBerlin, 2026, 12, 31, 10, 0, false},
        Row{"dated_span_over", kOffice, {"2026-12-24..2027-01-01"}, kBerlin, 2027, 12, 31, 10, 0, true},
        // A holiday closes what begins on it, not the night that began before.
        Row{"night_into_holiday", kNight, {"11-21"}, kBerlin, 2026, 11, 21, 1, 0, true},
        Row{"night_of_holiday", kNight, {"11-21"}, kBerlin, 2026, 11, 21, 22, 0, false}, Row{"always", {}, {"12-25"}, kBerlin, 2026, 11, 21, 3, 0, true},
        Row{"always_but", {}, {"12-25"}, kBerlin, 2026, 12, 24, 23, 30, false}, Row{"day_is_local", {}, {"12-25"}, kBerlin, 2026, 12, 25, 23, 30, true},
        Row{"tokyo", kOffice, {}, "Asia/Tokyo", 2026, 11, 23, 0, 0, true}, Row{"tokyo_sunday_here", kOffice, {}, "Asia/Tokyo", 2026, 11, 22, 23, 59, false}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace parley::flows
