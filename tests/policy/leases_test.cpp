// The exact count of places on both stores, and what an instance does when the store is gone.

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <algorithm>
#include <future>
#include <numeric>
#include <random>
#include <thread>

#include "either_store.hpp"
#include "parley/policy/places.hpp"
#include "parley/policy/usage.hpp"

namespace parley::policy {
namespace {

using namespace std::chrono_literals;
using store::Dialect;
using store::dialect_name;
using store::Session;

Wish wish(const std::string& sid, std::string agent = "front", std::string account = "AC1") {
    return {sid, std::move(agent), std::move(account)};
}

// One for all: an answer of the store that comes too late still has a loop to come to.
boost::asio::io_context& the_loop() {
    static boost::asio::io_context loop;
    loop.restart();
    return loop;
}
template <class T>
T run(net::Task<T> task) {
    auto& loop = the_loop();
    std::optional<T> out;
    boost::asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& e, T value) {
        if (e) std::rethrow_exception(e);
        out.emplace(std::move(value));
    });
    loop.run();
    return std::move(*out);
}
void run(net::Task<> task) {
    auto& loop = the_loop();
    boost::asio::co_spawn(loop, std::move(task), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    loop.run();
}

class Leases : public store::EitherStore {
protected:
    Taken take(store::Database& database, const Wish& one, const Caps& caps, const std::string& instance = "a", std::chrono::milliseconds lease = 60s) {
        Taken taken;
        database.transact([&](Session& session) { taken = take_place(session, one, caps, instance, lease); });
        return taken;
    }
    static std::int64_t rows(store::Database& database) {
        std::int64_t count = 0;
        database.transact([&](Session& session) { count = session.run("SELECT COUNT(*) FROM policy_leases").front().integer(0); });
        return count;
    }
};

TEST_P(Leases, EachScopeHasItsOwnLimit) {
    const auto database = open();
    const Caps caps{.agent = 2, .account = 3, .fleet = 4};
    EXPECT_TRUE(take(*database, wish("1"), caps).fresh);
    const auto again = take(*database, wish("1"), caps, "b");
    EXPECT_TRUE(again.admitted);
    EXPECT_FALSE(again.fresh) << "asked twice is one place";
    EXPECT_TRUE(take(*database, wish("2"), caps).admitted);
    EXPECT_EQ(take(*database, wish("3"), caps).full, Scope::agent);
    EXPECT_TRUE(take(*database, wish("4", "other"), caps).admitted);
    EXPECT_EQ(take(*database, wish("5", "third"), caps).full, Scope::account);
    EXPECT_TRUE(take(*database, wish("6", "third", "AC2"), caps).admitted);
    EXPECT_EQ(take(*database, wish("7", "fourth", "AC3"), caps).full, Scope::fleet);
    database->transact([](Session& session) { free_places(session, "a", {"4"}); });
    EXPECT_TRUE(take(*database, wish("7", "fourth", "AC3"), caps).admitted);
    database->transact([](Session& session) { free_places(session, "b", {"7"}); });
    EXPECT_EQ(rows(*database), 4) << "what another instance holds is not freed";
}

TEST_P(Leases, OfTwoHundredAtOnceExactlyTheCapGetsIn) {
    constexpr int kArrivals = 200, kThreads = 8;
    std::mt19937 random(20261121);
    constexpr std::uint32_t cap = 10;
    {
        // Several instances with connections of their own on PostgreSQL; SQLite belongs to one process.
        std::vector<std::unique_ptr<store::Database>> instances;
        const std::size_t count = GetParam() == Dialect::postgresql ? 3 : 1;
        for (std::size_t i = 0; i < count; ++i) instances.push_back(open());
        instances.front()->transact([](Session& session) { session.run("DELETE FROM policy_leases"); });
        std::vector<int> order(kArrivals);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), random);
        std::atomic<int> next{0}, admitted{0}, refused{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = next++; i < kArrivals; i = next++) {
                    auto& database = *instances[static_cast<std::size_t>(t) % instances.size()];
                    const auto taken = take(database, wish("CA" + std::to_string(order[static_cast<std::size_t>(i)]), i % 2 == 0 ? "front" : "back"),
                                            {.fleet = cap}, "instance" + std::to_string(t % 3));
                    ++(taken.admitted ? admitted : refused);
                }
            });
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(admitted, static_cast<int>(cap));
        EXPECT_EQ(refused, kArrivals - static_cast<int>(cap));
        EXPECT_EQ(rows(*instances.front()), cap);
    }
}

