// Booking against a calendar on loopback that keeps what is put into it: as a CalDAV server, and as a plain file.

#include <gmock/gmock.h>

#include <chrono>

#include "icalendar.hpp"
#include "world.hpp"

namespace parley::tools::test {
namespace {

using testing::HasSubstr;

// The calendar's day, a month ahead.
std::chrono::sys_days the_day() {
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) + std::chrono::days(30);
}
std::string date() {
    const auto text = utc_text(the_day());
    return text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2);
}

struct Collection {
    std::string events, allowed = "Basic YW5uYTpzw6Zjcg==";
    bool dav = true;
    int put_status = 201;
    Collection() {
        CalendarEvent taken;
        taken.uid = "theirs";
        taken.when = {the_day() + 9h, the_day() + 10h};
        taken.summary = "taken & private";
        events = write_event(taken);
    }
    net::HttpResponse answer(const net::HttpRequest& request) {
        if (request.headers.get("authorization") != allowed) return {401, "text/plain", "secret_payload"};
        if (request.method == "PUT") {
            if (request.headers.get("if-none-match") == "*" && put_status == 201) events = request.body;
            return {put_status, "text/plain", ""};
        }
        if (request.method == "REPORT" && !dav) return {405, "text/plain", ""};
        if (request.method == "GET") return {200, "text/calendar", events};
        std::string escaped;
        for (const char c : events) escaped += c == '&' ? "&amp;" : std::string(1, c);
        return {207, "application/xml",
                "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:response><d:propstat><d:prop><c:calendar-data>" + escaped +
                    "</c:calendar-data></d:prop></d:propstat></d:response></d:multistatus>"};
    }
};

struct Booking : testing::Test {
    Booking() {
        settings.calendar.url = server.url("/anna/work/");
        settings.calendar.username = "anna";
        settings.calendar.password = Secret(
            "s\xC3\xA6"
            "cr");
        settings.calendar.time_zone = "UTC";
    }
    static std::string wish(const std::string& time, const std::string& more = {}) {
        return R"({"date":")" + date() + R"(","time":")" + time + R"(","service":"Cut, short")" + more + "}";
    }
    // As the model does it: asked for, confirmed by the caller, asked for again.
    static brain::ActionResult book(World& world, const std::string& arguments) {
        world.said("I would like an appointment.");
        EXPECT_THAT(world.call("book_appointment", arguments).json, HasSubstr("not done yet"));
        world.said("Yes, please.");
        return world.call("book_appointment", arguments);
    }
    [[nodiscard]] std::vector<std::string> methods() const {
        std::vector<std::string> all;
        for (const auto& request : server.asked()) all.push_back(request.method);
        return all;
    }
    Collection collection;
    ToolServer server{[this](net::HttpRequest& request) -> net::Task<net::HttpResponse> { co_return collection.answer(request); }};
    ToolSettings settings;
};

TEST_F(Booking, IsPutIntoTheCalendarOnceTheCallerHasSaidYes) {
    World world(settings);
    world.open();
    const auto free = json::parse(world.call("free_times", R"({"date":")" + date() + R"(","time":"09:00"})").json);
    EXPECT_EQ(free["free"], (json{"08:00", "08:30", "10:00"}));
    const auto made = book(world, wish("10:00", R"(,"name":"Ann","notes":"first\nvisit")"));
    EXPECT_TRUE(made.ok);
    const auto result = json::parse(made.json);
    EXPECT_EQ(result["booked"], true);
    EXPECT_EQ(result["until"], "10:30");
    EXPECT_EQ(methods(), (std::vector<std::string>{"REPORT", "REPORT", "PUT"}));
    const auto asked = server.asked();
    EXPECT_EQ(asked[1].headers.get("depth"), "1");
    EXPECT_THAT(asked[1].body, HasSubstr("time-range start=\"" + utc_text(the_day())));
    const auto& put = asked[2];
    EXPECT_THAT(put.target, testing::MatchesRegex("/anna/work/[0-9a-f]{32}\\.ics"));
    EXPECT_EQ(put.headers.get("if-none-match"), "*");
    EXPECT_EQ(put.headers.get("content-type"), "text/calendar; charset=utf-8");
    EXPECT_THAT(put.body, HasSubstr("SUMMARY:Cut\\, short\\, Ann\r\nDESCRIPTION:first\\nvisit\\n+4930123"));
    EXPECT_THAT(put.body, HasSubstr("DTSTART:" + utc_text(the_day() + 10h)));
    // Its own appointment is not in its way when the model says it again later.
    EXPECT_THAT(book(world, wish("10:00", R"(,"name":"Ann again")")).json, HasSubstr("\"booked\":true"));
    EXPECT_EQ(server.asked().back().target, put.target);
}

