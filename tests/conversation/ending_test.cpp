#include <gmock/gmock.h>

#include "world.hpp"

namespace parley::conversation::testing {
namespace {
using ::testing::ElementsAre;

BrainPlan goodbye(ReplyThen then, std::string target = {}) {
    BrainPlan plan;
    plan.pieces = {"Goodbye and thank you."};
    plan.then = then;
    plan.target = std::move(target);
    return plan;
}

TEST(Ending, ends_after_the_last_words_were_heard) {
    World world;
    world.brain = [](const StartReply&) { return goodbye(ReplyThen::end_call); };
    world.start();
    world.run_for(10s);
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::agent_completed);
    EXPECT_THAT(world.agent_said(), ElementsAre("Goodbye and thank you."));
    EXPECT_FALSE(world.last<AgentSaid>().interrupted);
    // Proven by the mark, not by the clock.
    EXPECT_EQ(world.machine.ledger().acknowledged_samples(), world.machine.ledger().handed_samples());
    EXPECT_TRUE(std::holds_alternative<EndCall>(world.log.back().second));
}

TEST(Ending, hands_over_to_a_number_after_the_words) {
    World world;
    world.brain = [](const StartReply&) { return goodbye(ReplyThen::transfer, "+15550100"); };
    world.start();
    world.run_for(10s);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::transferred);
    EXPECT_EQ(world.last<EndCall>().target, "+15550100");
}

TEST(Ending, a_hand_over_needs_no_words) {
    World world;
    world.brain = [](const StartReply&) { return BrainPlan{.then = ReplyThen::transfer, .target = "voicemail"}; };
    world.start();
    world.run_for(1s);
    EXPECT_EQ(world.time_of<EndCall>(), Instant(300ms));
    EXPECT_EQ(world.last<EndCall>().target, "voicemail");
}

TEST(Ending, a_mark_that_never_comes_costs_no_more_than_the_grace) {
    World world;
    world.marks.lost = 1;
    world.brain = [](const StartReply&) { return goodbye(ReplyThen::end_call); };
    Instant last_frame{};
    world.start();
    world.run_for(20s);
    for (const auto& [when, e] : world.events)
        if (std::holds_alternative<FrameHandedOver>(e)) last_frame = when;
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.time_of<EndCall>(), last_frame + 4s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Goodbye and thank you."));
}

TEST(Ending, maximum_duration_is_announced_and_kept) {
    Settings settings;
    settings.max_duration = 40s;
    settings.max_duration_warning = 15s;
    World world(settings);
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = std::vector<std::string>(30, "And so it goes on and on.")}; };
    world.start();
    world.run_for(60s);
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::max_duration);
    EXPECT_EQ(world.agent_said().back(), settings.max_duration_text);
    EXPECT_LE(*world.time_of<EndCall>(), 40s + 5s);
    EXPECT_GE(*world.time_of<EndCall>(), 40s + 3s);  // the sentence takes 3.9 s
    bool warned = false;
    for (const auto& s : world.all<Speak>()) warned = warned || s.text == settings.max_duration_warning_text;
    EXPECT_TRUE(warned);
}

TEST(Ending, time_that_is_cut_short_is_announced_and_kept) {
    Settings settings;
    settings.max_duration = 600s;
    settings.max_duration_warning = 15s;
    World world(settings);
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = std::vector<std::string>(30, "And so it goes on and on.")}; };
    world.start();
    world.run_for(10s);
    world.send(TimeLeft{20s});
    world.send(TimeLeft{3600s});  // nothing makes it longer
    world.run_for(60s);
    ASSERT_TRUE(world.ended);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::max_duration);
    EXPECT_EQ(world.agent_said().back(), settings.max_duration_text);
    EXPECT_LE(*world.time_of<EndCall>(), 30s + 5s);
    EXPECT_GE(*world.time_of<EndCall>(), 30s);
    int warned = 0;
    for (const auto& s : world.all<Speak>()) warned += s.text == settings.max_duration_warning_text ? 1 : 0;
    EXPECT_EQ(warned, 1);
}