TEST_P(Leases, ArrivalsEndsAndRenewalsAtOnceNeverPassTheCap) {
    constexpr std::uint32_t kCap = 5;
    const auto database = open();
    const auto second = GetParam() == Dialect::postgresql ? open() : nullptr;
    auto& other = second ? *second : *database;
    std::atomic<bool> over{false};
    std::atomic<int> admitted{0};
    std::atomic<std::int64_t> most{0};
    const auto arrivals = [&](store::Database& where, const std::string& instance, unsigned seed) {
        std::mt19937 random(seed);
        std::vector<Held> held;
        for (int i = 0; i < 30; ++i) {
            const auto one = wish(instance + std::to_string(i));
            if (take(where, one, {.agent = kCap}, instance).admitted) {
                ++admitted;
                held.push_back({one, random() % 2 == 0});
            }
            where.transact([&](Session& session) { (void)renew_places(session, instance, held, 60s); });
            if (!held.empty() && random() % 3 != 0) {
                const auto at = random() % held.size();
                where.transact([&](Session& session) { free_places(session, instance, {held[at].call.call_sid}); });
                held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
    };
    std::thread watcher([&] {
        while (!over) {
            most = std::max<std::int64_t>(most, rows(*database));
            std::this_thread::sleep_for(1ms);
        }
    });
    std::thread a([&] { arrivals(*database, "a", 1); });
    std::thread b([&] { arrivals(other, "b", 2); });
    a.join();
    b.join();
    over = true;
    watcher.join();
    EXPECT_LE(most, kCap);
    EXPECT_GT(admitted, 5);
}

TEST_P(Leases, OfAnInstanceThatDiedLapse) {
    const auto database = open();
    const Caps caps{.agent = 1};
    EXPECT_TRUE(take(*database, wish("1"), caps, "dead").admitted);
    EXPECT_FALSE(take(*database, wish("2"), caps, "alive").admitted);
    database->transact(
        [](Session& session) { session.run("UPDATE policy_leases SET until_ms = 1 WHERE instance = $1", {std::string("dead")}); });  // nobody has renewed it
    EXPECT_TRUE(take(*database, wish("2"), caps, "alive").admitted);
    // One that comes back from a long pause finds its calls running on: they are counted again, and nobody is cut.
    Renewed renewed;
    database->transact([&](Session& session) { renewed = renew_places(session, "dead", {{wish("1"), true}}, 60s); });
    EXPECT_EQ(renewed.running, 2U);
    EXPECT_FALSE(take(*database, wish("3"), caps, "alive").admitted);
}

TEST_P(Leases, ACallThatMovesToAnotherInstanceKeepsItsOnePlace) {
    const auto database = open();
    EXPECT_TRUE(take(*database, wish("1"), {.agent = 1}, "webhook").admitted);
    const auto beat = [&](const std::string& instance, std::vector<Held> held) {
        Renewed renewed;
        database->transact([&](Session& session) { renewed = renew_places(session, instance, held, 60s); });
        return renewed;
    };
    EXPECT_TRUE(beat("webhook", {{wish("1"), false}}).elsewhere.empty());
    EXPECT_EQ(beat("stream", {{wish("1"), true}}).running, 1U);
    const auto told = beat("webhook", {{wish("1"), false}});
    EXPECT_THAT(told.elsewhere, testing::ElementsAre("1"));
    EXPECT_EQ(told.running, 1U);
    EXPECT_EQ(told.instances, 2U);
    database->transact([](Session& session) { free_places(session, "webhook", {"1"}); });
    EXPECT_EQ(rows(*database), 1);
    database->transact([](Session& session) { leave(session, "stream"); });
    EXPECT_EQ(rows(*database), 0);
}

TEST_P(Leases, ACallThatIsHandedOverTakesItsPlaceAlong) {
    const auto database = open();
    const Caps one{.agent = 1};
    EXPECT_TRUE(take(*database, wish("1", "front"), one).fresh);
    const auto handed = take(*database, wish("1", "back"), {.agent = 1, .account = 1, .fleet = 1}, "b");
    EXPECT_TRUE(handed.admitted) << "it is the one of the account and of the fleet itself";
    EXPECT_FALSE(handed.fresh);
    EXPECT_EQ(rows(*database), 1);
    EXPECT_TRUE(take(*database, wish("2", "front"), one).admitted) << "the first agent is free";
    EXPECT_EQ(take(*database, wish("3", "back"), one).full, Scope::agent) << "the other one is not";
    EXPECT_EQ(take(*database, wish("2", "back"), one).full, Scope::agent);
    EXPECT_EQ(take(*database, wish("4", "front"), one).full, Scope::agent) << "who could not be handed over has stayed";
}

TEST_P(Leases, WhoeverServedACallLastHoldsItsPlace) {
    const auto database = open();
    const auto beat = [&](const std::string& instance, std::vector<Held> held) {
        Renewed renewed;
        database->transact([&](Session& session) { renewed = renew_places(session, instance, held, 60s); });
        return renewed;
    };
    EXPECT_TRUE(take(*database, wish("1"), {.agent = 1}, "a").fresh);
    EXPECT_TRUE(take(*database, wish("1"), {.agent = 1}, "b").admitted);
    database->transact([](Session& session) { free_places(session, "a", {"1"}); });
    EXPECT_EQ(beat("b", {{wish("1"), false}}).running, 1U) << "it is not the first one's any more";
    EXPECT_THAT(beat("a", {{wish("1"), false}}).elsewhere, testing::ElementsAre("1"));
    // It is over, as a third instance hears.
    database->transact([](Session& session) { forget_call(session, "1", 0ms); });
    EXPECT_TRUE(take(*database, wish("2"), {.agent = 1}, "c").fresh);
    EXPECT_THAT(beat("b", {{wish("1"), false}}).elsewhere, testing::ElementsAre("1")) << "it is not written down again";
    EXPECT_EQ(beat("c", {{wish("2"), false}}).running, 1U);
    // Somebody heard of an end, and was slow to say so: meanwhile the call has come back.
    database->transact([](Session& session) { forget_call(session, "2", 60s); });
    EXPECT_EQ(beat("c", {{wish("2"), false}}).running, 1U);
}

TEST_P(Leases, WhoCameFirstIsServedFirstWhereverThatWas) {
    const auto database = open();
    const Caps caps{.agent = 1};
    const auto waiting = [](const std::string& sid) {
        auto one = wish(sid);
        one.line = Line::joins;
        return one;
    };
    const auto inside = [](const std::string& sid) {
        auto one = wish(sid);
        one.line = Line::inside;
        return one;
    };
    EXPECT_TRUE(take(*database, waiting("0"), caps, "a").fresh) << "nobody waits";
    EXPECT_EQ(take(*database, waiting("1"), caps, "a").position, 1U);
    EXPECT_EQ(take(*database, waiting("2"), caps, "b").position, 2U);
    EXPECT_EQ(take(*database, waiting("3"), caps, "a").position, 3U);
    EXPECT_EQ(take(*database, waiting("2"), caps, "a").position, 2U) << "asking again is not standing behind";
    database->transact([](Session& session) { free_places(session, "a", {"0"}); });
    EXPECT_FALSE(take(*database, waiting("2"), caps, "b").admitted);
    EXPECT_FALSE(take(*database, waiting("4"), caps, "b").admitted) << "who comes now is behind those who wait";
    std::vector<Wish> next;
    database->transact([&](Session& session) { next = first_in_line(session); });
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].call_sid, "1");
    // Somebody calls it in: the place is taken, and it still stands there, in nobody's way.
    EXPECT_TRUE(take(*database, next[0], caps, "b").fresh);
    EXPECT_EQ(take(*database, waiting("2"), caps, "a").position, 1U);
    const auto asked = take(*database, inside("1"), caps, "a");
    EXPECT_TRUE(asked.admitted && asked.called && !asked.fresh);
    EXPECT_FALSE(take(*database, next[0], caps, "a").fresh) << "nobody is called in twice";
    database->transact([&](Session& session) { next = first_in_line(session); });
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].call_sid, "2");
    // It could not be called in: it has not lost its turn.
    database->transact([](Session& session) { free_places(session, "b", {"1"}); });
    EXPECT_EQ(take(*database, waiting("2"), caps, "b").position, 2U);
    EXPECT_TRUE(take(*database, inside("1"), caps, "a").fresh) << "by itself";
    const auto again = take(*database, inside("1"), caps, "b");
    EXPECT_TRUE(again.admitted && !again.called && !again.fresh) << "the answer was lost, say";
    // Who has gone is not put back by somebody who thought of calling it in.
    database->transact([](Session& session) {
        free_places(session, "b", {"1"});
        leave_line(session, "2", 0ms);
    });
    const auto gone = take(*database, next[0], caps, "b");
    EXPECT_FALSE(gone.admitted);
    EXPECT_EQ(gone.position, 0U);
    EXPECT_TRUE(take(*database, waiting("3"), caps, "b").fresh);
    EXPECT_EQ(take(*database, waiting("4"), caps, "b").position, 1U);
}