TEST_F(Booking, OfATimeThatIsTakenNamesTheNearestFreeOnes) {
    World world(settings);
    world.open();
    const auto result = json::parse(book(world, wish("09:30")).json);
    EXPECT_EQ(result["booked"], false);
    EXPECT_EQ(result["why"], "taken");
    EXPECT_EQ(result["free"], (json{"08:30", "10:00", "10:30"}));
    EXPECT_EQ(methods(), (std::vector<std::string>{"REPORT"}));
}

TEST_F(Booking, WorksWithAPlainCalendar) {
    collection.dav = false;
    World world(settings);
    world.open();
    EXPECT_THAT(book(world, wish("09:00")).json, HasSubstr("taken"));
    EXPECT_THAT(book(world, wish("11:00")).json, HasSubstr("\"booked\":true"));
    EXPECT_EQ(methods(), (std::vector<std::string>{"REPORT", "GET", "REPORT", "GET", "PUT"}));
}

TEST_F(Booking, ThatStandsThereAlreadyIsDone) {
    collection.put_status = 412;
    World world(settings);
    world.open();
    EXPECT_THAT(book(world, wish("11:00")).json, HasSubstr("\"booked\":true"));
}

TEST_F(Booking, IsRefusedWhereNobodyKnowsWhatIsFree) {
    World world(settings);
    world.open();
    for (const auto* broken : {"", "<html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"}) {
        collection.events = std::string("BEGIN:X\r\n") + broken;
        EXPECT_FALSE(book(world, wish("11:00")).ok);
    }
    collection.allowed = "nobody";
    const auto refused = book(world, wish("11:30"));
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.json.find("secret_payload"), std::string::npos);
    for (const auto& method : methods()) EXPECT_EQ(method, "REPORT");
    for (const auto& line : world.lines->lines()) EXPECT_EQ(line.find("Cut, short"), std::string::npos);
}

TEST_F(Booking, ThatTheCalendarRefusesIsNotCalledDone) {
    collection.put_status = 507;
    World world(settings);
    world.open();
    EXPECT_FALSE(book(world, wish("11:00")).ok);
}

TEST_F(Booking, NeedsATimeThatIsToCome) {
    World world(settings);
    world.open();
    for (const auto* arguments : {R"({"date":"2020-01-02","time":"10:00","service":"x"})", R"({"date":"2999-01-02","time":"10:00","service":"x"})",
                                  R"({"date":"2027-02-30","time":"10:00","service":"x"})"})
        EXPECT_FALSE(book(world, arguments).ok);
    EXPECT_THAT(world.call("book_appointment", R"({"date":"tomorrow","time":"10:00","service":"x"})").json, HasSubstr("arguments are wrong"));
    EXPECT_TRUE(server.asked().empty());
}

TEST(CalendarSettingsCheck, SaysWhatIsWrong) {
    ToolSettings settings;
    settings.calendar.url = "ftp://example.com/";
    ASSERT_EQ(wrong(settings).size(), 1U);
    EXPECT_EQ(wrong(settings)[0].first, "calendar.url");
    settings.calendar.url = "https://example.com/";
    settings.calendar.time_zone = "Europe/Nowhere";
    ASSERT_EQ(wrong(settings).size(), 1U);
    EXPECT_EQ(wrong(settings)[0].first, "calendar.time_zone");
}

}  // namespace
}  // namespace parley::tools::test
