#include <gmock/gmock.h>

#include "world.hpp"

namespace parley::conversation::testing {
namespace {
using ::testing::ElementsAre;

constexpr const char* kLong = "Certainly we are open from monday to friday in the morning and in the afternoon as well";

template <class T>
std::vector<std::string> kinds(const T& log) {
    std::vector<std::string> names;
    for (const auto& [when, c] : log) {
        if (std::holds_alternative<Duck>(c)) names.emplace_back("duck");
        if (std::holds_alternative<Unduck>(c)) names.emplace_back("unduck");
        if (std::holds_alternative<CancelReply>(c)) names.emplace_back("cancel_reply");
        if (std::holds_alternative<CancelSpeech>(c)) names.emplace_back("cancel_speech");
        if (std::holds_alternative<ClearCarrier>(c)) names.emplace_back("clear");
        if (std::holds_alternative<AgentSaid>(c)) names.emplace_back("agent_said");
        if (std::holds_alternative<BargedIn>(c)) names.emplace_back("barged_in");
        if (std::holds_alternative<BeginUtterance>(c)) names.emplace_back("begin");
        if (std::holds_alternative<DropUtterance>(c)) names.emplace_back("drop");
    }
    return names;
}

// A call in which the agent is one second into a long answer.
class BargeIn : public ::testing::Test {
protected:
    explicit BargeIn(Settings settings = {}) : world(std::move(settings)) {}
    void answer(std::vector<std::string> pieces = {kLong}) {
        world.brain = [this, pieces](const StartReply& r) {
            BrainPlan plan;
            plan.pieces = r.kind == PromptKind::greeting || calls_++ > 0 ? std::vector<std::string>{"Hello."} : pieces;
            return plan;
        };
        world.start();
        world.run_for(3s);
        world.speaks(1s);
        world.run_for(600ms + 200ms + 300ms + 100ms + 60ms + 1s);
        ASSERT_STREQ(world.machine.state_name(), "speaking");
        world.clear_log();
    }
    int calls_ = 0;
    World world;
};

TEST_F(BargeIn, speech_that_goes_on_stops_the_agent) {
    answer();
    const Instant began = world.now;
    world.ear = [](UtteranceId) { return EarPlan{.text = "stop that is enough"}; };
    world.speaks(1s);
    EXPECT_THAT(kinds(world.log), ElementsAre("begin", "duck", "cancel_speech", "clear", "unduck", "agent_said", "barged_in"));
    const auto barged = world.last<BargedIn>();
    EXPECT_EQ(barged.speech_started, began);
    EXPECT_EQ(barged.stopped, began + 300ms);
    EXPECT_EQ(barged.reply, 2U);
    const auto said = world.last<AgentSaid>();
    EXPECT_TRUE(said.interrupted);
    EXPECT_EQ(said.heard, barged.heard);
    // 1.3 s at 70 ms a letter, less what is held back: 17 letters.
    EXPECT_EQ(said.heard, "Certainly we are");
    world.run_for(5s);
    EXPECT_EQ(world.last<StartReply>().text, "stop that is enough");
    const auto& context = world.machine.context();
    ASSERT_EQ(context.size(), 5U);
    EXPECT_EQ(context[2].text, "Certainly we are");
    EXPECT_TRUE(context[2].interrupted);
    EXPECT_EQ(world.frames_after_confirmed, 0U);
}

TEST_F(BargeIn, a_reply_still_being_made_is_cancelled) {
    world.brain = [](const StartReply&) { return BrainPlan{.between = 2s, .pieces = {"One long piece of the answer.", "Another.", "And another."}}; };
    world.start();
    world.run_for(1s);
    world.speaks(800ms);
    EXPECT_EQ(world.all<CancelReply>().size(), 1U);
    world.run_for(200ms);
    EXPECT_EQ(world.all<Speak>().size(), 1U);
}

TEST_F(BargeIn, a_short_sound_only_ducks) {
    answer();
    world.speaks(200ms);
    EXPECT_THAT(kinds(world.log), ElementsAre("begin", "duck", "drop", "unduck"));
    world.run_for(8s);
    EXPECT_THAT(world.agent_said(), ElementsAre(kLong));
    EXPECT_FALSE(world.last<AgentSaid>().interrupted);
}

TEST_F(BargeIn, words_confirm_before_the_time_is_up) {
    answer();
    world.send(CallerSpeechStarted{});
    world.run_for(100ms);
    world.send(TranscriptPartial{*world.utterance, "wait"});
    EXPECT_TRUE(world.all<BargedIn>().empty());
    world.run_for(50ms);
    world.send(TranscriptPartial{*world.utterance, "wait please"});
    EXPECT_EQ(world.all<BargedIn>().size(), 1U);
    EXPECT_EQ(world.last<BargedIn>().stopped, world.now);
}

class BargeInByTime : public BargeIn {
protected:
    BargeInByTime()
        : BargeIn([] {
              Settings s;
              s.barge_in_words = 0;
              return s;
          }()) {}
};
TEST_F(BargeInByTime, words_do_not_matter_when_set_so) {
    answer();
    world.send(CallerSpeechStarted{});
    world.run_for(100ms);
    world.send(TranscriptPartial{*world.utterance, "many words at once"});
    EXPECT_TRUE(world.all<BargedIn>().empty());
}

class NoBargeIn : public BargeIn {
protected:
    NoBargeIn()
        : BargeIn([] {
              Settings s;
              s.barge_in = false;
              return s;
          }()) {}
};
TEST_F(NoBargeIn, the_agent_speaks_on) {
    answer();
    world.speaks(1500ms, "wait please stop");
    world.run_for(8s);
    EXPECT_THAT(kinds(world.log), ElementsAre("begin", "drop", "agent_said"));
    EXPECT_THAT(world.agent_said(), ElementsAre(kLong));
}
TEST_F(NoBargeIn, who_still_speaks_at_the_end_is_listened_to) {
    answer();
    world.ear = [](UtteranceId) { return EarPlan{.text = "on friday please"}; };
    world.run_for(4s);
    ASSERT_STREQ(world.machine.state_name(), "speaking");
    world.speaks(4s);
    EXPECT_TRUE(world.all<DropUtterance>().empty());
    world.run_for(2s);
    EXPECT_EQ(world.last<StartReply>().text, "on friday please");
    EXPECT_THAT(world.agent_said(), ElementsAre(kLong, "Hello."));
}

TEST_F(BargeIn, a_quick_answer_over_the_last_syllable_is_a_turn) {
    answer({"Is that right for you"});
    world.ear = [](UtteranceId) { return EarPlan{.text = "yes"}; };
    world.run_for(400ms);
    ASSERT_TRUE(world.machine.agent_audible(world.now));
    world.speaks(250ms);
    ASSERT_FALSE(world.machine.agent_audible(world.now));
    world.run_for(2s);
    EXPECT_EQ(world.last<CallerSaid>().text, "yes");
    EXPECT_TRUE(world.all<BargedIn>().empty());
    EXPECT_FALSE(world.all<AgentSaid>().front().interrupted);
}

TEST_F(BargeIn, words_of_every_piece_are_remembered_once) {
    answer({"First we open at nine", "then we close at five", "and that is all there is"});
    world.run_for(1500ms);
    world.speaks(1s);
    const auto said = world.all<AgentSaid>();
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].heard.rfind("First we open at nine then we", 0), 0U) << said[0].heard;
    world.run_for(10s);
}