TEST_P(Leases, WhoHasAPlaceWithAnotherAgentStandsInLineLikeAnybody) {
    const auto database = open();
    const Caps caps{.agent = 1};
    auto other = wish("1");
    other.agent = "another";
    EXPECT_TRUE(take(*database, other, caps, "a").fresh);
    EXPECT_TRUE(take(*database, wish("0"), caps, "a").fresh);
    auto comes = wish("1");
    comes.line = Line::joins;
    const auto full = take(*database, comes, caps, "a");
    EXPECT_FALSE(full.admitted);
    EXPECT_EQ(full.position, 1U);
    database->transact([](Session& session) { free_places(session, "a", {"0"}); });
    EXPECT_TRUE(take(*database, comes, caps, "a").admitted);
}

// A store that answers nothing until it is let go, in the order it was asked.
class HeldStore {
public:
    explicit HeldStore(store::Database& database)
        : thread_([this, &database] {
              database.transact([this](Session& session) {
                  if (session.dialect() == Dialect::postgresql) session.run("LOCK TABLE policy_gate IN EXCLUSIVE MODE");
                  held_.set_value();
                  go_.get_future().wait();
              });
          }) {
        held_.get_future().wait();
    }
    void let_go() {
        go_.set_value();
        thread_.join();
    }

private:
    std::promise<void> held_, go_;
    std::thread thread_;
};
Places patient(store::Database& database, const char* instance) {
    return Places({.instance = instance, .answer_within = 30s}, database, Log::to({}, std::make_shared<MemoryLog>()));
}
// Begins, and runs until it waits.
void begin(net::Task<Taken> task, std::optional<Taken>& into) {
    boost::asio::co_spawn(the_loop(), std::move(task), [&into](const std::exception_ptr&, const Taken& one) { into = one; });
    the_loop().poll();
}
void begin(net::Task<> task) {
    boost::asio::co_spawn(the_loop(), std::move(task), [](const std::exception_ptr&) {});
    the_loop().poll();
}

