#include "parley/flows/time_zone.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace parley::flows {
namespace {

using namespace std::chrono;

Second at(int y, unsigned m, unsigned d, int hour, int minute = 0, int second = 0) {
    return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second);
}

struct Row {
    const char* zone;
    Second utc;
    int offset;  // minutes
};
class Offsets : public testing::TestWithParam<Row> {};
TEST_P(Offsets, AreTheZones) {
    std::string why;
    const auto zone = TimeZone::load(GetParam().zone, &why);
    ASSERT_TRUE(zone) << why;
    EXPECT_EQ(zone->offset_at(GetParam().utc).count(), GetParam().offset * 60);
}
INSTANTIATE_TEST_SUITE_P(rows, Offsets,
                         testing::Values(Row{"UTC", at(2026, 7, 1, 0), 0}, Row{"Europe/Berlin", at(2026, 1, 15, 12), 60},
                                         Row{"Europe/Berlin", at(2026, 7, 15, 12), 120},
                                         // The hour that does not exist, and the one that comes twice: the last Sundays of March and October, 01:00 UTC.
                                         Row{"Europe/Berlin", at(2026, 3, 29, 0, 59, 59), 60}, Row{"Europe/Berlin", at(2026, 3, 29, 1), 120},
                                         Row{"Europe/Berlin", at(2026, 10, 25, 0, 59, 59), 120}, Row{"Europe/Berlin", at(2026, 10, 25, 1), 60},
                                         // By the rule alone, far behind every transition of the file.
                                         Row{"Europe/Berlin", at(2090, 7, 1, 0), 120}, Row{"Europe/Berlin", at(2090, 12, 1, 0), 60},
                                         Row{"America/New_York", at(2026, 3, 8, 6, 59, 59), -300}, Row{"America/New_York", at(2026, 3, 8, 7), -240},
                                         Row{"America/New_York", at(2026, 11, 1, 5, 59, 59), -240}, Row{"America/New_York", at(2026, 11, 1, 6), -300},
                                         Row{"Asia/Kolkata", at(2026, 6, 1, 0), 330},
                                         // South of the equator summer holds over the new year.
                                         Row{"Australia/Sydney", at(2026, 1, 1, 0), 660}, Row{"Australia/Sydney", at(2026, 7, 1, 0), 600},
                                         Row{"Australia/Sydney", at(2026, 10, 3, 16), 660}, Row{"Australia/Sydney", at(2026, 10, 3, 15, 59, 59), 600},
                                         Row{"Europe/Dublin", at(2026, 7, 1, 0), 60}, Row{"Europe/Dublin", at(2026, 1, 1, 0), 0},
                                         Row{"Europe/Berlin", at(1900, 1, 1, 0), 60}, Row{"Europe/Berlin", at(1945, 7, 1, 0), 180}),
                         [](const auto& row) { return std::to_string(row.index); });

TEST(TimeZone, AgreesWithTheCLibrary) {
    for (const auto* name :
         {"Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Sao_Paulo", "Asia/Tokyo", "Africa/Casablanca", "Pacific/Auckland"}) {
        const auto zone = TimeZone::load(name);
        ASSERT_TRUE(zone) << name;
        ::setenv("TZ", name, 1);
        ::tzset();
        // 7 h 13 min apart, so that every hour of the day is met; 1970 to 2035.
        for (std::int64_t t = 0; t < 2'051'222'400; t += 25'980 * 7) {
            std::tm local{};
            const auto moment = static_cast<std::time_t>(t);
            ::localtime_r(&moment, &local);
            ASSERT_EQ(zone->offset_at(Second(seconds(t))).count(), local.tm_gmtoff) << name << " " << t;
        }
    }
    ::unsetenv("TZ");
    ::tzset();
}

TEST(TimeZone, RefusesWhatIsNoName) {
    for (const auto* name : {"", "/etc/passwd", "../../etc/passwd", "Europe/../../../etc/passwd", "Europe", "Europe/Berln", "Europe/Berlin\n", "zone.tab"}) {
        std::string why;
        EXPECT_FALSE(TimeZone::load(name, &why)) << name;
        EXPECT_NE(why, "") << name;
    }
}

std::vector<std::uint8_t> bytes_of(const std::string& name) {
    std::ifstream in("/usr/share/zoneinfo/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(TimeZone, EveryCutOfAFileIsRefused) {
    const auto whole = bytes_of("Europe/Berlin");
    ASSERT_GT(whole.size(), 100U);
    ASSERT_TRUE(TimeZone::parse(whole));
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(TimeZone::parse(std::span(whole).first(n))) << n;
}

TEST(TimeZone, SpoiltBytesAreRefusedOrHarmless) {
    auto bytes = bytes_of("America/New_York");
    std::uint32_t seed = 1;
    for (int round = 0; round < 5000; ++round) {
        auto spoilt = bytes;
        for (int k = 0; k < 3; ++k) {
            seed = seed * 1664525U + 1013904223U;
            spoilt[(seed >> 8U) % spoilt.size()] = static_cast<std::uint8_t>(seed >> 24U);
        }
        if (const auto zone = TimeZone::parse(spoilt)) {
            for (const auto t : {-5'000'000'000LL, 0LL, 1'800'000'000LL, 9'000'000'000LL})
                EXPECT_LT(std::abs(zone->offset_at(Second(seconds(t))).count()), 27 * 3600);
        }
    }
}

}  // namespace
}  // namespace parley::flows
