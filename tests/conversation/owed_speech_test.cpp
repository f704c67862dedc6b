// Fillers, failures, and the caller's own silence.
#include <gmock/gmock.h>

#include "world.hpp"

namespace parley::conversation::testing {
namespace {
using ::testing::ElementsAre;

constexpr const char* kFiller = "One moment please.";
const Settings kDefaults;

std::vector<std::pair<Instant, std::string>> spoken(const World& world) {
    std::vector<std::pair<Instant, std::string>> texts;
    for (const auto& [when, c] : world.log)
        if (const auto* s = std::get_if<Speak>(&c)) texts.emplace_back(when, s->text);
    return texts;
}

class OwedSpeech : public ::testing::Test {
protected:
    void greet() {
        world.start();
        world.run_for(3s);
        world.clear_log();
    }
    World world;
};

TEST_F(OwedSpeech, a_slow_answer_is_bridged) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.first = 2500ms, .pieces = {"Here it is."}}; };
    world.speaks(1s);
    const Instant endpoint = world.now + 600ms;
    world.run_for(8s);
    const auto texts = spoken(world);
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(texts[0].second, kFiller);
    EXPECT_EQ(texts[0].first, endpoint + 1500ms);
    EXPECT_EQ(texts[1].second, "Here it is.");
    EXPECT_THAT(world.agent_said(), ElementsAre(kFiller, "Here it is."));
}

TEST_F(OwedSpeech, no_filler_while_the_caller_speaks) {
    greet();
    world.speaks(6s);
    EXPECT_TRUE(spoken(world).empty());
}

TEST_F(OwedSpeech, a_brain_that_never_answers_ends_in_an_apology) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.end = BrainPlan::End::hang}; };
    world.speaks(1s);
    const Instant endpoint = world.now + 600ms;
    world.run_for(40s);
    const auto texts = spoken(world);
    ASSERT_EQ(texts.size(), 4U);
    EXPECT_EQ(texts[0].first, endpoint + 1500ms);
    EXPECT_EQ(texts[1].first, endpoint + 7500ms);
    EXPECT_EQ(texts[2].first, endpoint + 13500ms);
    EXPECT_EQ(texts[3].second, kDefaults.apology_text);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
    EXPECT_EQ(world.agent_said().back(), kDefaults.apology_text);
    EXPECT_EQ(world.all<CancelReply>().size(), 1U);
}

TEST_F(OwedSpeech, a_voice_that_hangs_is_asked_again_behind_a_filler) {
    greet();
    bool first = true;
    world.voice = [&first](const Speak& s) {
        VoicePlan plan;
        if (s.kind == SpeechKind::reply && std::exchange(first, false)) plan.end = VoicePlan::End::hang, plan.until = 0;
        return plan;
    };
    world.speaks(1s);
    world.run_for(8s);
    EXPECT_THAT(world.agent_said(), ElementsAre(kFiller, "Certainly that is fine."));
    EXPECT_EQ(world.all<CancelSpeech>().size(), 1U);
}

TEST_F(OwedSpeech, a_voice_that_stalls_goes_on_behind_the_last_word) {
    greet();
    bool first = true;
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = {"alpha bravo charlie delta echo foxtrot"}}; };
    world.voice = [&first](const Speak& s) {
        VoicePlan plan;
        if (s.kind == SpeechKind::reply && std::exchange(first, false)) plan.end = VoicePlan::End::hang, plan.until = 0.6;
        plan.timed = true;
        return plan;
    };
    world.speaks(1s);
    world.run_for(12s);
    const auto said = world.agent_said();
    ASSERT_EQ(said.size(), 3U);
    EXPECT_EQ(said[1], kFiller);
    EXPECT_EQ(said[0] + " " + said[2], "alpha bravo charlie delta echo foxtrot");
}

