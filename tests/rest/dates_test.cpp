#include "parley/rest/dates.hpp"

#include <gtest/gtest.h>

namespace parley::rest {
namespace {

using namespace std::chrono;

TEST(RestDates, read_what_twilio_writes) {
    const auto at = sys_days(2010y / 8 / 31) + 20h + 36min + 28s;
    EXPECT_EQ(parse_rfc2822("Tue, 31 Aug 2010 20:36:28 +0000"), When(at));
    EXPECT_EQ(parse_rfc2822("Tue, 31 Aug 2010 20:36:28 GMT"), When(at));
    EXPECT_EQ(parse_rfc2822("Tue, 31 Aug 2010 22:36:28 +0200"), When(at));
    EXPECT_EQ(parse_iso8601("2010-08-31T20:36:28Z"), When(at));
    EXPECT_EQ(parse_iso8601("2010-08-31T20:36:28.250Z"), When(at + 250ms));
    EXPECT_EQ(parse_iso8601("2010-08-31T15:06:28-05:30"), When(at));
    EXPECT_EQ(parse_date("2010-08-31T20:36:28Z"), parse_date("Tue, 31 Aug 2010 20:36:28 +0000"));
    EXPECT_EQ(parse_rfc2822("Sat, 1 Aug 2026 00:00:00 +0000"), When(sys_days(2026y / 8 / 1)));
}

TEST(RestDates, are_strict) {
    for (const char* bad :
         {"", "Tue", "Mon, 31 Aug 2010 20:36:28 +0000", "Tue, 31 Aug 2010 20:36:28", "Tue, 31 Aug 2010 20:36:28 +0000 ", "Tue, 31 Feb 2010 20:36:28 +0000",
          "Tue, 31 Aug 2010 24:36:28 +0000", "Tue, 31 Aug 2010 20:60:28 +0000", "Tue,31 Aug 2010 20:36:28 +0000", "Tue, 31 Aug 10 20:36:28 +0000",
          "Tue, 31 Aug 2010 20:36:28 +9900", "Tue, 31 Aug 9999 20:36:28 +0000"})
        EXPECT_FALSE(parse_rfc2822(bad)) << bad;
    for (const char* bad : {"", "2010-08-31", "2010-08-31 20:36:28Z", "2010-08-31T20:36:28", "2010-13-31T20:36:28Z", "2010-08-31T20:36:28.Z",
                            "2010-08-31T20:36:28.1234567890123Z", "2010-08-31T20:36:28+0200", "2010-8-31T20:36:28Z", "2010-08-31T20:36:28Zx"})
        EXPECT_FALSE(parse_iso8601(bad)) << bad;
}

TEST(RestDates, go_there_and_back) {
    const auto at = sys_days(2026y / 11 / 21) + 10h + 15min + 30s;
    EXPECT_EQ(format_iso8601(at), "2026-11-21T10:15:30Z");
    EXPECT_EQ(format_rfc2822(at), "Sat, 21 Nov 2026 10:15:30 +0000");
    EXPECT_EQ(format_day(at), "2026-11-21");
    for (int day = 0; day < 4000; day += 37) {
        const auto when = at + days(day) + seconds(day * 7);
        EXPECT_EQ(parse_rfc2822(format_rfc2822(when)), When(when));
        EXPECT_EQ(parse_iso8601(format_iso8601(when)), When(when));
    }
}

}  // namespace
}  // namespace parley::rest
