#include <gmock/gmock.h>

#include "world.hpp"

namespace parley::conversation::testing {
namespace {
using ::testing::ElementsAre;

// A call whose greeting has been heard and where nobody speaks.
class TurnTaking : public ::testing::Test {
protected:
    void greet() {
        world.start();
        world.run_for(3s);
        ASSERT_THAT(world.agent_said(), ElementsAre("Hello and welcome."));
        ASSERT_STREQ(world.machine.state_name(), "listening");
        world.clear_log();
    }
    World world;
};

TEST_F(TurnTaking, greets_first) {
    world.start();
    ASSERT_EQ(world.all<StartReply>().size(), 1U);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::greeting);
    world.run_for(3s);
    const auto said = world.last<AgentSaid>();
    EXPECT_EQ(said.kind, SpeechKind::greeting);
    EXPECT_EQ(said.heard, "Hello and welcome.");
    EXPECT_FALSE(said.interrupted);
    EXPECT_NEAR(static_cast<double>(said.heard_for.count()), 19 * 70e3, 1e3);
}

TEST_F(TurnTaking, answers_what_the_caller_said) {
    greet();
    world.ear = [](UtteranceId) { return EarPlan{.text = "  what are\tyour  opening hours "}; };
    world.speaks(1s);
    const Instant spoken_until = world.now;
    world.run_for(5s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), spoken_until + 600ms);
    EXPECT_EQ(world.last<CallerSaid>().text, "what are your opening hours");
    EXPECT_DOUBLE_EQ(world.last<CallerSaid>().confidence, 0.9);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::caller_text);
    EXPECT_EQ(world.last<StartReply>().text, "what are your opening hours");
    EXPECT_THAT(world.agent_said(), ElementsAre("Certainly that is fine."));
    const auto& context = world.machine.context();
    ASSERT_EQ(context.size(), 3U);
    EXPECT_EQ(context[0].text, "Hello and welcome.");
    EXPECT_EQ(context[1].side, ContextLine::Side::caller);
    EXPECT_EQ(context[1].text, "what are your opening hours");
    EXPECT_EQ(context[2].text, "Certainly that is fine.");
}

TEST_F(TurnTaking, the_context_of_a_reply_is_what_was_said_before_its_text) {
    greet();
    std::vector<std::size_t> lines;
    world.watch = [&](const Command& c) {
        if (std::holds_alternative<StartReply>(c)) lines.push_back(world.machine.context().size());
    };
    world.speaks(1s);
    world.run_for(5s);
    world.speaks(1s);
    world.run_for(5s);
    EXPECT_THAT(lines, ElementsAre(1, 3));
}

TEST_F(TurnTaking, tells_each_stage_of_a_turn) {
    greet();
    world.speaks(1s);
    const Instant end = world.now;
    world.run_for(5s);
    ASSERT_EQ(world.all<TurnTimes>().size(), 1U);
    const auto turn = world.last<TurnTimes>();
    EXPECT_EQ(turn.turn, 1U);
    EXPECT_EQ(turn.speech_end, end);
    EXPECT_EQ(turn.endpoint, end + 600ms);
    EXPECT_EQ(turn.final_text, end + 800ms);
    EXPECT_EQ(turn.first_text, end + 1100ms);
    EXPECT_EQ(turn.first_audio, end + 1200ms);
    EXPECT_EQ(turn.first_frame, end + 1200ms);
    EXPECT_GE(turn.heard, turn.first_frame + 60ms);
    EXPECT_LE(turn.heard, turn.first_frame + 70ms);
}

