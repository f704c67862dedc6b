// The engine pool: every job answers exactly once, whatever happens to the threads.

#include "parley/speech/engine_pool.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "parley/speech/error.hpp"

namespace parley::speech {
namespace {

using namespace std::chrono_literals;

// Counts answers; `post` runs them on the pool's thread, under a lock of its own.
struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<int, int> by_code;  // 0: success
    int total = 0;
    std::size_t audio = 0;
    bool audio_after_answer = false;

    EnginePool::Post post() {
        return [this](std::function<void()> f) {
            const std::scoped_lock lock(mutex);
            f();
            changed.notify_all();
        };
    }
    template <class T>
    void count(const Result<T>& result) {
        ++total;
        ++by_code[result ? 0 : result.error().value()];
    }
    bool wait_for(int n) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 60s, [&] { return total >= n; });
    }
    int of(errc code) {
        const std::scoped_lock lock(mutex);
        return by_code[static_cast<int>(code)];
    }
    int good() {
        const std::scoped_lock lock(mutex);
        return by_code[0];
    }
};

std::unique_ptr<EnginePool> pool_of(PoolSettings settings) {
    auto made = EnginePool::make(std::move(settings));
    EXPECT_TRUE(made);
    return std::move(*made);
}

PoolSettings patient(unsigned threads) {
    PoolSettings settings;
    settings.threads = threads;
    settings.deadline = 60s;
    return settings;
}

Result<CancelToken> say(EnginePool& pool, Answers& answers, std::string text) {
    return pool.speak(
        {std::move(text), {}}, answers.post(), [&](const std::vector<std::int16_t>& piece) { answers.audio += piece.size(); },
        [&](const Result<>& result) { answers.count(result); });
}

bool until(const std::function<bool()>& condition) {
    for (int i = 0; i < 6000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

TEST(EnginePool, answers_each_job_once) {
    Answers answers;
    const auto pool = pool_of(patient(2));
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(say(*pool, answers, "Hello there, number " + std::to_string(i)));
    ASSERT_TRUE(answers.wait_for(12));
    EXPECT_EQ(answers.good(), 12);
    EXPECT_GT(answers.audio, 12U * 4000U);
    EXPECT_TRUE(until([&] { return pool->counters().done == 12; }));
}

TEST(EnginePool, refuses_at_once_when_its_queue_is_full) {
    Answers answers;
    auto settings = patient(1);
    settings.queue = 3;
    const auto pool = pool_of(settings);
    pool->fault(Fault::stall);  // nothing moves, so the queue fills for sure
    ASSERT_TRUE(say(*pool, answers, "one"));
    ASSERT_TRUE(until([&] { return pool->counters().running == 1; }));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(say(*pool, answers, "two"));
    const auto refused = say(*pool, answers, "five");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), errc::busy);
    EXPECT_EQ(pool->counters().refused, 1U);
}

TEST(EnginePool, cancelled_jobs_answer_cancelled) {
    Answers answers;
    const auto pool = pool_of(patient(1));
    pool->fault(Fault::stall);
    ASSERT_TRUE(say(*pool, answers, "in work"));
    ASSERT_TRUE(until([&] { return pool->counters().running == 1; }));
    const auto token = say(*pool, answers, "waiting");
    ASSERT_TRUE(token);
    token->cancel();
    ASSERT_TRUE(answers.wait_for(1));  // while the first still hangs
    EXPECT_EQ(answers.of(errc::cancelled), 1);
    EXPECT_EQ(answers.audio, 0U);
}

TEST(EnginePool, cancelling_in_the_middle_stops_the_audio) {
    Answers answers;
    const auto pool = pool_of(patient(1));
    std::string text;
    for (int i = 0; i < 20; ++i) text += "a very long sentence, ";
    std::mutex mutex;
    std::optional<CancelToken> token;
    std::size_t heard = 0;
    {
        const std::scoped_lock lock(mutex);  // the first piece waits until the token is here
        auto accepted = pool->speak(
            {text, {}},
            [&](std::function<void()> f) {
                const std::scoped_lock inner(mutex);
                f();
            },
            [&](const std::vector<std::int16_t>& piece) {
                heard += piece.size();
                token->cancel();
            },
            [&](const Result<>& result) {
                const std::scoped_lock inner(answers.mutex);
                answers.count(result);
                answers.changed.notify_all();
            });
        ASSERT_TRUE(accepted);
        token = *accepted;
    }
    ASSERT_TRUE(answers.wait_for(1));
    EXPECT_EQ(answers.of(errc::cancelled), 1);
    EXPECT_LE(heard, 1600U);  // not more than one chunk after the cancellation
}

