#include "parley/call/registry.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "parley/call/kept_memory.hpp"

namespace parley::call {
namespace {

using namespace std::chrono_literals;
using conversation::EndReason;

const TimePoint kStart{1000s};

Outcome lost() {
    Outcome outcome;
    outcome.reason = EndReason::carrier_lost;
    return outcome;
}

class Shared final : public SharedCalls {
public:
    void attached(const std::string&, const std::string&, std::uint32_t, std::uint32_t) override {}
    void checkpoint(const std::string&, const brain::TalkMemory&) override {}
    void finished(const std::string&, const Outcome& outcome) override { told = outcome; }
    net::Task<> recall(std::string, std::uint32_t) override { co_return; }
    net::Task<bool> carry_out(std::string, std::uint32_t, std::string) override { co_return true; }
    net::Task<bool> first_use(std::string) override { co_return true; }
    std::optional<Outcome> told;
};

brain::TalkMemory talk(std::string text) {
    brain::TalkMemory memory;
    memory.lines.push_back({.side = conversation::ContextLine::Side::caller, .text = std::move(text), .interrupted = false});
    memory.brain_state = "state";
    return memory;
}

TEST(Registry, what_was_said_leaves_this_process_only_as_the_calls_own_agent_keeps_it) {
    Shared shared;
    Registry registry({.max_calls = 2, .new_calls_per_second = 100, .burst = 100});
    registry.share_with(&shared);
    auto outcome = lost();
    outcome.memory = talk("my card is 4111 1111 1111 1111");
    ASSERT_TRUE(registry.attach("CA1", "gone since", {}, kStart));
    registry.finished("CA1", outcome, kStart);
    ASSERT_TRUE(shared.told);
    EXPECT_EQ(shared.told->ending, 1U);
    EXPECT_TRUE(shared.told->memory.lines.empty()) << "nobody said that it may be kept";
    EXPECT_TRUE(shared.told->memory.brain_state.empty());
    EXPECT_EQ(registry.take_memory("CA1").lines.front().text, "my card is 4111 1111 1111 1111") << "here it goes on as it was";

    Agent agent;
    agent.privacy = std::make_shared<const privacy::PrivacySettings>(privacy::PrivacySettings{.redact = true, .kinds = {}});
    ASSERT_TRUE(registry.attach("CA2", "gone since", {}, kStart));
    registry.finished("CA2", outcome, kStart, as_kept(agent, outcome.memory));
    ASSERT_EQ(shared.told->memory.lines.size(), 1U);
    EXPECT_EQ(shared.told->memory.lines.front().text, "my card is [card]");
}

TEST(Registry, admits_up_to_the_limit_counting_calls_still_waiting_for_their_stream) {
    Registry registry({.max_calls = 2, .new_calls_per_second = 100, .burst = 100});
    EXPECT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_EQ(registry.admit("CA2", kStart), Admission::admitted);
    EXPECT_EQ(registry.admit("CA3", kStart), Admission::capacity);
    EXPECT_EQ(registry.admit("CA1", kStart), Admission::admitted) << "a duplicate keeps its place";
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart));
    registry.finished("CA1", {}, kStart + 1s);
    EXPECT_EQ(registry.admit("CA3", kStart + 1s), Admission::admitted);
}

TEST(Registry, a_place_not_taken_within_a_minute_is_free_again) {
    Registry registry({.max_calls = 1, .new_calls_per_second = 100, .burst = 100});
    EXPECT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_EQ(registry.admit("CA2", kStart + 59s), Admission::capacity);
    EXPECT_EQ(registry.admit("CA2", kStart + 61s), Admission::admitted);
    EXPECT_EQ(registry.waiting(kStart + 61s), 1U);
}