TEST_F(BargeIn, nothing_heard_of_the_answer_brings_the_question_back) {
    world.brain = [](const StartReply& r) { return BrainPlan{.pieces = {r.kind == PromptKind::greeting ? "Hello." : "Internationalisation"}}; };
    world.start();
    world.run_for(3s);
    int n = 0;
    world.ear = [&n](UtteranceId) { return EarPlan{.text = n++ == 0 ? "what do you do" : "on weekends"}; };
    world.speaks(1s);
    world.run_for(600ms + 200ms + 300ms + 100ms + 60ms + 200ms);
    ASSERT_TRUE(world.machine.agent_audible(world.now));
    world.speaks(800ms);
    world.run_for(3s);
    EXPECT_EQ(world.last<StartReply>().text, "what do you do on weekends");
}

TEST_F(BargeIn, the_next_words_of_the_agent_are_not_ducked) {
    answer();
    world.speaks(1s);
    world.run_for(8s);
    std::size_t ducks = world.all<Duck>().size(), unducks = world.all<Unduck>().size();
    EXPECT_EQ(ducks, unducks);
}

TEST_F(BargeIn, lost_marks_do_not_change_what_is_remembered) {
    world.marks.lost = 1;
    answer();
    world.speaks(1s);
    EXPECT_EQ(world.last<AgentSaid>().heard, "Certainly we are");
}

TEST_F(BargeIn, marks_echoed_because_of_clear_do_not_count) {
    answer();
    world.speaks(1s);
    const auto acknowledged = world.machine.ledger().acknowledged_samples();
    world.run_for(500ms);
    EXPECT_EQ(world.machine.ledger().acknowledged_samples(), acknowledged);
}

TEST_F(BargeIn, word_times_cut_exactly) {
    world.voice = [](const Speak&) { return VoicePlan{.timed = true}; };
    answer();
    world.speaks(1s);
    EXPECT_TRUE(world.last<AgentSaid>().interrupted);
    EXPECT_FALSE(world.last<AgentSaid>().heard.empty());
    world.run_for(4s);
}

TEST_F(BargeIn, a_goodbye_may_be_interrupted) {
    world.brain = [](const StartReply& r) {
        BrainPlan plan{.pieces = {r.kind == PromptKind::greeting ? kLong : "Still here."}};
        if (r.kind == PromptKind::greeting) plan.then = ReplyThen::end_call;
        return plan;
    };
    world.start();
    world.run_for(1500ms);
    ASSERT_STREQ(world.machine.state_name(), "ending");
    world.speaks(1s);
    world.run_for(5s);
    EXPECT_FALSE(world.ended);
    EXPECT_EQ(world.agent_said().back(), "Still here.");
}

}  // namespace
}  // namespace parley::conversation::testing