struct PatienceCase {
    const char* name;
    const char* partial;
    milliseconds asked, want;
};
void PrintTo(const PatienceCase& c, std::ostream* out) {
    *out << c.name;
}
class Patience : public TurnTaking, public ::testing::WithParamInterface<PatienceCase> {};
TEST_P(Patience, silence_ends_the_turn) {
    greet();
    if (GetParam().asked.count() > 0) world.send(PatienceAsked{GetParam().asked});
    world.speaks(1s, GetParam().partial);
    const Instant end = world.now;
    world.run_for(6s);
    ASSERT_TRUE(world.time_of<FinishUtterance>());
    EXPECT_EQ(*world.time_of<FinishUtterance>() - end, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(cases, Patience,
                         ::testing::Values(PatienceCase{"nothing_known", "", 0ms, 600ms}, PatienceCase{"open", "book a table", 0ms, 600ms},
                                           PatienceCase{"finished", "Book a table.", 0ms, 350ms}, PatienceCase{"question", "who are you with?", 0ms, 350ms},
                                           PatienceCase{"trailing_and", "on Tuesday and", 0ms, 1100ms},
                                           PatienceCase{"trailing_um", "I would like Um", 0ms, 1100ms}, PatienceCase{"comma", "on Tuesday,", 0ms, 1100ms},
                                           PatienceCase{"and_with_full_stop", "on Tuesday and.", 0ms, 1100ms}, PatienceCase{"ellipsis", "well...", 0ms, 1100ms},
                                           PatienceCase{"asked_long", "Tuesday", 1500ms, 1500ms},
                                           PatienceCase{"asked_long_finished", "Tuesday.", 1500ms, 600ms},
                                           PatienceCase{"asked_long_unfinished", "Tuesday and", 1500ms, 1500ms},
                                           PatienceCase{"asked_short", "yes", 300ms, 300ms}, PatienceCase{"asked_short_unfinished", "yes but", 300ms, 1100ms},
                                           PatienceCase{"absurd_is_bounded", "Tuesday", 3600s, 5000ms}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST_F(TurnTaking, patience_asked_for_holds_for_one_turn) {
    greet();
    world.machine.expect(1500ms);
    world.speaks(1s);
    world.run_for(6s);
    world.clear_log();
    world.speaks(1s);
    const Instant end = world.now;
    world.run_for(3s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), end + 600ms);
}

TEST_F(TurnTaking, a_partial_during_the_silence_changes_its_length) {
    greet();
    world.speaks(1s);
    const Instant end = world.now;
    world.run_for(100ms);
    world.send(TranscriptPartial{*world.utterance, "on Monday and"});
    world.run_for(3s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), end + 1100ms);
}

TEST_F(TurnTaking, a_pause_does_not_end_the_turn) {
    greet();
    world.speaks(500ms);
    world.run_for(500ms);
    EXPECT_STREQ(world.machine.state_name(), "endpointing");
    world.speaks(500ms);
    const Instant end = world.now;
    world.run_for(3s);
    EXPECT_EQ(world.all<BeginUtterance>().size(), 1U);
    EXPECT_EQ(world.time_of<FinishUtterance>(), end + 600ms);
}

TEST_F(TurnTaking, a_click_is_no_turn) {
    greet();
    world.speaks(80ms);
    world.run_for(3s);
    EXPECT_EQ(world.all<DropUtterance>().size(), 1U);
    EXPECT_TRUE(world.all<StartReply>().empty());
    EXPECT_STREQ(world.machine.state_name(), "listening");
}

TEST_F(TurnTaking, the_recogniser_may_end_the_turn_earlier) {
    greet();
    world.speaks(1s, "on Tuesday and");
    world.run_for(50ms);
    world.send(VendorEndOfTurn{*world.utterance, 0.9});
    EXPECT_EQ(world.time_of<FinishUtterance>(), world.now);
}

TEST_F(TurnTaking, half_sure_shortens_the_wait) {
    greet();
    world.speaks(1s, "on Tuesday");
    const Instant end = world.now;
    world.send(VendorEndOfTurn{*world.utterance, 0.5});
    world.run_for(3s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), end + 350ms);
}

TEST_F(TurnTaking, the_recogniser_is_believed_over_a_noisy_line) {
    greet();
    world.send(CallerSpeechStarted{});
    world.run_for(1s);
    world.send(VendorEndOfTurn{*world.utterance, 0.95});
    const Instant said = world.now;
    world.run_for(3s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), said + 350ms);
}