TEST_P(Leases, WhoHasBeenAskedForIsNotWrittenDownByABeat) {
    const auto database = open();
    const Caps caps{.agent = 1};
    EXPECT_TRUE(take(*database, wish("1"), caps, "another").fresh);
    Places places = patient(*database, "a");
    HeldStore store(*database);
    // The store has not answered yet when the next beat gathers what this instance has.
    std::optional<Taken> taken;
    begin(places.take(wish("2"), caps, 30s), taken);
    begin(places.beat());
    store.let_go();
    the_loop().run();
    ASSERT_TRUE(taken);
    EXPECT_FALSE(taken->admitted);
    EXPECT_EQ(rows(*database), 1) << "it was refused and has a place all the same";
    EXPECT_FALSE(places.has("2"));
}

TEST_P(Leases, ABeatDoesNotUndoAHandOver) {
    const auto database = open();
    Places places = patient(*database, "a");
    EXPECT_TRUE(run(places.take(wish("1"), {.agent = 1}, 30s)).fresh);
    HeldStore store(*database);
    std::optional<Taken> taken;
    begin(places.take(wish("1", "back"), {.agent = 1}, 30s), taken);
    begin(places.beat());
    store.let_go();
    the_loop().run();
    ASSERT_TRUE(taken && taken->admitted);
    EXPECT_TRUE(take(*database, wish("2"), {.agent = 1}, "b").fresh) << "its place with the agent it left is free";
    EXPECT_EQ(take(*database, wish("3", "back"), {.agent = 1}, "b").full, Scope::agent);
}