TEST(Ending, the_warning_waits_for_the_caller) {
    Settings settings;
    settings.max_duration = 40s;
    settings.max_duration_warning = 30s;
    World world(settings);
    world.start();
    world.run_for(8s);
    world.speaks(4s);
    for (const auto& s : world.all<Speak>()) EXPECT_NE(s.text, settings.max_duration_warning_text);
    world.run_for(5s);
    EXPECT_THAT(world.agent_said(), ::testing::Contains(settings.max_duration_warning_text));
}

TEST(Ending, the_last_words_cannot_be_interrupted) {
    Settings settings;
    settings.max_duration = 10s;
    World world(settings);
    world.start();
    world.run_until(10500ms);
    ASSERT_STREQ(world.machine.state_name(), "ending");
    world.send(CallerSpeechStarted{});
    world.send(DtmfPressed{'1'});
    world.run_for(20s);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::max_duration);
    EXPECT_EQ(world.agent_said().back(), settings.max_duration_text);
}

TEST(Ending, maximum_duration_with_a_dead_voice_is_bounded) {
    Settings settings;
    settings.max_duration = 10s;
    World world(settings);
    world.start();
    world.run_for(9s);
    world.voice = [](const Speak&) { return VoicePlan{.end = VoicePlan::End::hang, .until = 0}; };
    world.run_for(20s);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::max_duration);
    EXPECT_EQ(world.time_of<EndCall>(), Instant(14s));
}

TEST(Ending, without_words_no_echo_is_waited_for) {
    World world;
    world.marks.lost = 1;
    world.brain = [](const StartReply& r) { return r.kind == PromptKind::greeting ? BrainPlan{.pieces = {"Hello."}} : BrainPlan{.then = ReplyThen::end_call}; };
    world.start();
    world.run_for(1500ms);
    world.speaks(500ms);
    world.run_for(600ms + 200ms + 300ms);
    EXPECT_TRUE(world.ended);
}

struct StopCase {
    const char* name;
    milliseconds when;
};
void PrintTo(const StopCase& c, std::ostream* out) {
    *out << c.name;
}
class Stop : public ::testing::TestWithParam<StopCase> {};

// In each state: at once, once, and last; what was heard so far is kept.
TEST_P(Stop, carrier_and_operator_end_the_call_at_once) {
    for (const bool by_operator : {false, true}) {
        World world;
        world.start();
        world.at(4s, [&world] { world.send(CallerSpeechStarted{}); });
        world.at(5s, [&world] {
            if (world.utterance) world.send(TranscriptPartial{*world.utterance, "hello you"});
            world.send(CallerSpeechStopped{});
        });
        world.run_until(GetParam().when);
        if (by_operator) {
            world.send(OperatorHangup{EndReason::shutdown});
        } else {
            world.send(CarrierStopped{EndReason::carrier_lost});
        }
        EXPECT_EQ(world.time_of<EndCall>(), Instant(GetParam().when));
        EXPECT_EQ(world.last<EndCall>().reason, by_operator ? EndReason::shutdown : EndReason::carrier_lost);
        EXPECT_TRUE(world.machine.ended());
        const auto count = world.log.size();
        world.send(CarrierStopped{});
        world.send(Started{});
        world.send(OperatorSay{"too late"});
        world.run_for(30s);
        EXPECT_EQ(world.log.size(), count);
    }
}
INSTANTIATE_TEST_SUITE_P(states, Stop,
                         ::testing::Values(StopCase{"reply_pending", 100ms}, StopCase{"speaking", 1200ms}, StopCase{"listening", 3500ms},
                                           StopCase{"caller_speaking", 4700ms}, StopCase{"endpointing", 5200ms}, StopCase{"waiting_final", 5700ms},
                                           StopCase{"idle_prompt", 16500ms}, StopCase{"goodbye", 34s}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Ending, before_the_stream_is_accepted_too) {
    World world;
    world.send(TranscriptPartial{1, "nobody listens"});
    world.send(DtmfPressed{'1'});
    world.send(OperatorHangup{});
    EXPECT_EQ(world.log.size(), 1U);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::operator_hangup);
}

TEST(Ending, keeps_what_was_heard_when_the_carrier_stops) {
    World world;
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = {"alpha bravo charlie delta echo foxtrot"}}; };
    world.start();
    world.run_until(300ms + 100ms + 60ms + 1100ms);
    world.send(CarrierStopped{});
    EXPECT_EQ(world.last<AgentSaid>().heard, "alpha bravo");
    EXPECT_TRUE(world.last<AgentSaid>().interrupted);
}