TEST_F(TurnTaking, new_words_take_back_an_end_of_turn) {
    greet();
    world.send(CallerSpeechStarted{});
    world.run_for(1s);
    world.send(VendorEndOfTurn{*world.utterance, 0.95});
    world.run_for(100ms);
    world.send(TranscriptPartial{*world.utterance, "and another thing"});
    world.run_for(2s);
    EXPECT_FALSE(world.time_of<FinishUtterance>());
}

TEST_F(TurnTaking, an_endless_turn_is_closed) {
    greet();
    world.send(CallerSpeechStarted{});
    const Instant began = world.now;
    world.run_for(20s);
    EXPECT_EQ(world.time_of<FinishUtterance>(), began + 15s);
    EXPECT_EQ(world.all<StartReply>().size(), 1U);
}

TEST_F(TurnTaking, nothing_understood_is_told_to_the_brain) {
    greet();
    world.ear = [](UtteranceId) { return EarPlan{.end = EarPlan::End::nothing}; };
    world.speaks(1s, "mumble");
    world.run_for(2s);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::nothing_understood);
    EXPECT_TRUE(world.all<CallerSaid>().empty());
}

TEST_F(TurnTaking, without_a_final_the_last_partial_serves) {
    greet();
    world.ear = [](UtteranceId) { return EarPlan{.end = EarPlan::End::never}; };
    world.speaks(1s, "book a table");
    world.run_for(600ms);
    const Instant endpoint = world.now;
    world.run_for(5s);
    EXPECT_EQ(world.time_of<StartReply>(), endpoint + 3s);
    EXPECT_EQ(world.last<StartReply>().text, "book a table");
    EXPECT_EQ(world.all<DropUtterance>().size(), 1U);
}

TEST_F(TurnTaking, stale_and_second_finals_are_ignored) {
    greet();
    world.ear = [](UtteranceId) { return EarPlan{.twice = true}; };
    world.speaks(1s);
    world.run_for(5s);
    world.send(TranscriptFinal{1, "very late", 1});
    world.send(TranscriptFinal{99, "from nowhere", 1});
    world.run_for(1s);
    EXPECT_EQ(world.all<CallerSaid>().size(), 1U);
    EXPECT_EQ(world.all<StartReply>().size(), 1U);
}

TEST_F(TurnTaking, a_transcript_is_bounded_and_clean) {
    greet();
    world.ear = [](UtteranceId) {
        return EarPlan{.text =
                           "a\x01"
                           "b\xFF"
                           "c" +
                           std::string(100000, 'x')};
    };
    world.speaks(1s);
    world.run_for(2s);
    EXPECT_EQ(world.last<CallerSaid>().text.substr(0, 6), "a bcxx");
    EXPECT_LE(world.last<CallerSaid>().text.size(), 4096U);
}

TEST_F(TurnTaking, speech_while_the_answer_is_pending_joins_the_question) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.first = 900ms, .pieces = {"Fine."}}; };
    int n = 0;
    world.ear = [&n](UtteranceId) { return EarPlan{.text = n++ == 0 ? "book a table" : "for two people"}; };
    world.speaks(1s);
    world.run_for(1s);
    ASSERT_EQ(world.all<StartReply>().size(), 1U);
    EXPECT_STREQ(world.machine.state_name(), "reply_pending");
    world.speaks(800ms);
    world.run_for(5s);
    EXPECT_EQ(world.all<CancelReply>().size(), 1U);
    EXPECT_EQ(world.all<StartReply>().size(), 2U);
    EXPECT_EQ(world.last<StartReply>().text, "book a table for two people");
    EXPECT_EQ(world.all<CallerSaid>().size(), 2U);
    const auto& context = world.machine.context();
    ASSERT_EQ(context.size(), 3U);
    EXPECT_EQ(context[1].text, "book a table for two people");
    EXPECT_TRUE(world.all<BargedIn>().empty());
}