TEST(Registry, a_call_that_gave_its_place_back_has_to_ask_for_another) {
    Registry registry({.max_calls = 1, .new_calls_per_second = 100, .burst = 1});
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_TRUE(registry.readmit("CA1", kStart + 30s)) << "has one";
    EXPECT_EQ(registry.waiting(kStart + 80s), 1U) << "and a minute from when it was needed";
    registry.release("CA1");
    ASSERT_EQ(registry.admit("CA2", kStart + 80s), Admission::admitted);
    EXPECT_FALSE(registry.readmit("CA1", kStart + 80s));
    EXPECT_TRUE(registry.attach("CA2", "a", {}, kStart + 81s));
    EXPECT_FALSE(registry.readmit("CA1", kStart + 81s));
    EXPECT_TRUE(registry.readmit("CA2", kStart + 81s)) << "is live";
    EXPECT_EQ(registry.waiting(kStart + 81s), 0U);
    registry.finished("CA2", {}, kStart + 82s);
    EXPECT_TRUE(registry.readmit("CA2", kStart + 82s));
    ASSERT_TRUE(registry.outcome("CA2")) << "how it ended stays known";
    EXPECT_TRUE(registry.outcome("CA2")->attached);
    EXPECT_FALSE(registry.readmit("CA1", kStart + 82s));
    EXPECT_FALSE(registry.readmit("CA3", kStart + 82s)) << "nor has one that is not known here";
    EXPECT_TRUE(registry.readmit("CA1", kStart + 143s)) << "not used within a minute";
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart + 143s));
    EXPECT_EQ(registry.waiting(kStart + 300s), 0U);
    EXPECT_EQ(registry.active(), 1U);
}

TEST(Registry, new_calls_come_at_a_rate) {
    Registry registry({.max_calls = 1000, .new_calls_per_second = 10, .burst = 3});
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += registry.admit("CA" + std::to_string(i), kStart) == Admission::admitted ? 1 : 0;
    EXPECT_EQ(admitted, 3);
    EXPECT_EQ(registry.admit("CAx", kStart + 100ms), Admission::admitted);
    EXPECT_EQ(registry.admit("CAy", kStart + 100ms), Admission::rate);
}

TEST(Registry, one_stream_a_call_and_the_first_answer_wins) {
    Registry registry({});
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_EQ(registry.remember_answer("CA1", "first", kStart), "first");
    EXPECT_EQ(registry.remember_answer("CA1", "second", kStart), "first");
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart));
    EXPECT_FALSE(registry.attach("CA1", "a", {}, kStart));
    EXPECT_EQ(registry.active(), 1U);
}

TEST(Registry, tells_the_tail_how_a_call_ended_and_refuses_its_replay) {
    Registry registry({});
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_FALSE(registry.outcome("CA1"));
    registry.attach("CA1", "a", {}, kStart);
    EXPECT_FALSE(registry.outcome("CA1")) << "live";
    Outcome ended;
    ended.reason = EndReason::transferred;
    ended.target = "+15005550100";
    ended.planned = true;
    registry.finished("CA1", ended, kStart);
    const auto outcome = registry.outcome("CA1");
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->target, "+15005550100");
    EXPECT_TRUE(outcome->attached);
    EXPECT_EQ(registry.admit("CA1", kStart + 1h), Admission::ended_before);
    EXPECT_EQ(registry.active(), 0U);
    EXPECT_EQ(registry.admit("CA1", kStart + 25h), Admission::admitted) << "forgotten after a day";
}

TEST(Registry, a_lost_call_resumes_so_often_and_no_more) {
    Registry registry({});
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    registry.attach("CA1", "a", {}, kStart);
    registry.finished("CA1", lost(), kStart);
    EXPECT_TRUE(registry.take_resume("CA1", 2));
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart));
    registry.finished("CA1", lost(), kStart);
    EXPECT_TRUE(registry.take_resume("CA1", 2));
    EXPECT_FALSE(registry.take_resume("CA1", 2));
}