TEST(Ending, keeps_what_the_caller_was_saying) {
    World world;
    world.start();
    world.run_for(3s);
    world.send(CallerSpeechStarted{});
    world.run_for(500ms);
    world.send(TranscriptPartial{*world.utterance, "I wanted to"});
    world.send(CarrierStopped{});
    EXPECT_EQ(world.last<CallerSaid>().text, "I wanted to");
}

TEST(Operator, says_something_when_nobody_speaks) {
    World world;
    world.start();
    world.run_for(3s);
    world.send(OperatorSay{"This call is being watched."});
    world.run_for(4s);
    EXPECT_EQ(world.last<AgentSaid>().kind, SpeechKind::operator_text);
    EXPECT_EQ(world.last<AgentSaid>().heard, "This call is being watched.");
}

TEST(Operator, waits_for_the_caller_to_finish) {
    World world;
    world.start();
    world.run_for(3s);
    world.clear_log();
    world.send(CallerSpeechStarted{});
    world.send(OperatorSay{"Please be quick."});
    world.run_for(1s);
    EXPECT_TRUE(world.all<Speak>().empty());
    world.send(CallerSpeechStopped{});
    world.run_for(6s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Please be quick.", "Certainly that is fine."));
}

TEST(TakeOver, the_agent_is_silent_and_a_person_speaks) {
    World world;
    world.start();
    world.run_for(500ms);
    world.send(TakenOver{true});  // in the middle of the greeting
    EXPECT_FALSE(world.all<CancelReply>().empty() && world.all<CancelSpeech>().empty());
    world.run_for(60s);  // no idle prompt, no filler, no goodbye
    EXPECT_FALSE(world.machine.ended());
    world.clear_log();
    world.ear = [](UtteranceId) { return EarPlan{.text = "can you hear me"}; };
    world.speaks(900ms, "can you hear");
    world.run_for(8s);
    EXPECT_EQ(world.last<CallerSaid>().text, "can you hear me");
    EXPECT_TRUE(world.all<StartReply>().empty());
    EXPECT_TRUE(world.all<Speak>().empty());
    world.send(OperatorSay{"I am here now."});
    world.run_for(5s);
    EXPECT_THAT(world.agent_said(), ElementsAre("I am here now."));
    world.clear_log();
    world.send(TakenOver{false});
    world.run_for(1s);
    EXPECT_TRUE(world.all<StartReply>().empty());  // the caller has been answered
    world.speaks(900ms, "thanks");
    world.run_for(5s);
    ASSERT_EQ(world.all<StartReply>().size(), 1U);
    std::vector<std::string> remembered;
    for (const auto& line : world.machine.context()) remembered.push_back(line.text);
    EXPECT_THAT(remembered, ::testing::Contains("I am here now."));
    EXPECT_EQ(std::count(remembered.begin(), remembered.end(), "can you hear me"), 2);  // said twice, answered once by each
}

TEST(TakeOver, given_back_it_answers_what_nobody_answered) {
    World world;
    world.start();
    world.run_for(5s);
    world.send(TakenOver{true});
    world.speaks(900ms, "hello");
    world.run_for(3s);
    world.clear_log();
    world.send(TakenOver{false});
    world.run_for(4s);
    ASSERT_EQ(world.all<StartReply>().size(), 1U);
    EXPECT_EQ(world.all<StartReply>()[0].text, "hello there");
    EXPECT_THAT(world.agent_said(), ElementsAre("Certainly that is fine."));
}

TEST(TakeOver, the_longest_duration_still_ends_the_call) {
    Settings settings;
    settings.max_duration = 20s;
    World world(settings);
    world.start();
    world.send(TakenOver{true});
    world.run_for(40s);
    EXPECT_TRUE(world.machine.ended());
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::max_duration);
}

TEST(Operator, may_speak_before_the_greeting) {
    World world;
    world.send(OperatorSay{"Hello from the operator."});
    EXPECT_TRUE(world.log.empty());
    world.start();
    world.run_for(5s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Hello from the operator.", "Hello and welcome."));
}

}  // namespace
}  // namespace parley::conversation::testing