TEST_P(Leases, WhatIsAnsweredAfterACallsEndIsNoPlace) {
    const auto database = open();
    Places places = patient(*database, "a");
    HeldStore store(*database);
    std::optional<Taken> taken;
    begin(places.take(wish("1"), {.agent = 1}, 1h), taken);
    places.end("1");
    begin(places.beat());
    store.let_go();
    the_loop().run();
    run(places.beat());
    EXPECT_FALSE(places.has("1"));
    EXPECT_TRUE(take(*database, wish("2"), {.agent = 1}, "b").fresh) << "nobody talks there";
    // And what was asked before the end comes to the store after it.
    auto waits = wish("1");
    waits.line = Line::inside;
    const auto late = take(*database, waits, {}, "b");
    EXPECT_FALSE(late.admitted);
    EXPECT_EQ(late.position, 0U);
}

TEST_P(Leases, ACallThatHasMovedOnIsNotTakenBackByWhoThoughtItLive) {
    const auto database = open();
    Places one = patient(*database, "a"), two = patient(*database, "b");
    one.running(wish("1"));
    run(one.beat());
    std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(run(two.take(wish("1", "back"), {.agent = 1}, 10min)).admitted);
    run(one.beat());  // has not noticed yet that its stream is over
    run(two.beat());
    EXPECT_TRUE(two.has("1"));
    EXPECT_EQ(take(*database, wish("2", "back"), {.agent = 1}, "c").full, Scope::agent);
    // A stream that is there is right.
    std::this_thread::sleep_for(5ms);
    one.running(wish("1"));
    run(one.beat());
    run(two.beat());
    EXPECT_FALSE(two.has("1"));
}

TEST_P(Leases, ACallThatWasPlacedKeepsThePlaceItWasPlacedWith) {
    const auto database = open();
    const Caps caps{.agent = 1};
    Places places = patient(*database, "a");
    EXPECT_TRUE(run(places.take(wish("dial"), caps, 30s)).fresh);
    places.rename("dial", "CA1");
    EXPECT_TRUE(run(places.take(wish("CA1"), caps, 30s)).admitted) << "answered before the next beat";
    run(places.beat());
    EXPECT_TRUE(take(*database, wish("CA1"), caps, "b").admitted);
    EXPECT_EQ(rows(*database), 1);
}

TEST_P(Leases, WhoTalksIsNotFreedAndWhoHasComeBackToItsLineStays) {
    const auto database = open();
    Places places = patient(*database, "a");
    places.running(wish("1"));
    places.free("1");
    EXPECT_TRUE(places.has("1"));
    auto waits = wish("2");
    waits.line = Line::joins;
    EXPECT_TRUE(take(*database, wish("1"), {.agent = 1}, "a").admitted);
    EXPECT_EQ(take(*database, waits, {.agent = 1}, "a").position, 1U);
    database->transact([](Session& session) { leave_line(session, "2", 60s); });
    EXPECT_EQ(take(*database, wish("3"), {.agent = 1}, "a").full, Scope::agent);
    auto third = wish("3");
    third.line = Line::joins;
    EXPECT_EQ(take(*database, third, {.agent = 1}, "a").position, 2U) << "left before that, and told late";
}

TEST_P(Leases, UsageAddsUpWhoeverWrites) {
    const auto database = open();
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t)
        writers.emplace_back([&] {
            for (int i = 0; i < 25; ++i)
                database->transact([](Session& session) {
                    add_usage(session, {{{"2026-11-21", "front", "main", "llm"},
                                         {.calls = 1, .milliseconds = 10, .input_tokens = 3, .output_tokens = 2, .characters = 1, .micros = 7}}});
                });
        });
    for (auto& writer : writers) writer.join();
    UsageTable all, of_another, of_front;
    database->transact([&](Session& session) {
        all = read_usage(session, "2026-11-21", "");
        of_front = read_usage(session, "2026-11-21", "front");
        of_another = read_usage(session, "2026-11-21", "back");
    });
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.begin()->second, (Used{.calls = 100, .milliseconds = 1000, .input_tokens = 300, .output_tokens = 200, .characters = 100, .micros = 700}));
    EXPECT_EQ(of_front, all);
    EXPECT_TRUE(of_another.empty());
}