TEST_F(OwedSpeech, a_voice_that_fails_once_is_asked_again_at_once) {
    greet();
    bool first = true;
    world.voice = [&first](const Speak&) {
        VoicePlan plan;
        if (std::exchange(first, false)) plan.end = VoicePlan::End::fail, plan.until = 0;
        return plan;
    };
    world.speaks(1s);
    world.run_for(6s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Certainly that is fine."));
}

TEST_F(OwedSpeech, a_voice_that_says_nothing_has_failed) {
    greet();
    bool first = true;
    world.voice = [&first](const Speak&) {
        VoicePlan plan;
        if (std::exchange(first, false)) plan.end = VoicePlan::End::empty;
        return plan;
    };
    world.speaks(1s);
    world.run_for(6s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Certainly that is fine."));
}

TEST_F(OwedSpeech, a_sentence_that_cannot_be_said_ends_the_call_with_an_apology) {
    greet();
    world.voice = [](const Speak& s) {
        VoicePlan plan;
        if (s.kind == SpeechKind::reply) plan.end = VoicePlan::End::fail, plan.until = 0;
        return plan;
    };
    world.speaks(1s);
    world.run_for(20s);
    EXPECT_THAT(world.agent_said(), ElementsAre(kDefaults.apology_text));
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
}

TEST_F(OwedSpeech, without_any_voice_the_call_ends_at_once) {
    greet();
    world.voice = [](const Speak&) { return VoicePlan{.end = VoicePlan::End::fail, .until = 0}; };
    world.brain = [](const StartReply&) { return BrainPlan{.end = BrainPlan::End::hang}; };
    world.speaks(1s);
    const Instant endpoint = world.now + 600ms;
    world.run_for(10s);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
    EXPECT_EQ(world.time_of<EndCall>(), endpoint + 1600ms);
}

TEST_F(OwedSpeech, a_voice_that_hangs_for_ever_still_ends) {
    greet();
    world.voice = [](const Speak&) { return VoicePlan{.end = VoicePlan::End::hang, .until = 0}; };
    world.speaks(1s);
    world.run_for(60s);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
}

TEST_F(OwedSpeech, a_failed_reply_asks_again_then_gives_up) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.end = BrainPlan::End::fail}; };
    world.speaks(1s);
    world.run_for(6s);
    EXPECT_THAT(world.agent_said(), ElementsAre(kDefaults.fallback_text));
    EXPECT_FALSE(world.ended);
    world.speaks(1s);
    world.run_for(15s);
    EXPECT_EQ(world.agent_said().back(), kDefaults.apology_text);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::brain_failed);
}

TEST_F(OwedSpeech, an_empty_reply_is_never_silence) {
    greet();
    world.brain = [](const StartReply&) { return BrainPlan{.pieces = {"  ", "\n"}}; };
    world.speaks(1s);
    world.run_for(6s);
    EXPECT_THAT(world.agent_said(), ElementsAre(kDefaults.fallback_text));
}

TEST_F(OwedSpeech, a_reply_without_end_is_cut_behind_a_piece) {
    greet();
    std::vector<std::string> pieces(100, std::string(99, 'w') + ".");
    world.brain = [&pieces](const StartReply&) { return BrainPlan{.pieces = pieces}; };
    world.speaks(1s);
    world.run_for(7s);
    EXPECT_EQ(world.all<Speak>().size(), 21U);
    EXPECT_EQ(world.all<CancelReply>().size(), 1U);
}

TEST_F(OwedSpeech, a_silent_caller_is_asked_twice_then_the_call_ends) {
    world.start();
    world.run_for(60s);
    EXPECT_THAT(world.agent_said(), ElementsAre("Hello and welcome.", kDefaults.idle_texts[0], kDefaults.idle_texts[1], kDefaults.goodbye_text));
    EXPECT_EQ(world.last<AgentSaid>().kind, SpeechKind::goodbye);
    EXPECT_EQ(world.last<EndCall>().reason, EndReason::silence);
    const auto texts = spoken(world);
    // Eight seconds after the greeting was heard: 300 + 100 ms to the first frame, 1.33 s of speech, the way there.
    EXPECT_NEAR(static_cast<double>(texts[1].first.count()), 9.83e6, 0.1e6);
}

TEST_F(OwedSpeech, a_caller_who_answers_is_asked_anew) {
    world.start();
    world.run_for(12s);
    ASSERT_EQ(world.agent_said().size(), 2U);
    world.speaks(1s);
    world.run_for(14s);
    EXPECT_EQ(world.agent_said().back(), kDefaults.idle_texts[0]);
}

TEST_F(OwedSpeech, a_goodbye_to_silence_is_taken_back_when_the_caller_speaks) {
    world.start();
    world.run_for(33s);
    ASSERT_STREQ(world.machine.state_name(), "ending");
    world.speaks(1s);
    world.run_for(5s);
    EXPECT_FALSE(world.ended);
    EXPECT_EQ(world.agent_said().back(), "Certainly that is fine.");
}

}  // namespace
}  // namespace parley::conversation::testing