TEST_F(TurnTaking, speech_while_the_final_is_awaited_joins_too) {
    greet();
    int n = 0;
    world.ear = [&n](UtteranceId) { return EarPlan{.latency = n == 0 ? 900ms : 200ms, .text = n++ == 0 ? "book a table" : "for two people"}; };
    world.speaks(1s);
    world.run_for(700ms);
    EXPECT_STREQ(world.machine.state_name(), "waiting_final");
    world.speaks(800ms);
    world.run_for(5s);
    EXPECT_EQ(world.all<StartReply>().size(), 1U);
    EXPECT_EQ(world.last<StartReply>().text, "book a table for two people");
}

TEST_F(TurnTaking, a_click_while_the_answer_is_pending_changes_nothing) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.first = 900ms, .pieces = {"Fine."}}; };
    world.speaks(1s);
    world.run_for(1s);
    world.speaks(60ms);
    world.run_for(4s);
    EXPECT_TRUE(world.all<CancelReply>().empty());
    EXPECT_THAT(world.agent_said(), ElementsAre("Fine."));
}

TEST_F(TurnTaking, failing_recognition_asks_again_then_gives_up) {
    greet();
    world.ear = [](UtteranceId) { return EarPlan{.end = EarPlan::End::fail}; };
    world.speaks(1s);
    world.run_for(5s);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::nothing_understood);
    world.speaks(1s);
    world.run_for(20s);
    EXPECT_EQ(world.last<AgentSaid>().kind, SpeechKind::apology);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
}

TEST_F(TurnTaking, digits_end_with_the_hash_key) {
    greet();
    for (char digit : {'1', '2', '*', '3', '#'}) {
        world.send(DtmfPressed{digit});
        world.run_for(200ms);
    }
    EXPECT_EQ(world.last<CallerSaid>().text, "12*3");
    EXPECT_TRUE(world.last<CallerSaid>().digits);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::digits);
    EXPECT_EQ(world.last<StartReply>().text, "12*3");
}

TEST_F(TurnTaking, digits_end_with_a_gap) {
    greet();
    world.send(DtmfPressed{'4'});
    world.run_for(1400ms);
    world.send(DtmfPressed{'2'});
    const Instant last = world.now;
    world.run_for(4s);
    EXPECT_EQ(world.time_of<StartReply>(), last + 1500ms);
    EXPECT_EQ(world.last<StartReply>().text, "42");
}

TEST_F(TurnTaking, digits_are_bounded_and_unknown_keys_ignored) {
    greet();
    world.send(DtmfPressed{'x'});
    EXPECT_STREQ(world.machine.state_name(), "listening");
    for (int i = 0; i < 64; ++i) world.send(DtmfPressed{'7'});
    EXPECT_EQ(world.last<StartReply>().text, std::string(64, '7'));
}

TEST_F(TurnTaking, digits_interrupt_the_agent) {
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = {"Please type in your long customer number now."}}; };
    world.start();
    world.run_for(1500ms);
    ASSERT_STREQ(world.machine.state_name(), "speaking");
    world.send(DtmfPressed{'1'});
    EXPECT_EQ(world.all<ClearCarrier>().size(), 1U);
    EXPECT_EQ(world.all<CancelSpeech>().size(), 1U);
    EXPECT_EQ(world.all<BargedIn>().size(), 1U);
    EXPECT_TRUE(world.last<AgentSaid>().interrupted);
    world.run_for(4s);
    EXPECT_EQ(world.last<StartReply>().text, "1");
}

TEST_F(TurnTaking, key_tones_heard_as_speech_are_no_turn) {
    greet();
    world.send(CallerSpeechStarted{});
    world.send(DtmfPressed{'5'});
    world.send(CallerSpeechStopped{});
    world.send(CallerSpeechStarted{});
    world.run_for(100ms);
    world.send(CallerSpeechStopped{});
    world.run_for(4s);
    EXPECT_EQ(world.all<StartReply>().size(), 1U);
    EXPECT_EQ(world.last<StartReply>().kind, PromptKind::digits);
    EXPECT_TRUE(world.all<FinishUtterance>().empty());
}

}  // namespace
}  // namespace parley::conversation::testing