TEST_P(Leases, ABatchOfUsageIsAddedOnce) {
    const auto database = open();
    UsageTable all;
    database->transact([&](Session& session) {
        const UsageTable more{{{"2026-11-21", "front", "main", "llm"}, {.calls = 1, .milliseconds = 10}}};
        EXPECT_TRUE(add_usage(session, more, "batch"));
        EXPECT_FALSE(add_usage(session, more, "batch")) << "its answer was lost";
        EXPECT_TRUE(add_usage(session, more, "next"));
        all = read_usage(session, "2026-11-21", {});
    });
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.begin()->second, (Used{.calls = 2, .milliseconds = 20}));
}

// --- an instance -------------------------------------------------------------------------------------------------------

// The store as it is when it is gone: it takes nothing, or answers nothing.
class Gone final : public store::Database {
public:
    explicit Gone(store::Database& behind) : behind_(behind) {}
    [[nodiscard]] Dialect dialect() const override { return behind_.dialect(); }
    void transact(const std::function<void(Session&)>& work) override { behind_.transact(work); }
    bool enqueue(std::function<void()> job) override {
        if (silent) return true;  // never run
        return !gone && behind_.enqueue(std::move(job));
    }
    [[nodiscard]] bool available() const override { return !gone; }
    void backup(const std::filesystem::path&) override {}
    [[nodiscard]] std::string check() override { return {}; }
    std::atomic<bool> gone{false}, silent{false};

private:
    store::Database& behind_;
};

class Instances : public Leases {
protected:
    Places::Settings settings(const std::string& name) {
        Places::Settings made;
        made.instance = name;
        made.lease = 60s;
        made.answer_within = 30s;  // of a machine that has much else to do
        made.alone_for = 60s;
        return made;
    }
    [[nodiscard]] std::size_t told(std::string_view event) const { return lines->count(event); }
    Taken take(Places& places, const std::string& sid, Caps caps) { return run(places.take(wish(sid), caps, 60s)); }
};

TEST_P(Instances, AloneEachAdmitsItsShareOfWhatWasFree) {
    const auto database = open();
    Gone a(*database), b(*database);
    Places one(settings("a"), a, log), two(settings("b"), b, log);
    const Caps caps{.agent = 10};
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(take(one, "a" + std::to_string(i), caps).admitted);
    run(one.beat());
    run(two.beat());
    run(one.beat());
    EXPECT_EQ(one.instances(), 2U);
    a.gone = b.gone = true;
    int more_a = 0, more_b = 0;
    for (int i = 0; i < 20; ++i) {
        more_a += take(one, "more-a" + std::to_string(i), caps).admitted ? 1 : 0;
        more_b += take(two, "more-b" + std::to_string(i), caps).admitted ? 1 : 0;
    }
    // Four ran with one of them, six were free: three each.
    EXPECT_EQ(more_a, 3);
    EXPECT_EQ(more_b, 3);
    EXPECT_TRUE(one.alone());
    EXPECT_EQ(told("policy.alone"), 2U) << "said once by each";
    // What runs is what counts: a place given back is given out again.
    one.free("a0");
    EXPECT_TRUE(take(one, "late", caps).admitted);
    EXPECT_FALSE(take(one, "later", caps).admitted);
    // The store is back: everything that runs is counted, nobody is cut, and the limit is exact again.
    a.gone = b.gone = false;
    run(one.beat());
    run(two.beat());
    EXPECT_FALSE(one.alone());
    EXPECT_EQ(rows(*database), 10);
    EXPECT_FALSE(take(two, "eleventh", caps).admitted);
    EXPECT_EQ(told("policy.together"), 2U);
}

TEST_P(Instances, AloneTheFleetNeverPassesItsCapByMoreThanItsInstances) {
    std::mt19937 random(7);
    const auto database = open();
    for (int round = 0; round < 6; ++round) {
        database->transact([](Session& session) {
            session.run("DELETE FROM policy_leases");
            session.run("DELETE FROM policy_instances");
        });
        const std::uint32_t n = 1 + random() % 4, cap = 1 + random() % 12;
        std::vector<std::unique_ptr<Gone>> stores;
        std::vector<std::unique_ptr<Places>> fleet;
        for (std::uint32_t i = 0; i < n; ++i) {
            stores.push_back(std::make_unique<Gone>(*database));
            fleet.push_back(std::make_unique<Places>(settings("i" + std::to_string(i)), *stores.back(), log));
        }
        int running = 0, sid = 0;
        for (std::uint32_t i = 0; i < cap; ++i)
            if (random() % 2 == 0) running += take(*fleet[random() % n], "CA" + std::to_string(sid++), {.fleet = cap}).admitted ? 1 : 0;
        for (int beats = 0; beats < 2; ++beats)
            for (auto& places : fleet) run(places->beat());
        for (auto& gone : stores) gone->gone = true;
        for (int i = 0; i < 60; ++i) running += take(*fleet[random() % n], "CA" + std::to_string(sid++), {.fleet = cap}).admitted ? 1 : 0;
        EXPECT_LE(running, static_cast<int>(cap + n)) << n << " instances, cap " << cap;
        EXPECT_GE(running, static_cast<int>(cap / n)) << n << " instances, cap " << cap;
    }
}

