#include "parley/vendors/health.hpp"

#include <gtest/gtest.h>

namespace parley::vendors {
namespace {
using namespace std::chrono_literals;

const TimePoint kStart{};

TEST(Breaker, OpensAfterFiveFailuresInARowAndNotBefore) {
    Breaker breaker;
    auto now = kStart + 1h;
    for (int i = 0; i < 4; ++i) breaker.failure(now, FailureKind::server);
    breaker.success(now);
    for (int i = 0; i < 4; ++i) breaker.failure(now, FailureKind::server);
    EXPECT_TRUE(breaker.allow(now));
    breaker.failure(now, FailureKind::server);
    EXPECT_EQ(breaker.state(), BreakerState::open);
    EXPECT_FALSE(breaker.allow(now));
}

TEST(Breaker, OpensWhenHalfOfTwentyFailWithinTheWindow) {
    Breaker breaker;
    auto now = kStart + 1h;
    for (int i = 0; i < 9; ++i) {
        breaker.success(now);
        breaker.failure(now, FailureKind::timeout);
        now += 100ms;
    }
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    breaker.success(now);
    breaker.failure(now, FailureKind::timeout);
    EXPECT_EQ(breaker.state(), BreakerState::open);

    Breaker slow;  // the same, spread over more than the window
    for (int i = 0; i < 40; ++i) {
        slow.success(now);
        slow.failure(now, FailureKind::timeout);
        now += 2s;
    }
    EXPECT_EQ(slow.state(), BreakerState::closed);
}

TEST(Breaker, ProbesOneAtATimeAndClosesAfterTwo) {
    Breaker breaker;
    auto now = kStart + 1h;
    for (int i = 0; i < 5; ++i) breaker.failure(now, FailureKind::server);
    now += 8s - 1ms;
    EXPECT_FALSE(breaker.allow(now, 0));
    now += 4s + 2ms;
    EXPECT_TRUE(breaker.allow(now));
    EXPECT_FALSE(breaker.allow(now));  // the probe is out
    breaker.success(now);
    EXPECT_EQ(breaker.state(), BreakerState::half_open);
    EXPECT_TRUE(breaker.allow(now));
    breaker.success(now);
    EXPECT_EQ(breaker.state(), BreakerState::closed);

    for (int i = 0; i < 5; ++i) breaker.failure(now, FailureKind::server);
    now += 13s;
    EXPECT_TRUE(breaker.allow(now));
    breaker.failure(now, FailureKind::server);
    EXPECT_FALSE(breaker.allow(now + 7s));
    EXPECT_TRUE(breaker.allow(now + 13s));
    EXPECT_TRUE(breaker.allow(now + 44s));  // a probe whose answer got lost
}

TEST(Breaker, AWrongKeyStaysWrong) {
    Breaker breaker;
    auto now = kStart + 1h;
    breaker.failure(now, FailureKind::auth);
    EXPECT_FALSE(breaker.allow(now + 1h));
    breaker.success(now + 1h);
    EXPECT_FALSE(breaker.allow(now + 2h));
}

TEST(RetryBudget, IsATenthOfRequestsInTheLongRun) {
    RetryBudget budget;
    int retries = 0;
    for (int i = 0; i < 1000; ++i) {
        budget.request();
        if (budget.take()) ++retries;
    }
    EXPECT_LE(retries, 105);
    EXPECT_GE(retries, 95);
}

TEST(Latency, TheNinetyFifthOfTheLastHundred) {
    LatencyWindow window;
    for (int i = 1; i <= 19; ++i) window.add(std::chrono::milliseconds(i));
    EXPECT_FALSE(window.p95());
    for (int i = 0; i < 300; ++i) window.add(std::chrono::milliseconds(1 + i % 100));
    EXPECT_EQ(window.p95(), 96ms);
}

}  // namespace
}  // namespace parley::vendors
