#include "icalendar.hpp"

#include <gmock/gmock.h>

#include "caldav_codec.hpp"

namespace parley::tools {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Second at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
    return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute);
}
CalendarReading berlin(Second from, Second to) {
    CalendarReading reading;
    reading.window = {from, to};
    reading.zone = flows::TimeZone::load("Europe/Berlin");
    reading.zone_of = [](std::string_view tzid) { return flows::TimeZone::load(tzid); };
    return reading;
}
std::string calendar(const std::string& inner) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + inner + "END:VCALENDAR\r\n";
}
std::string event(const std::string& lines) {
    return calendar("BEGIN:VEVENT\r\nUID:a\r\n" + lines + "END:VEVENT\r\n");
}
std::string listed(const std::vector<TimeSpan>& spans) {
    std::string out;
    for (const auto& span : spans) out += (out.empty() ? "" : " ") + utc_text(span.from).substr(4) + "-" + utc_text(span.to).substr(4);
    return out;
}

// What stands in a calendar, and what is busy of the 2nd of March 2026 (a Monday) in Berlin, which is an hour ahead of UTC.
struct Row {
    const char *name, *lines, *busy;
};
class BusyTimes : public testing::TestWithParam<Row> {};
TEST_P(BusyTimes, AreRead) {
    const auto read = read_busy(event(GetParam().lines), berlin(at(2026, 3, 1, 23), at(2026, 3, 2, 23)));
    ASSERT_TRUE(read);
    EXPECT_EQ(listed(*read), GetParam().busy);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, BusyTimes,
    testing::Values(Row{"utc", "DTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"floating", "DTSTART:20260302T090000\r\nDURATION:PT45M\r\n", "0302T080000Z-0302T084500Z"},
                    Row{"zone", "DTSTART;TZID=America/New_York:20260302T090000\r\nDTEND;TZID=America/New_York:20260302T093000\r\n",
                        "0302T140000Z-0302T143000Z"},
                    Row{"unknown_zone", "DTSTART;TZID=\"Our: place\":20260302T090000\r\nDURATION:PT1H\r\n", "0302T080000Z-0302T090000Z"},
                    Row{"folded", "DTSTART;TZID=Europe/\r\n Berlin:202603\r\n\t02T090000\r\nDURATION:PT1H\r\n", "0302T080000Z-0302T090000Z"},
                    Row{"whole_day", "DTSTART;VALUE=DATE:20260302\r\n", "0301T230000Z-0302T230000Z"},
                    Row{"days", "DTSTART;VALUE=DATE:20260228\r\nDTEND;VALUE=DATE:20260303\r\n", "0227T230000Z-0302T230000Z"},
                    Row{"elsewhere", "DTSTART:20260303T090000Z\r\nDTEND:20260303T100000Z\r\n", ""},
                    Row{"touching", "DTSTART:20260302T230000Z\r\nDTEND:20260302T233000Z\r\n", ""},
                    Row{"cancelled", "STATUS:CANCELLED\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\n", ""},
                    Row{"transparent", "TRANSP:transparent\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\n", ""},
                    Row{"no_length", "DTSTART:20260302T090000Z\r\n", ""},
                    Row{"alarm", "DTSTART:20260302T090000Z\r\nDURATION:PT1H\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDURATION:-P1\r\nEND:VALARM\r\n",
                        "0302T090000Z-0302T100000Z"},
                    // Over the change of clocks the time of day stays: begun in summer at nine.
                    Row{"weekly", "DTSTART;TZID=Europe/Berlin:20250630T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n", "0302T080000Z-0302T090000Z"},
                    Row{"every_other_week_off", "DTSTART:20260223T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;INTERVAL=2\r\n", ""},
                    Row{"every_other_week_on", "DTSTART:20260216T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;INTERVAL=2\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"weekdays", "DTSTART:20260225T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"other_weekdays", "DTSTART:20260225T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=TU,WE\r\n", ""},
                    Row{"until", "DTSTART:20260201T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL=20260301T235959Z\r\n", ""},
                    Row{"until_then", "DTSTART:20260201T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL=20260302\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"counted", "DTSTART:20260227T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n", ""},
                    Row{"counted_in", "DTSTART:20260227T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"left_out", "DTSTART:20260227T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nEXDATE:20260302T090000Z\r\n", ""},
                    Row{"also", "DTSTART:20260105T090000Z\r\nDURATION:PT1H\r\nRDATE:20260302T120000Z\r\n", "0302T120000Z-0302T130000Z"},
                    Row{"monthly", "DTSTART:20251202T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=MONTHLY\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"from_the_end", "DTSTART:20251231T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n", ""},
                    Row{"yearly", "DTSTART:20200302T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"another_month", "DTSTART:20200402T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY\r\n", ""},
                    // Rather too much than too little: any Monday for the third one, the whole day for every hour.
                    Row{"third_monday", "DTSTART:20251215T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=MONTHLY;BYDAY=3MO;COUNT=2\r\n", "0302T090000Z-0302T100000Z"},
                    Row{"late_the_day_before", "DTSTART:20260301T223000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n", "0301T223000Z-0301T233000Z"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BusyTimes, FreeBusyIsReadToo) {
    const auto text = calendar(
        "BEGIN:VFREEBUSY\r\nDTSTART:20260302T000000Z\r\nDTEND:20260303T000000Z\r\nFREEBUSY;FBTYPE=BUSY:20260302T080000Z/PT30M,20260302T100000Z/"
        "20260302T110000Z\r\nFREEBUSY;FBTYPE=FREE:20260302T120000Z/PT1H\r\nEND:VFREEBUSY\r\n");
    const auto read = read_busy(text, berlin(at(2026, 3, 2), at(2026, 3, 3)));
    ASSERT_TRUE(read);
    EXPECT_EQ(listed(*read), "0302T080000Z-0302T083000Z 0302T100000Z-0302T110000Z");
}

TEST(BusyTimes, OnesOwnEventIsNotInItsWay) {
    auto reading = berlin(at(2026, 3, 2), at(2026, 3, 3));
    const auto text = event("DTSTART:20260302T090000Z\r\nDURATION:PT1H\r\n");
    EXPECT_EQ(read_busy(text, reading)->size(), 1U);
    reading.except_uid = "a";
    EXPECT_THAT(*read_busy(text, reading), IsEmpty());
}

TEST(BusyTimes, WhatIsBrokenIsRefused) {
    const auto reading = berlin(at(2026, 3, 2), at(2026, 3, 3));
    std::string many;
    for (int i = 0; i < 2001; ++i) many += "BEGIN:VEVENT\nDTSTART:20260302T090000Z\nEND:VEVENT\n";
    for (const auto& text : {std::string(),
                             std::string("<html>"),
                             std::string("BEGIN:VCALENDAR\n"),
                             std::string("BEGIN:VEVENT\nEND:VEVENT\n"),
                             std::string("END:VCALENDAR\n"),
                             calendar("BEGIN:VEVENT\nEND:VEVENT\n"),
                             calendar("no line\n"),
                             calendar("BEGIN:VEVENT\nEND:VTODO\n"),
                             event("DTSTART:20260230T090000Z\n"),
                             event("DTSTART:2026-03-02\n"),
                             event("DTSTART:20260302T250000Z\n"),
                             event("DTSTART:20260302T090000Z\nDTEND:20260302T080000Z\n"),
                             event("DTSTART:20260302T090000Z\nDURATION:PT1X\n"),
                             event("DTSTART:20260302T090000Z\nDURATION:P\n"),
                             event("DTSTART:20260302T090000Z\nRRULE:FREQ=SOMETIMES\n"),
                             event("DTSTART:20260302T090000Z\nRRULE:INTERVAL=2\n"),
                             event("DTSTART:20260302T090000Z\nRRULE:FREQ=DAILY;INTERVAL=0\n"),
                             event("DTSTART;TZID=\"open:20260302T090000\n"),
                             calendar(many),
                             calendar("X:" + std::string(kMostCalendar, 'x') + "\n")})
        EXPECT_FALSE(read_busy(text, reading)) << text.substr(0, 120);
    EXPECT_TRUE(read_busy(calendar(""), reading));
}

TEST(BusyTimes, CountingEndsSomewhere) {
    std::string many;
    for (int i = 0; i < 1900; ++i) many += "BEGIN:VEVENT\nDTSTART:19000101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=999999\nEND:VEVENT\n";
    const auto read = read_busy(calendar(many), berlin(at(2026, 3, 2), at(2026, 3, 3)));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 1900U);
}

TEST(EventText, IsEscapedFoldedAndReadAgain) {
    CalendarEvent mine;
    mine.uid = "k1";
    mine.when = {at(2026, 3, 2, 9), at(2026, 3, 2, 9, 30)};
    mine.stamp = at(2026, 2, 28, 12, 5);
    mine.summary = "Haarschnitt; kurz, \\ für " + std::string(40, 'x') + std::string("\xC3\xA4\xC3\xB6") + std::string(40, 'y');
    mine.description = "one\r\ntwo\nEND:VEVENT\x01";
    const auto text = write_event(mine);
    EXPECT_THAT(
        text, testing::HasSubstr("DTSTAMP:20260228T120500Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T093000Z\r\nSUMMARY:Haarschnitt\\; kurz\\, \\\\ für "));
    EXPECT_THAT(text, testing::HasSubstr("DESCRIPTION:one\\ntwo\\nEND:VEVENT\r\n"));
    std::string unfolded;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = text.find("\r\n", from);
        ASSERT_NE(end, std::string::npos);
        const auto line = text.substr(from, end - from);
        EXPECT_LE(line.size(), 75U);
        EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
        // A character is never cut in two.
        EXPECT_NE(static_cast<unsigned char>(line.size() > 1 && line[0] == ' ' ? line[1] : line[0]) & 0xC0U, 0x80U);
        unfolded += line.starts_with(' ') ? line.substr(1) : "\n" + line;
        from = end + 2;
    }
    EXPECT_THAT(unfolded, testing::HasSubstr(std::string(40, 'x') + "\xC3\xA4\xC3\xB6" + std::string(40, 'y')));
    const auto read = read_busy(text, berlin(at(2026, 3, 2), at(2026, 3, 3)));
    ASSERT_TRUE(read);
    EXPECT_THAT(*read, ElementsAre(mine.when));
}

TEST(FreeTimes, AreTheNearestWithinTheHours) {
    flows::Hours hours;
    hours.zone = flows::TimeZone::load("Europe/Berlin");
    hours.open = *flows::parse_open("mon-fri 09:00-12:00");
    FreeWish wish;
    wish.day = {at(2026, 3, 1, 23), at(2026, 3, 2, 23)};
    wish.hours = &hours;
    wish.near = at(2026, 3, 2, 9);  // ten o'clock there
    const auto at_clock = [&](const std::vector<TimeSpan>& busy) {
        std::string out;
        for (const auto time : free_times(busy, wish)) out += utc_text(time).substr(9, 4) + " ";
        return out;
    };
    EXPECT_EQ(at_clock({}), "0830 0900 0930 ");
    EXPECT_EQ(at_clock({{at(2026, 3, 2, 9), at(2026, 3, 2, 9, 10)}}), "0800 0830 0930 ");
    wish.not_before = at(2026, 3, 2, 10, 1);
    EXPECT_EQ(at_clock({}), "1030 ");  // from eleven thirty to closing time
    wish.length = 60min;
    EXPECT_EQ(at_clock({}), "");
    wish.hours = nullptr;
    wish.near = at(2026, 3, 2, 23);
    EXPECT_EQ(at_clock({}), "2130 2200 2230 ");
}

TEST(Clocks, OfAPlaceBecomeInstants) {
    const auto zone = flows::TimeZone::load("Europe/Berlin");
    EXPECT_EQ(instant_of(at(2026, 3, 2, 10), *zone), at(2026, 3, 2, 9));
    EXPECT_EQ(instant_of(at(2026, 7, 2, 10), *zone), at(2026, 7, 2, 8));
    EXPECT_EQ(instant_of(at(2026, 3, 29, 1, 59), *zone), at(2026, 3, 29, 0, 59));
    EXPECT_EQ(instant_of(at(2026, 3, 29, 3), *zone), at(2026, 3, 29, 1));
}

TEST(Multistatus, ItsCalendarsAreFound) {
    const auto read = read_multistatus(
        "<?xml version=\"1.0\"?>\n<d:multistatus xmlns:d=\"DAV:\" xmlns:cal='urn:x>y'><!-- <cal:calendar-data> "
        "--><d:response><d:href>/a.ics</d:href><d:propstat><d:prop>"
        "<cal:calendar-data>BEGIN:VCALENDAR&#13;\nSUMMARY:a &lt;b&gt; &amp; c&#xD;\nEND:VCALENDAR</cal:calendar-data></d:prop></d:propstat></d:response>"
        "<d:response><calendar-data a=\">\"><![CDATA[BEGIN:VCALENDAR <x>]]></calendar-data><calendar-data/><cal:calendar-data> "
        "</cal:calendar-data></d:response></d:multistatus>\n");
    ASSERT_TRUE(read);
    EXPECT_THAT(*read, ElementsAre("BEGIN:VCALENDAR\r\nSUMMARY:a <b> & c\r\nEND:VCALENDAR", "BEGIN:VCALENDAR <x>"));
    EXPECT_THAT(*read_multistatus("<multistatus/>"), IsEmpty());
    for (const auto* bad : {"", "text", "<html></html>", "<multistatus>", "<multistatus></other>", "<multistatus></multistatus><multistatus/>",
                            "<!DOCTYPE x [<!ENTITY a 'b'>]><multistatus/>", "<multistatus><calendar-data>&a;</calendar-data></multistatus>",
                            "<multistatus><calendar-data>&#0;</calendar-data></multistatus>", "<multistatus a=\"", "<multistatus><![CDATA[", "<>"})
        EXPECT_FALSE(read_multistatus(bad)) << bad;
}

}  // namespace
}  // namespace parley::tools