TEST_P(Instances, AStoreThatDoesNotAnswerHoldsNobodyUp) {
    const auto database = open();
    Gone silent(*database);
    auto with = settings("a");
    with.answer_within = 50ms;
    Places places(with, silent, log);
    silent.silent = true;
    EXPECT_TRUE(take(places, "1", {.agent = 2}).admitted);
    EXPECT_TRUE(take(places, "2", {.agent = 2}).admitted);
    EXPECT_EQ(take(places, "3", {.agent = 2}).full, Scope::agent);
    EXPECT_TRUE(take(places, "1", {.agent = 2}).admitted) << "has its place";
}

TEST_P(Instances, AMenusPlaceIsKeptWithoutAStreamAndGoesWithTheCall) {
    const auto database = open();
    Gone up(*database);
    Places first(settings("a"), up, log), second(settings("b"), up, log);
    const Caps caps{.agent = 1};
    const auto stay = [](Places& places, const std::string& sid, const std::string& agent, Caps limits) {
        return run(places.take(wish(sid, agent), limits, Places::Terms{.grace = 10min, .everywhere = true}));
    };
    EXPECT_TRUE(stay(first, "CA1", "front", caps).fresh);
    const auto nobody = [](const std::string&) { return false; };
    EXPECT_TRUE(first.sweep(Clock::now() + 9min, nobody).empty()) << "long in a menu";
    run(first.beat());
    EXPECT_FALSE(take(second, "CA2", caps).admitted);
    // The menu's next request comes to the other instance, and leads to an agent that has no limit.
    EXPECT_TRUE(stay(second, "CA1", "back", {}).admitted);
    EXPECT_TRUE(take(second, "CA2", caps).admitted) << "the first agent is free at once";
    run(first.beat());
    EXPECT_FALSE(first.has("CA1"));
    second.forget("CA1");
    run(second.beat());
    EXPECT_EQ(second.everywhere("back", "AC1").agent, 0U);
    EXPECT_EQ(second.everywhere("front", "AC1").agent, 1U);
}

TEST_P(Instances, APlaceIsKeptAsLongAsTheCallNeedsIt) {
    const auto database = open();
    Gone up(*database);
    Places places(settings("a"), up, log);
    const auto taken = run(places.take(wish("dialling"), {.agent = 2}, 0s));
    EXPECT_TRUE(taken.fresh);
    places.rename("dialling", "CA1");
    EXPECT_TRUE(places.has("CA1"));
    EXPECT_FALSE(places.has("dialling"));
    run(places.beat());
    EXPECT_EQ(rows(*database), 1) << "by its name";
    EXPECT_TRUE(take(places, "CA2", {.agent = 2}).admitted);
    EXPECT_FALSE(take(places, "CA3", {.agent = 2}).admitted);
    auto gone = places.sweep(Clock::now() + 1s, [](const std::string& sid) { return sid == "CA1"; });
    EXPECT_TRUE(gone.empty()) << "CA2 has its grace";
    places.settle("CA2");
    gone = places.sweep(Clock::now() + 1s, [](const std::string& sid) { return sid == "CA1"; });
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].call_sid, "CA2");
    EXPECT_TRUE(places.due(Clock::now(), 1h)) << "the store is to be told";
    run(places.beat());
    EXPECT_EQ(rows(*database), 1);
    // A call that came by another instance is taken over.
    places.running(wish("CA9"));
    run(places.beat());
    EXPECT_EQ(rows(*database), 2);
    EXPECT_EQ(places.everywhere("front", "AC1").agent, 2U);
    run(places.leave());
    EXPECT_EQ(rows(*database), 0);
}

INSTANTIATE_ON_BOTH(Leases);
INSTANTIATE_ON_BOTH(Instances);

}  // namespace
}  // namespace parley::policy
