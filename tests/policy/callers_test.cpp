#include "parley/policy/callers.hpp"

#include <gtest/gtest.h>

#include "parley/policy/quiet_hours.hpp"

namespace parley::policy {
namespace {

flows::Second at(int year, unsigned month, unsigned day, int hour, int minute = 0) {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute);
}

TEST(Withheld, IsEveryFormCarriersGiveIt) {
    for (const char* from : {"", " ", "anonymous", "Anonymous", "ANONYMOUS", "Restricted", "Unavailable", "blocked", "unknown", "private", "+266696687",
                             "266696687", "+86282452253", "+7378742833", "+2562533", "+8656696", "sip:anonymous@anonymous.invalid", " Anonymous "})
        EXPECT_TRUE(withheld(from)) << from;
    for (const char* from : {"+4930123456", "+12666966870", "client:anonymously", "sip:alice@example.com", "+1415555", "client:alice"})
        EXPECT_FALSE(withheld(from)) << from;
}

TEST(CallerPattern, IsANumberOrItsBeginning) {
    for (const char* right : {"+4930123456", "+49*", "+4930*", "client:alice", "client:*", "sip:alice@example.com", "sip:*"})
        EXPECT_EQ(wrong_caller_pattern(right), "") << right;
    for (const char* wrong :
         {"", "*", "+*", "+", "4930", "+0123", "+49x", "+49*30", "+1234567890123456", "alice", "client:", "sip:", "client:al ice", "tel:+49"})
        EXPECT_NE(wrong_caller_pattern(wrong), "") << wrong;
    EXPECT_NE(wrong_caller_pattern("sip:" + std::string(300, 'a')), "");
}

struct Case {
    const char* name;
    std::vector<std::string> allow, block;
    bool anonymous;
    std::string from;
    std::string refused;  // "": allowed
};
class Callers : public testing::TestWithParam<Case> {};
TEST_P(Callers, AreDecidedAboutByTheLists) {
    const auto& c = GetParam();
    PolicySettings settings;
    settings.allow = c.allow;
    settings.block = c.block;
    settings.anonymous = c.anonymous;
    const auto decision = decide(settings, c.from, nullptr, at(2026, 11, 21, 12));
    EXPECT_EQ(decision.allowed, c.refused.empty());
    EXPECT_EQ(decision.detail, c.refused);
    EXPECT_EQ(decision.reason, c.refused.empty() ? "" : "policy");
    EXPECT_FALSE(decision.closed);
}
INSTANTIATE_TEST_SUITE_P(
    cases, Callers,
    testing::Values(
        Case{"nobody_is_named", {}, {}, true, "+4930123456", ""}, Case{"blocked", {}, {"+4930123456"}, true, "+4930123456", "blocked"},
        Case{"its_beginning_blocked", {}, {"+4930*"}, true, "+4930123456", "blocked"},
        Case{"another_is_blocked", {}, {"+4930123457", "+4940*"}, true, "+4930123456", ""}, Case{"allowed", {"+4930123456"}, {}, true, "+4930123456", ""},
        Case{"its_beginning_allowed", {"+49*"}, {}, true, "+4930123456", ""}, Case{"not_on_the_list", {"+49*"}, {}, true, "+4330123456", "not_allowed"},
        Case{"longer_than_the_listed_number", {"+4930"}, {}, true, "+49301", "not_allowed"},
        Case{"the_block_list_wins", {"+49*"}, {"+4930*"}, true, "+4930123456", "blocked"}, Case{"anonymous_may", {}, {}, true, "+266696687", ""},
        Case{"anonymous_may_not", {}, {}, false, "+266696687", "anonymous"}, Case{"anonymous_is_on_no_list", {"+266*"}, {}, true, "+266696687", "anonymous"},
        Case{"anonymous_is_on_no_block_list", {}, {"+266*"}, true, "+266696687", ""}, Case{"no_number_at_all", {"+49*"}, {}, true, "", "anonymous"},
        Case{"a_client", {"client:alice"}, {}, true, "client:alice", ""}, Case{"another_client", {"client:alice"}, {}, true, "client:bob", "not_allowed"},
        Case{"any_sip", {"sip:*"}, {}, false, "sip:Alice@example.com", ""}),
    [](const auto& c) { return c.param.name; });

TEST(Decision, SaysWhetherTheAgentIsThere) {
    flows::Hours hours;
    hours.open = *flows::parse_open("mon-fri 09:00-17:00");
    hours.holidays = {*flows::parse_holiday("2026-11-23")};
    const PolicySettings settings;
    EXPECT_TRUE(decide(settings, "+4930123456", &hours, at(2026, 11, 21, 12)).closed);  // a Saturday
    EXPECT_TRUE(decide(settings, "+4930123456", &hours, at(2026, 11, 23, 12)).closed);  // a holiday
    EXPECT_FALSE(decide(settings, "+4930123456", &hours, at(2026, 11, 24, 12)).closed);
    EXPECT_TRUE(decide(settings, "+4930123456", &hours, at(2026, 11, 24, 17)).closed);
}

TEST(Clock, IsReadStrictly) {
    EXPECT_EQ(parse_clock("00:00"), 0U);
    EXPECT_EQ(parse_clock("21:30"), 1290U);
    EXPECT_EQ(parse_clock("24:00"), 1440U);
    for (const char* wrong : {"", "9:00", "24:01", "25:00", "12:60", "12-00", "12:0x", "112:00"}) EXPECT_FALSE(parse_clock(wrong)) << wrong;
}

TEST(Quiet, GoesByTheCalledPartysClock) {
    EXPECT_EQ(zone_of_number("+4930123456"), "Europe/Berlin");
    EXPECT_EQ(zone_of_number("+35312345678"), "Europe/Dublin");
    EXPECT_EQ(zone_of_number("+14155550101"), "");  // several zones
    EXPECT_EQ(zone_of_number("+74951234567"), "");
    EXPECT_EQ(zone_of_number("client:alice"), "");
    QuietHours quiet;
    EXPECT_EQ(quiet.quiet_at("+4930123456", at(2026, 7, 1, 3)), std::nullopt) << "no quiet hours";
    quiet.from = *parse_clock("21:00");
    quiet.to = *parse_clock("08:00");
    quiet.zone = flows::TimeZone::load("America/New_York");
    ASSERT_TRUE(quiet.zone);
    struct Row {
        const char* to;
        flows::Second now;
        const char* quiet;  // "": it may be called
    };
    for (const auto& row :
         {Row{"+4930123456", at(2026, 7, 1, 5, 59), "07:59"}, Row{"+4930123456", at(2026, 7, 1, 6), ""}, Row{"+4930123456", at(2026, 7, 1, 18, 59), ""},
          Row{"+4930123456", at(2026, 7, 1, 19), "21:00"}, Row{"+4930123456", at(2026, 1, 1, 6, 30), "07:30"}, Row{"+4930123456", at(2026, 1, 1, 7), ""},
          Row{"+819012345678", at(2026, 7, 1, 13), "22:00"}, Row{"+14155550101", at(2026, 7, 1, 6), "02:00"}, Row{"+14155550101", at(2026, 7, 1, 12), ""},
          Row{"sip:desk@example.com", at(2026, 7, 2, 1), "21:00"}})
        EXPECT_EQ(quiet.quiet_at(row.to, row.now).value_or(""), row.quiet) << row.to;
    quiet.from = *parse_clock("12:00");
    quiet.to = *parse_clock("14:00");
    EXPECT_TRUE(quiet.quiet_at("+4930123456", at(2026, 7, 1, 10)));
    EXPECT_FALSE(quiet.quiet_at("+4930123456", at(2026, 7, 1, 12)));
}

}  // namespace
}  // namespace parley::policy