TEST(Registry, a_call_holds_its_place_until_it_is_over_for_good) {
    Registry registry({.max_calls = 10, .new_calls_per_second = 100, .burst = 100});
    EXPECT_FALSE(registry.holds("CA1", kStart));
    (void)registry.admit("CA1", kStart);
    EXPECT_TRUE(registry.holds("CA1", kStart + 59s));
    EXPECT_FALSE(registry.holds("CA1", kStart + 61s)) << "its stream never came";
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart + 1s));
    EXPECT_TRUE(registry.holds("CA1", kStart + 3600s));
    registry.finished("CA1", lost(), kStart + 3600s);
    EXPECT_TRUE(registry.holds("CA1", kStart + 3650s)) << "it may come back";
    EXPECT_TRUE(registry.take_resume("CA1", 2));
    EXPECT_TRUE(registry.holds("CA1", kStart + 3650s)) << "it is on its way";
    EXPECT_FALSE(registry.holds("CA1", kStart + 3661s));
    EXPECT_TRUE(registry.attach("CA1", "a", {}, kStart + 3655s));
    registry.finished("CA1", lost(), kStart + 3700s);
    registry.release("CA1");  // the carrier says that it is over
    EXPECT_FALSE(registry.holds("CA1", kStart + 3701s));
    (void)registry.admit("CA2", kStart);
    EXPECT_TRUE(registry.attach("CA2", "a", {}, kStart));
    Outcome meant;
    meant.reason = EndReason::agent_completed;
    meant.planned = true;
    registry.finished("CA2", meant, kStart + 10s);
    EXPECT_FALSE(registry.holds("CA2", kStart + 10s));
    (void)registry.admit("CA3", kStart);
    registry.release("CA3");
    EXPECT_FALSE(registry.holds("CA3", kStart));
    EXPECT_TRUE(registry.readmit("CA3", kStart + 1s));
    EXPECT_TRUE(registry.holds("CA3", kStart + 1s));
}

TEST(Registry, a_nonce_counts_once_also_between_threads) {
    Registry registry({});
    std::atomic<int> first{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 500; ++n)
                if (registry.use_nonce("n" + std::to_string(n), kStart)) ++first;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(first, 500);
}

TEST(Registry, ends_live_calls_by_their_own_hand) {
    Registry registry({});
    EndReason asked = EndReason::internal;
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    EXPECT_FALSE(registry.end_call("CA1", EndReason::operator_hangup));
    registry.attach("CA1", "a", [&](const OperatorCommand& wanted) { asked = std::get<EndNow>(wanted).reason; }, kStart);
    EXPECT_TRUE(registry.end_call("CA1", EndReason::operator_hangup));
    EXPECT_EQ(asked, EndReason::operator_hangup);
    EXPECT_EQ(registry.end_all(EndReason::shutdown), 1U);
    EXPECT_EQ(asked, EndReason::shutdown);
}

TEST(Registry, passes_commands_on_once_the_call_can_be_reached) {
    Registry registry({});
    std::vector<std::string> said;
    EndNow ended;
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    registry.attach("CA1", "a", {}, kStart);
    EXPECT_FALSE(registry.tell("CA1", SayNow{"too early"}));
    EXPECT_TRUE(registry.end_call("CA1", EndReason::transferred, "queue:support"));
    registry.reachable("CA1", [&](const OperatorCommand& wanted) {
        if (const auto* say = std::get_if<SayNow>(&wanted)) said.push_back(say->text);
        if (const auto* keys = std::get_if<KeysNow>(&wanted)) said.push_back(keys->keys);
        if (const auto* end = std::get_if<EndNow>(&wanted)) ended = *end;
    });
    EXPECT_EQ(ended.target, "queue:support");
    EXPECT_TRUE(registry.tell("CA1", SayNow{"hello"}));
    EXPECT_TRUE(registry.tell("CA1", KeysNow{"12#"}));
    EXPECT_EQ(said, (std::vector<std::string>{"hello", "12#"}));
    EXPECT_FALSE(registry.tell("CA2", SayNow{"nobody"}));
}

TEST(Registry, keeps_what_was_said_for_a_call_that_comes_back) {
    Registry registry({});
    ASSERT_EQ(registry.admit("CA1", kStart), Admission::admitted);
    registry.attach("CA1", "front", {}, kStart);
    Outcome outcome;
    outcome.agent = "front";
    outcome.memory.lines.push_back({conversation::ContextLine::Side::caller, "my name is Ann", false});
    outcome.memory.brain_state = "state";
    registry.finished("CA1", outcome, kStart);
    registry.leave_note("CA1", "nobody took the call");
    const auto memory = registry.take_memory("CA1");
    ASSERT_EQ(memory.lines.size(), 1U);
    EXPECT_EQ(memory.brain_state, "state");
    EXPECT_EQ(memory.agent, "front");
    EXPECT_EQ(memory.note, "nobody took the call");
    EXPECT_TRUE(registry.take_memory("CA1").empty());
    EXPECT_TRUE(registry.take_memory("CA9").empty());
}

}  // namespace
}  // namespace parley::call
