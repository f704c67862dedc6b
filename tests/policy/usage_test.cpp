#include "parley/policy/usage.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/policy/meter.hpp"

namespace parley::policy {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::chrono::sys_seconds kToday = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 12h;

PriceList prices() {
    Prices table;
    table.call_per_minute = 0.6;
    table.rows = {{.vendor = "openai", .model = "*", .input_per_million = 2, .output_per_million = 8},
                  {.vendor = "openai", .model = "large", .input_per_million = 20, .output_per_million = 80},
                  {.vendor = "fast", .model = "", .input_per_million = 1, .output_per_million = 1},
                  {.vendor = "deepgram", .model = {}, .per_minute = 0.06},
                  {.vendor = "voice", .model = {}, .per_minute = 100, .per_thousand_characters = 0.3}};
    return {table,
            {{"main", "openai", "large"}, {"small", "openai", "mini"}, {"fast", "openai", "mini"}, {"ears", "deepgram", "nova"}, {"voice", "cartesia", ""}}};
}

brain::VendorRecord record(std::string role, std::string vendor, std::uint32_t in, std::uint32_t out, std::uint32_t characters,
                           std::chrono::milliseconds lasted) {
    brain::VendorRecord made;
    made.role = std::move(role);
    made.vendor = std::move(vendor);
    made.outcome = "ok";
    made.input_tokens = in;
    made.output_tokens = out;
    made.characters = characters;
    made.lasted = lasted;
    return made;
}

TEST(Prices, TheRowThatFitsBestCounts) {
    const auto list = prices();
    const auto micros = [&](const char* role, const char* vendor, std::uint32_t in, std::uint32_t out, std::uint32_t characters,
                            std::chrono::milliseconds lasted) { return list.micros(vendor, role, used_by(record(role, vendor, in, out, characters, lasted))); };
    EXPECT_EQ(micros("llm", "main", 1'000'000, 0, 0, 0ms), 20'000'000);        // its very model
    EXPECT_EQ(micros("llm", "small", 1'000'000, 500'000, 0, 0ms), 6'000'000);  // any model of the vendor
    EXPECT_EQ(micros("llm", "fast", 1'000'000, 0, 0, 0ms), 1'000'000);         // the entry by its name
    EXPECT_EQ(micros("stt", "ears", 0, 0, 0, 30s), 30'000);
    EXPECT_EQ(micros("tts", "voice", 0, 0, 500, 30s), 150'000);  // words by their characters, not by the time their making took
    EXPECT_EQ(micros("llm", "unknown", 1000, 1000, 1000, 60s), 0);
    EXPECT_EQ(list.carrier_micros(90s), 900'000);
}

TEST(Budget, IsReachedByWhicheverComesFirst) {
    EXPECT_EQ(reached({}, {.milliseconds = 1'000'000, .input_tokens = 1, .micros = 1}), "");
    EXPECT_EQ(reached({.money = 0.5, .tokens = {}, .time = {}}, {.micros = 499'999}), "");
    EXPECT_EQ(reached({.money = 0.5, .tokens = {}, .time = {}}, {.micros = 500'000}), "money");
    EXPECT_EQ(reached({.money = {}, .tokens = 10, .time = {}}, {.input_tokens = 4, .output_tokens = 6}), "tokens");
    EXPECT_EQ(reached({.money = {}, .tokens = {}, .time = 2s}, {.milliseconds = 1999}), "");
    EXPECT_EQ(reached({.money = {}, .tokens = {}, .time = 2s}, {.milliseconds = 2000}), "time");
}

TEST(Day, IsADate) {
    EXPECT_EQ(day_of(kToday), "2026-11-21");
    EXPECT_TRUE(is_day("2024-02-29"));
    for (const char* wrong : {"", "2026-02-29", "2026-1-1", "2026-13-01", "20261121xx", "2026-11-2x", "2026-11-21 "}) EXPECT_FALSE(is_day(wrong)) << wrong;
}

class Metering : public testing::Test {
protected:
    Metering() { meter.prices(prices()); }
    Meter meter;
    TimePoint t0 = Clock::now();
};

TEST_F(Metering, ACallsUseIsBilledOnceByVendorWhenItsSocketsHaveClosed) {
    meter.began("CA1", "front", {}, t0, kToday);
    meter.used("CA1", "front", record("llm", "main", 1000, 100, 0, 900ms), kToday);
    meter.used("CA1", "front", record("llm", "main", 2000, 100, 0, 900ms), kToday);
    EXPECT_TRUE(meter.tick(t0 + 30s, kToday).empty());
    meter.ended("CA1", t0 + 60s, kToday);
    EXPECT_TRUE(meter.settle(t0 + 61s, 3s).empty());
    meter.used("CA1", "front", record("stt", "ears", 0, 0, 0, 60s), kToday);  // told when its socket closed
    const auto bills = meter.settle(Clock::now() + 3600s, 3s);
    ASSERT_EQ(bills.size(), 1U);
    ASSERT_EQ(bills[0].facts.size(), 3U);
    std::map<std::string, json> by_role;
    for (const auto& fact : bills[0].facts) {
        auto read = json::parse(fact);
        by_role[read["role"].get<std::string>()] = read;
    }
    EXPECT_EQ(by_role["llm"]["vendor"], "main");
    EXPECT_EQ(by_role["llm"]["requests"], 2);
    EXPECT_EQ(by_role["llm"]["input_tokens"], 3000);
    EXPECT_NEAR(by_role["llm"]["cost"].get<double>(), 0.06 + 0.016, 1e-9);
    EXPECT_NEAR(by_role["stt"]["cost"].get<double>(), 0.06, 1e-9);
    EXPECT_NEAR(by_role["call"]["cost"].get<double>(), 0.6, 1e-9);
    EXPECT_NEAR(by_role["call"]["seconds"].get<double>(), 60, 1e-9);
    EXPECT_EQ(by_role["call"]["currency"], "USD");
    EXPECT_TRUE(meter.settle(Clock::now() + 7200s, 3s).empty()) << "twice";
}

TEST_F(Metering, AnUsedUpBudgetIsToldOnce) {
    meter.began("CA1", "front", {.money = {}, .tokens = 2000, .time = {}}, t0, kToday);
    meter.began("CA2", "front", {.money = 0.5, .tokens = {}, .time = {}}, t0, kToday);
    meter.used("CA1", "front", record("llm", "main", 1500, 499, 0, 1s), kToday);
    EXPECT_TRUE(meter.tick(t0 + 10s, kToday).empty());
    meter.used("CA1", "front", record("llm", "main", 1, 0, 0, 1s), kToday);
    auto over = meter.tick(t0 + 20s, kToday);
    ASSERT_EQ(over.size(), 1U);
    EXPECT_EQ(over[0].call_sid, "CA1");
    EXPECT_EQ(over[0].what, "tokens");
    over = meter.tick(t0 + 50s, kToday);  // the carrier alone has cost the other one half a dollar
    ASSERT_EQ(over.size(), 1U);
    EXPECT_EQ(over[0].call_sid, "CA2");
    EXPECT_EQ(over[0].what, "money");
    EXPECT_TRUE(meter.tick(t0 + 60s, kToday).empty());
}

TEST_F(Metering, WhatALineWasToldToUseCountsAtOnceAndOnce) {
    meter.began("CA1", "front", {.money = {}, .tokens = 100, .time = {}}, t0, kToday);
    auto more = record("realtime", "ears", 60, 20, 0, 30s);
    more.under_way = true;
    meter.used("CA1", "front", more, kToday);
    EXPECT_EQ(meter.today("front", kToday).micros, 30'000);
    EXPECT_EQ(meter.today("front", kToday).input_tokens, 60);
    EXPECT_TRUE(meter.tick(t0, kToday).empty());
    more = record("realtime", "ears", 15, 5, 0, 0s);
    more.under_way = true;
    meter.used("CA1", "front", more, kToday);
    EXPECT_EQ(meter.tick(t0, kToday).size(), 1U) << "the line is still open";
    auto last = record("realtime", "ears", 80, 30, 0, 60s);
    last.told_input_tokens = 75;
    last.told_output_tokens = 25;
    last.told = 30s;
    meter.used("CA1", "front", last, kToday);
    EXPECT_EQ(meter.today("front", kToday).input_tokens, 80);
    EXPECT_EQ(meter.today("front", kToday).output_tokens, 30);
    EXPECT_EQ(meter.today("front", kToday).micros, 60'000);
    meter.ended("CA1", t0, kToday);
    const auto bills = meter.settle(Clock::now() + 60s, 3s);
    ASSERT_EQ(bills.size(), 1U);
    for (const auto& fact : bills[0].facts)
        if (const auto read = json::parse(fact); read["role"] == "realtime") EXPECT_EQ(read["requests"], 1) << fact;
}

TEST_F(Metering, FractionsOfWhatIsToldEverySecondAddUp) {
    meter.began("CA1", "front", {}, t0, kToday);
    for (int i = 0; i < 600; ++i) {
        auto more = record("stt", "ears", 0, 0, 0, std::chrono::milliseconds(i % 2 == 0 ? 1 : 2));  // a millionth each
        more.under_way = true;
        meter.used("CA1", "front", more, kToday);
    }
    EXPECT_EQ(meter.today("front", kToday).micros, 900);
    Prices odd;
    odd.rows = {{.vendor = "ears", .model = {}, .per_minute = 0.02}};
    meter.prices(PriceList(odd, {}));
    for (int i = 0; i < 300; ++i) {
        auto more = record("stt", "ears", 0, 0, 0, 1ms);  // a third of a millionth
        more.under_way = true;
        meter.used("CA2", "other", more, kToday);
    }
    EXPECT_EQ(meter.today("other", kToday).micros, 100);
}

TEST_F(Metering, WhoComesBackGoesOnWhereHeWasAndIsOneCall) {
    const Budget budget{.money = {}, .tokens = 100, .time = {}};
    meter.began("CA1", "front", budget, t0, kToday);
    meter.used("CA1", "front", record("llm", "main", 90, 0, 0, 1s), kToday);
    meter.ended("CA1", t0 + 10s, kToday);
    meter.ended("CA1", t0 + 10s, kToday);
    auto bills = meter.settle(Clock::now() + 60s, 3s);
    ASSERT_EQ(bills.size(), 1U);
    EXPECT_EQ(bills[0].facts.size(), 2U);
    EXPECT_TRUE(meter.settle(Clock::now() + 61s, 3s).empty()) << "billed twice";
    meter.began("CA1", "front", budget, t0 + 70s, kToday);
    EXPECT_TRUE(meter.tick(t0 + 80s, kToday).empty());
    meter.used("CA1", "front", record("llm", "main", 10, 0, 0, 1s), kToday);
    EXPECT_EQ(meter.tick(t0 + 81s, kToday).size(), 1U) << "the budget began again";
    EXPECT_EQ(meter.today("front", kToday).calls, 1);
    // Away for a moment only: there is a new stream to tell.
    meter.ended("CA1", t0 + 90s, kToday);
    meter.began("CA1", "front", budget, t0 + 91s, kToday);
    EXPECT_EQ(meter.tick(t0 + 92s, kToday).size(), 1U);
    EXPECT_TRUE(meter.tick(t0 + 93s, kToday).empty());
    meter.ended("CA1", t0 + 100s, kToday);
    bills = meter.settle(Clock::now() + 200s, 3s);
    ASSERT_EQ(bills.size(), 1U);
    for (const auto& fact : bills[0].facts) {
        const auto read = json::parse(fact);
        if (read["role"] == "llm")
            EXPECT_EQ(read["input_tokens"], 10) << "what was billed before is billed again: " << fact;
        else
            EXPECT_NEAR(read["seconds"].get<double>(), 29.0, 0.01) << fact;
    }
    // Nobody comes back after so long.
    EXPECT_TRUE(meter.settle(Clock::now() + 3600s, 3s).empty());
    meter.began("CA1", "front", budget, t0 + 3600s, kToday);
    EXPECT_TRUE(meter.tick(t0 + 3601s, kToday).empty());
}

TEST_F(Metering, OfManyThatMayComeBackTheLatestAreRemembered) {
    const Budget budget{.money = {}, .tokens = 100, .time = {}};
    const auto name = [](std::size_t i) { return "CA" + std::to_string(i); };
    const std::size_t last = Meter::kMostRemembered;
    for (std::size_t i = 0; i <= last; ++i) {
        const auto at = t0 + std::chrono::milliseconds(i);
        meter.began(name(i), "front", budget, at, kToday);
        meter.used(name(i), "front", record("llm", "main", 90, 0, 0, 1s), kToday);
        meter.ended(name(i), at, kToday);
    }
    EXPECT_EQ(meter.settle(t0 + 60s, 3s).size(), last + 1);
    for (const auto i : {std::size_t{0}, std::size_t{1}, last}) {
        meter.began(name(i), "front", budget, t0 + 61s, kToday);
        meter.used(name(i), "front", record("llm", "main", 10, 0, 0, 1s), kToday);
    }
    std::vector<std::string> over;
    for (const auto& one : meter.tick(t0 + 62s, kToday)) over.push_back(one.call_sid);
    std::ranges::sort(over);
    EXPECT_EQ(over, (std::vector<std::string>{name(1), name(last)}));
}

TEST_F(Metering, WhatWasUsedBeforeTheCallsFirstLookMakesItNoLessACall) {
    meter.used("CA1", "front", record("llm", "main", 10, 0, 0, 1s), kToday);
    EXPECT_EQ(meter.today("front", kToday).calls, 0);
    meter.began("CA1", "front", {}, t0, kToday);
    EXPECT_EQ(meter.today("front", kToday).calls, 1);
    meter.used("", "front", record("llm", "main", 5, 0, 0, 1s), kToday);  // nobody's call
    EXPECT_EQ(meter.today("front", kToday).input_tokens, 15);
    meter.ended("CA1", t0, kToday);
    EXPECT_EQ(meter.settle(Clock::now() + 60s, 3s).size(), 1U);
}

TEST_F(Metering, RoundingDoesNotAddUp) {
    meter.began("CA1", "front", {}, t0, kToday);
    for (int i = 1; i <= 1000; ++i) (void)meter.tick(t0 + i * 7ms, kToday);
    EXPECT_EQ(meter.today("front", kToday).micros, prices().carrier_micros(7000ms));
    EXPECT_EQ(meter.today("front", kToday).milliseconds, 7000);
}

TEST_F(Metering, WhatTheStoreDidNotTakeIsNotLost) {
    meter.used("CA1", "front", record("llm", "main", 10, 0, 0, 1s), kToday);
    const auto first = meter.take();
    ASSERT_EQ(first.size(), 1U);
    meter.used("CA1", "front", record("llm", "main", 5, 0, 0, 1s), kToday);
    EXPECT_EQ(meter.today("front", kToday).input_tokens, 15);
    meter.give_back();
    const auto again = meter.take();
    EXPECT_EQ(again.begin()->second.input_tokens, 15);
    meter.kept(again);
    EXPECT_TRUE(meter.take().empty());
    EXPECT_EQ(meter.today("front", kToday).input_tokens, 15);
    EXPECT_EQ(meter.today("other", kToday).input_tokens, 0);
    EXPECT_EQ(meter.today("front", kToday + 24h).input_tokens, 0) << "tomorrow is another day";
}

}  // namespace
}  // namespace parley::policy