TEST(EnginePool, survives_the_death_of_all_its_threads) {
    Answers answers;
    auto settings = patient(2);
    settings.backoff_first = 1ms;
    const auto pool = pool_of(settings);
    for (int round = 0; round < 3; ++round) {
        int accepted = 0;
        for (int i = 0; i < 8; ++i) accepted += say(*pool, answers, "The quick brown fox jumps over the lazy dog.") ? 1 : 0;
        pool->fault(Fault::crash);
        ASSERT_EQ(accepted, 8);
    }
    ASSERT_TRUE(answers.wait_for(24));
    EXPECT_EQ(answers.good() + answers.of(errc::engine_failed), 24);
    ASSERT_TRUE(say(*pool, answers, "Still alive."));
    ASSERT_TRUE(answers.wait_for(25));
    EXPECT_TRUE(until([&] { return pool->counters().threads == 2; }));
    const auto counts = pool->counters();
    EXPECT_GE(counts.deaths, 2U);
    EXPECT_EQ(counts.deaths, counts.respawns);
}

TEST(EnginePool, comes_back_when_new_threads_fail_at_first) {
    Answers answers;
    auto settings = patient(1);
    settings.backoff_first = 1ms;
    const auto pool = pool_of(settings);
    pool->fault(Fault::no_engine);
    ASSERT_TRUE(say(*pool, answers, "Waits for an engine."));
    ASSERT_TRUE(answers.wait_for(1));
    EXPECT_EQ(answers.good() + answers.of(errc::engine_failed), 1);
    // Four, or three if the fault came before the first thread had begun.
    EXPECT_TRUE(until([&] { return pool->counters().deaths >= 3; }));
    ASSERT_TRUE(say(*pool, answers, "There it is."));
    ASSERT_TRUE(answers.wait_for(2));
    EXPECT_GE(answers.good(), 1);
}

TEST(EnginePool, gives_up_a_stalled_thread_and_replaces_it) {
    Answers answers;
    auto settings = patient(1);
    settings.deadline = 300ms;
    settings.stall_grace = 20ms;
    settings.backoff_first = 1ms;
    const auto pool = pool_of(settings);
    pool->fault(Fault::stall);
    ASSERT_TRUE(say(*pool, answers, "Hangs."));
    ASSERT_TRUE(answers.wait_for(1));
    EXPECT_EQ(answers.of(errc::deadline), 1);
    ASSERT_TRUE(until([&] { return pool->counters().abandoned == 1 && pool->counters().respawns == 1; }));
    EXPECT_EQ(answers.audio, 0U);
}

TEST(EnginePool, answers_what_waits_when_it_stops) {
    Answers answers;
    {
        const auto pool = pool_of(patient(1));
        pool->fault(Fault::stall);
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(say(*pool, answers, "never"));
    }
    EXPECT_EQ(answers.total, 5);
    EXPECT_EQ(answers.of(errc::stopped), 5);
}

TEST(EnginePool, an_optional_job_gives_way) {
    Answers answers;
    auto settings = patient(1);
    settings.queue = 1;
    const auto pool = pool_of(settings);
    pool->fault(Fault::stall);
    ASSERT_TRUE(say(*pool, answers, "in work"));
    ASSERT_TRUE(until([&] { return pool->counters().running == 1; }));
    const auto grammar = Grammar::make("g", "#JSGF V1.0;\ngrammar g;\npublic <g> = yes;\n", {"yes"}, 0.5);
    EnginePool::Decode partial{std::vector<std::int16_t>(8000), grammar, Recognizer::Mode::running, true};
    ASSERT_TRUE(pool->decode(std::move(partial), answers.post(), [&](const Result<Transcript>& result) { answers.count(result); }));
    ASSERT_TRUE(say(*pool, answers, "more important"));
    ASSERT_TRUE(answers.wait_for(1));
    EXPECT_EQ(answers.of(errc::busy), 1);
    EXPECT_EQ(pool->counters().displaced, 1U);
}

TEST(EnginePool, knows_its_faults_by_name) {
    EXPECT_EQ(fault_named("crash"), Fault::crash);
    EXPECT_EQ(fault_named("stall"), Fault::stall);
    EXPECT_EQ(fault_named("no-engine"), Fault::no_engine);
    EXPECT_EQ(fault_named("explode"), std::nullopt);
}

}  // namespace
}  // namespace parley::speech
