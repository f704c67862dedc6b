#include "parley/net/tick_wheel.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <random>

#include "allocation_count.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

using namespace std::chrono_literals;

class TickWheelTest : public testing::Test {
protected:
    TickWheelTest() { wheel.set_origin(origin); }
    asio::io_context context;
    TickWheel wheel{context.get_executor(), 10};
    const TimePoint origin{std::chrono::hours(5)};
};

TEST_F(TickWheelTest, ticks_lie_on_an_absolute_schedule_however_late_the_loop_is) {
    std::vector<Tick> ticks;
    auto subscription = wheel.subscribe([&](const Tick& tick) { ticks.push_back(tick); });
    std::mt19937 random(3);
    TimePoint now = origin;
    while (ticks.size() < 1000) {
        now = std::max(now, wheel.advance(now)) + std::chrono::microseconds(random() % 15000);
    }
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        EXPECT_EQ(ticks[i].due, origin + 20ms * static_cast<int>(i));
        EXPECT_GE(ticks[i].late, 0ms);
        EXPECT_EQ(ticks[i].missed, 0U);
    }
}

TEST_F(TickWheelTest, a_pause_is_made_up_for_within_a_bound_and_the_rest_is_reported) {
    std::vector<Tick> ticks;
    auto subscription = wheel.subscribe([&](const Tick& tick) { ticks.push_back(tick); });
    (void)wheel.advance(origin);
    ASSERT_EQ(ticks.size(), 1U);
    (void)wheel.advance(origin + 95ms);  // 20, 40, 60, 80
    ASSERT_EQ(ticks.size(), 5U);
    EXPECT_EQ(ticks.back().due, origin + 80ms);
    EXPECT_EQ(ticks.back().late, 15ms);
    EXPECT_EQ(ticks[1].missed, 0U);
    ticks.clear();
    const TimePoint next = wheel.advance(origin + 3000ms);  // 146 ticks due: 100 … 3000
    ASSERT_EQ(ticks.size(), TickWheel::kCatchUp);
    EXPECT_EQ(ticks.front().missed, 146U - TickWheel::kCatchUp);
    EXPECT_EQ(ticks.back().missed, 0U);
    EXPECT_EQ(ticks.back().due, origin + 3000ms);
    EXPECT_EQ(next, origin + 3020ms);
}

TEST_F(TickWheelTest, subscribers_are_spread_evenly_over_the_phases) {
    std::vector<TickWheel::Subscription> subscriptions;
    std::vector<int> by_slot(10);
    for (int i = 0; i < 100; ++i) {
        subscriptions.push_back(wheel.subscribe([](const Tick&) {}));
        ++by_slot[subscriptions.back().slot()];
    }
    EXPECT_THAT(by_slot, testing::Each(10));
    EXPECT_EQ(wheel.subscribers(), 100U);
    std::erase_if(subscriptions, [](const auto& s) { return s.slot() == 4; });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(subscriptions.emplace_back(wheel.subscribe([](const Tick&) {})).slot(), 4U);
}

TEST_F(TickWheelTest, callbacks_may_subscribe_and_unsubscribe_themselves_and_others) {
    std::mt19937 random(11);
    std::map<int, TickWheel::Subscription> live;
    int next_id = 0, calls = 0;
    std::function<void(int)> add = [&](int id) {
        live[id] = wheel.subscribe([&, id](const Tick&) {
            ++calls;
            EXPECT_TRUE(live.contains(id)) << "called after unsubscribing";
            const auto dice = random() % 8;
            if (dice == 0) {
                live.erase(id);
            } else if (dice == 1 && live.size() < 200) {
                add(++next_id);
            } else if (dice == 2 && live.size() > 1) {
                live.erase(live.begin()->first == id ? std::next(live.begin()) : live.begin());
            }
        });
    };
    for (int i = 0; i < 50; ++i) add(++next_id);
    TimePoint now = origin;
    for (int i = 0; i < 3000; ++i) {
        if (live.size() < 20) add(++next_id);
        (void)wheel.advance(now);
        now += std::chrono::microseconds(random() % 4000);
        ASSERT_EQ(wheel.subscribers(), live.size());
    }
    EXPECT_GT(calls, 3000);
}

TEST_F(TickWheelTest, a_tick_allocates_nothing) {
    std::uint64_t calls = 0;
    std::vector<TickWheel::Subscription> subscriptions;
    for (int i = 0; i < 100; ++i) subscriptions.push_back(wheel.subscribe([&](const Tick&) { ++calls; }));
    (void)wheel.advance(origin + 20ms);
    start_counting_allocations();
    for (int i = 0; i < 1000; ++i) (void)wheel.advance(origin + 20ms + 2ms * i);
    EXPECT_EQ(stop_counting_allocations(), 0U);
    EXPECT_GT(calls, 9000U);
}

TEST(TickWheelTimer, runs_on_its_own_only_while_somebody_listens) {
    Worker worker;
    worker.start();
    run_on<void>(worker, [&]() -> Task<> {
        TickWheel wheel(worker.executor());
        EXPECT_FALSE(wheel.armed());
        int ticks = 0;
        asio::steady_timer done(worker.executor(), TimePoint::max());
        for (int round = 0; round < 3; ++round) {
            ticks = 0;
            TimePoint last{};
            done.expires_at(TimePoint::max());
            auto subscription = wheel.subscribe([&](const Tick& tick) {
                if (last != TimePoint{}) EXPECT_EQ((tick.due - last) % TickWheel::kPeriod, Duration::zero());
                last = tick.due;
                if (++ticks == 5) done.cancel();
            });
            EXPECT_TRUE(wheel.armed());
            co_await done.async_wait(nothrow);
            subscription.reset();
            EXPECT_FALSE(wheel.armed());
        }
        EXPECT_EQ(ticks, 5);
    });
}

}  // namespace
}  // namespace parley::net::test
