#include <gtest/gtest.h>

#include "parley/control/dial_guard.hpp"

namespace parley::control {
namespace {

using namespace std::chrono_literals;

DialLimits open() {
    DialLimits limits;
    limits.enabled = true;
    limits.allowed_prefixes = {"+49", "+1415", "sip:@example.com", "client:"};
    limits.calls_per_second = 100;
    limits.calls_per_minute = 1000;
    limits.per_destination_per_hour = 1000;
    return limits;
}

constexpr TimePoint kStart{1000h};

TEST(DialGuard, NobodyIsCalledUntilSomebodySaysSo) {
    DialGuard shut{DialLimits{}};
    EXPECT_EQ(shut.take("+4930123456", 0, kStart), Blocked::disabled);
    DialLimits limits;
    limits.enabled = true;
    DialGuard nobody(limits);
    EXPECT_EQ(nobody.take("+4930123456", 0, kStart), Blocked::prefix);
    EXPECT_EQ(nobody.take("sip:desk@example.com", 0, kStart), Blocked::prefix);
    EXPECT_EQ(nobody.take("client:alice", 0, kStart), Blocked::prefix);
}

TEST(DialGuard, PrefixesDecideByTheLongestThatFits) {
    DialGuard guard(open());
    EXPECT_FALSE(guard.take("+4930123456", 0, kStart));
    EXPECT_EQ(guard.take("+49900123456", 0, kStart), Blocked::prefix);  // premium, denied by default
    EXPECT_EQ(guard.take("+441234567890", 0, kStart), Blocked::prefix);
    EXPECT_EQ(guard.take("+881612345678", 0, kStart), Blocked::prefix);
    EXPECT_FALSE(guard.take("+14155550100", 0, kStart));
    EXPECT_EQ(guard.take("+14165550100", 0, kStart), Blocked::prefix);
    EXPECT_FALSE(guard.take("sip:desk@example.com", 0, kStart));
    EXPECT_FALSE(guard.take("sip:Desk@EXAMPLE.com:5061;transport=tls", 0, kStart));
    EXPECT_EQ(guard.take("sip:desk@example.com.evil.test", 0, kStart), Blocked::prefix);
    EXPECT_EQ(guard.take("sip:desk@evil.test;x=@example.com", 0, kStart), Blocked::prefix);
    EXPECT_FALSE(guard.take("client:alice", 0, kStart));

    auto limits = open();
    limits.allowed_prefixes = {"+49", "+4990012"};
    DialGuard narrower(limits);
    EXPECT_FALSE(narrower.take("+49900123456", 0, kStart));
    EXPECT_EQ(narrower.take("+49900923456", 0, kStart), Blocked::prefix);
    limits.denied_prefixes = {"+49"};
    limits.allowed_prefixes = {"+49"};
    DialGuard tie(limits);
    EXPECT_EQ(tie.take("+4930123456", 0, kStart), Blocked::prefix);
}

TEST(DialGuard, OnlyAddressesCanBeCalled) {
    DialGuard guard(open());
    for (const char* bad : {"", "030123456", "+0123456789", "+49 30 123456", "4930123456", "+493012345678901234", "sip:", "sip:desk", "sip:@example.com",
                            "client:", "tel:+4930123456", "+49301\n23456"})
        EXPECT_EQ(guard.take(bad, 0, kStart), Blocked::address) << bad;
}

TEST(DialGuard, WindowsOpenAndClose) {
    auto limits = open();
    limits.calls_per_second = 2;
    limits.calls_per_minute = 5;
    limits.calls_per_day = 7;
    DialGuard guard(limits);
    auto now = kStart;
    EXPECT_FALSE(guard.take("+4930111111", 0, now));
    EXPECT_FALSE(guard.take("+4930111112", 0, now + 10ms));
    EXPECT_EQ(guard.take("+4930111113", 0, now + 999ms), Blocked::second);
    EXPECT_FALSE(guard.take("+4930111113", 0, now + 1000ms));
    EXPECT_FALSE(guard.take("+4930111114", 0, now + 3s));
    EXPECT_FALSE(guard.take("+4930111115", 0, now + 6s));
    EXPECT_EQ(guard.take("+4930111116", 0, now + 30s), Blocked::minute);
    EXPECT_EQ(guard.take("+4930111116", 0, now + 59s), Blocked::minute);
    EXPECT_FALSE(guard.take("+4930111116", 0, now + 60s));
    EXPECT_FALSE(guard.take("+4930111117", 0, now + 2h));
    EXPECT_EQ(guard.take("+4930111118", 0, now + 23h), Blocked::day);
    EXPECT_FALSE(guard.take("+4930111118", 0, now + 24h + 1s));
}

TEST(DialGuard, BelowOneASecondIsOneInSoMany) {
    auto limits = open();
    limits.calls_per_second = 0.2;
    DialGuard guard(limits);
    EXPECT_FALSE(guard.take("+4930111111", 0, kStart));
    EXPECT_EQ(guard.take("+4930111112", 0, kStart + 4900ms), Blocked::second);
    EXPECT_FALSE(guard.take("+4930111112", 0, kStart + 5s));
}

TEST(DialGuard, OneDestinationAndAtOnce) {
    auto limits = open();
    limits.per_destination_per_hour = 2;
    limits.at_once = 3;
    DialGuard guard(limits);
    EXPECT_EQ(guard.take("+4930111111", 3, kStart), Blocked::at_once);
    EXPECT_FALSE(guard.take("+4930111111", 2, kStart));
    EXPECT_FALSE(guard.take("+4930111111", 0, kStart + 10min));
    EXPECT_EQ(guard.take("+4930111111", 0, kStart + 30min), Blocked::destination);
    EXPECT_FALSE(guard.take("+4930111112", 0, kStart + 30min));
    EXPECT_FALSE(guard.take("+4930111111", 0, kStart + 1h));
    EXPECT_EQ(guard.take("+4930111111", 0, kStart + 1h + 5min), Blocked::destination);
    EXPECT_FALSE(guard.take("sip:desk@example.com", 0, kStart));
    EXPECT_FALSE(guard.take("sip:DESK@example.com:5060", 0, kStart));
    EXPECT_EQ(guard.take("sip:desk@example.com;transport=tls", 0, kStart), Blocked::destination) << "one destination however it is written";
}

TEST(DialGuard, RefusalsCostNothing) {
    auto limits = open();
    limits.calls_per_minute = 1;
    DialGuard guard(limits);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(guard.take("+441234567890", 0, kStart), Blocked::prefix);
    EXPECT_FALSE(guard.take("+4930111111", 0, kStart));
}

TEST(DialGuard, FurtherLegsAreNeverPremium) {
    DialGuard shut{DialLimits{}};
    EXPECT_FALSE(shut.take_leg("+4930123456", 0, kStart));
    EXPECT_EQ(shut.take_leg("+19005550100", 0, kStart + 5s), Blocked::prefix);
    DialGuard guard(open());
    EXPECT_EQ(guard.take_leg("+441234567890", 0, kStart), Blocked::prefix);
}

TEST(DialGuard, PrefixesAreChecked) {
    for (const char* good : {"+49", "+1415555", "sip:desk@example.com", "sip:@example.com", "client:", "client:alice"})
        EXPECT_EQ(wrong_prefix(good), "") << good;
    for (const char* bad : {"", "+", "49", "+0", "+49x", "sip:", "sip:desk", "sip:desk@", "tel:+49", "*"}) EXPECT_NE(wrong_prefix(bad), "") << bad;
}

TEST(DialGuard, EachRefusalHasItsSentence) {
    for (const auto why :
         {Blocked::disabled, Blocked::address, Blocked::prefix, Blocked::second, Blocked::minute, Blocked::day, Blocked::destination, Blocked::at_once})
        EXPECT_TRUE(sentence(why, DialLimits{}).ends_with('.')) << name(why);
}

}  // namespace
}  // namespace parley::control
