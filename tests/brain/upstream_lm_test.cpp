#include <gmock/gmock.h>

#include "vendor_fakes.hpp"

namespace parley::brain {
namespace {
using namespace std::chrono_literals;
using conversation::PromptKind;
using testing::ElementsAre;
using testing::HasSubstr;
using vendors::FailureKind;
using vendors::LmDone;
using vendors::LmFinish;

LmDone done(LmFinish finish = LmFinish::stop) {
    LmDone made;
    made.finish = finish;
    made.request_id = "req_1";
    return made;
}

TEST(UpstreamLm, SpeaksSentenceBySentence) {
    UpstreamWorld world;
    world.settings.instructions = "You are Sam.";
    world.open();
    world.start(1, PromptKind::caller_text, "When do you open?", {{conversation::ContextLine::Side::agent, "Hello", true}});
    auto& asked = world.lms["a"]->asked.back();
    ASSERT_EQ(asked.request.messages.size(), 3U);
    EXPECT_THAT(asked.request.messages[0].text, HasSubstr("You are Sam."));
    EXPECT_THAT(asked.request.messages[1].text, HasSubstr("Hello … [interrupted"));
    EXPECT_EQ(asked.request.messages[2].text, "When do you open?");
    asked.sink->on_text("We open at ni");
    asked.sink->on_text("ne. And we close at six. ");
    asked.sink->on_text("See you then");
    FakeLm::end(asked, done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 We open at nine.", "say 1 And we close at six.", "say 1 See you then", "finished 1"));
    ASSERT_EQ(world.records.size(), 1U);
    EXPECT_EQ(world.records[0].request_id, "req_1");
    EXPECT_EQ(world.records[0].outcome, "ok");
}

TEST(UpstreamLm, AWhisperIsInTheNextQuestionAndInNoAnswer) {
    UpstreamWorld world;
    world.settings.instructions = "You are Sam.";
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    EXPECT_THAT(world.lms["a"]->asked.back().request.messages[0].text, testing::Not(HasSubstr("discount")));
    world.brain->lm().advise("Offer a discount of ten percent.");
    world.start(2, PromptKind::caller_text, "And?");
    EXPECT_THAT(world.lms["a"]->asked.back().request.messages[0].text,
                testing::AllOf(HasSubstr("You are Sam."), HasSubstr("Offer a discount of ten percent.")));
    for (int i = 0; i < 20; ++i) world.brain->lm().advise("note " + std::to_string(i));
    world.start(3, PromptKind::caller_text, "And?");
    const auto& system = world.lms["a"]->asked.back().request.messages[0].text;
    EXPECT_THAT(system, testing::AllOf(HasSubstr("note 19"), HasSubstr("note 12"), testing::Not(HasSubstr("note 11")), testing::Not(HasSubstr("discount"))));
    EXPECT_TRUE(world.take().empty());
}

TEST(UpstreamLm, WhatIsFoundAfterItWasOpenedIsKnownWhenItGreetsAndAnswers) {
    UpstreamWorld world;
    world.settings.instructions = "You are Sam. {caller_name|The caller} is on the line.";
    world.settings.greeting = "Hello, {caller_name}, how are you?";
    world.open();
    Prepared found;
    found.variables = {{"caller_name", "Ada"}};
    found.background = "Ada asked for a refund last week.";
    world.brain->lm().prepared(found);
    world.start(1, PromptKind::greeting, "");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 Hello, Ada, how are you?", "finished 1"));
    world.start(2, PromptKind::caller_text, "Hi");
    const auto& system = world.lms["a"]->asked.back().request.messages[0].text;
    EXPECT_THAT(system, HasSubstr("You are Sam. Ada is on the line."));
    EXPECT_THAT(system, HasSubstr("Ada asked for a refund last week."));
}

TEST(UpstreamLm, AFirstClauseWaitsAMomentForItsSentence) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "When?");
    world.lms["a"]->asked.back().sink->on_text("We are open from Monday to Friday, and");
    EXPECT_TRUE(world.take().empty());
    world.lms["a"]->asked.back().sink->on_text(" never later. S");
    EXPECT_THAT(world.take(), ElementsAre("say 1 We are open from Monday to Friday, and never later."));
    world.start(2, PromptKind::caller_text, "When?");
    world.lms["a"]->asked.back().sink->on_text("We are open from Monday to Friday, and");
    world.pass(160ms);
    EXPECT_THAT(world.take(), ElementsAre("say 2 We are open from Monday to Friday,"));
}

TEST(UpstreamLm, ASlowFirstTokenGoesToTheBackupUnheard) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    world.pass(2900ms);
    EXPECT_EQ(world.lms.count("b") == 0 || world.lms["b"]->asked.empty(), true);
    world.pass(3100ms);
    EXPECT_FALSE(world.lms["a"]->asked.back().running);
    auto& asked = world.lms["b"]->asked.back();
    EXPECT_EQ(asked.request.messages.back().text, "Hi");
    asked.sink->on_text("Good day.");
    FakeLm::end(asked, done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("failover llm a->b", "say 1 Good day.", "finished 1"));
}

TEST(UpstreamLm, WhatBreaksOffIsContinuedFromWhatWasSaid) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Tell me");
    world.lms["a"]->asked.back().sink->on_text("First comes this. Then comes th");
    world.pass(2100ms);
    auto& messages = world.lms["b"]->asked.back().request.messages;
    ASSERT_GE(messages.size(), 3U);
    EXPECT_EQ(messages[messages.size() - 2].text, "First comes this.");
    EXPECT_EQ(messages[messages.size() - 2].role, vendors::LmMessage::Role::assistant);
    world.lms["b"]->asked.back().sink->on_text("Then comes that.");
    FakeLm::end(world.lms["b"]->asked.back(), done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 First comes this.", "failover llm a->b", "say 1 Then comes that.", "finished 1"));
}

TEST(UpstreamLm, ServerErrorsAreRetriedOnceThenTheBackup) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    FakeLm::end(world.lms["a"]->asked.back(), failure(FailureKind::server));
    world.turn();
    world.pass(200ms);
    ASSERT_EQ(world.lms["a"]->asked.size(), 2U);
    FakeLm::end(world.lms["a"]->asked.back(), failure(FailureKind::server));
    world.turn();
    ASSERT_EQ(world.lms["b"]->asked.size(), 1U);
    FakeLm::end(world.lms["b"]->asked.back(), failure(FailureKind::server));
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("failover llm a->b"));
    // All of them at once may be our own line: a second round, and no third.
    world.pass(1900ms);
    ASSERT_EQ(world.lms["a"]->asked.size(), 3U);
    FakeLm::end(world.lms["a"]->asked.back(), failure(FailureKind::server));
    world.turn();
    FakeLm::end(world.lms["b"]->asked.back(), failure(FailureKind::server));
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("failover llm a->b", "failed 1"));
}

TEST(UpstreamLm, AnEmptyAnswerIsNoAnswer) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    FakeLm::end(world.lms["a"]->asked.back(), done());
    world.turn();
    world.pass(200ms);
    FakeLm::end(world.lms["a"]->asked.back(), done(LmFinish::content));
    world.turn();
    ASSERT_TRUE(world.lms.count("b"));
    world.lms["b"]->asked.back().sink->on_text("Hello");
    FakeLm::end(world.lms["b"]->asked.back(), done());
    world.turn();
    EXPECT_EQ(world.told.back(), "finished 1");
}

TEST(UpstreamLm, AnAnswerCutByItsLengthEndsWithAWholeSentence) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    world.lms["a"]->asked.back().sink->on_text("This is whole. This is not who");
    FakeLm::end(world.lms["a"]->asked.back(), done(LmFinish::length));
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 This is whole.", "finished 1"));
}

TEST(UpstreamLm, AnAnswerCutBeforeItsFirstSentenceIsNoAnswer) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    world.lms["a"]->asked.back().sink->on_text("We are");
    FakeLm::end(world.lms["a"]->asked.back(), done(LmFinish::content));
    world.turn();
    world.pass(200ms);
    ASSERT_TRUE(world.lms.count("b"));
    world.lms["b"]->asked.back().sink->on_text("We are open.");
    FakeLm::end(world.lms["b"]->asked.back(), done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("failover llm a->b", "say 1 We are open.", "finished 1"));
}

TEST(UpstreamLm, HangsUpWithAFarewell) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Bye");
    auto& asked = world.lms["a"]->asked.back();
    ASSERT_EQ(asked.request.tools.size(), 1U);
    asked.sink->on_tool_call({"c1", "end_call", R"({"farewell":"Thank you. Goodbye!"})", {}});
    FakeLm::end(asked, done(LmFinish::tool_calls));
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 Thank you.", "say 1 Goodbye!", "finished 1 end"));
}

TEST(UpstreamLm, AToolNobodyHasIsAnsweredAndTheModelGoesOn) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Weather?");
    world.lms["a"]->asked.back().sink->on_tool_call({"c1", "weather", "{}", {}});
    FakeLm::end(world.lms["a"]->asked.back(), done(LmFinish::tool_calls));
    world.turn();
    ASSERT_EQ(world.lms["a"]->asked.size(), 2U);
    const auto& messages = world.lms["a"]->asked.back().request.messages;
    EXPECT_EQ(messages.back().role, vendors::LmMessage::Role::tool);
    EXPECT_EQ(messages.back().call_id, "c1");
    EXPECT_THAT(messages.back().text, HasSubstr("no tool"));
    world.lms["a"]->asked.back().sink->on_text("I cannot tell.");
    FakeLm::end(world.lms["a"]->asked.back(), done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 I cannot tell.", "finished 1"));
}

TEST(UpstreamLm, ACancelledAnswerIsSilent) {
    UpstreamWorld world;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    auto& asked = world.lms["a"]->asked.back();
    asked.sink->on_text("One. Tw");
    world.brain->lm().cancel(1);
    asked.sink->on_text("o. Three.");
    world.turn();
    EXPECT_FALSE(asked.running);
    EXPECT_THAT(world.take(), ElementsAre("say 1 One."));
    EXPECT_EQ(world.records.back().outcome, "cancelled");
}

TEST(UpstreamLm, AProbeTheCallerInterruptedDelaysTheNextByNoMoreThanItsInterval) {
    UpstreamWorld world;
    world.open();
    auto& health = *world.shared->health.of("llm", "a");
    const auto then = Clock::now() - 13s;
    for (int i = 0; i < 5; ++i) health.failure(then, failure(FailureKind::server));
    world.start(1, PromptKind::caller_text, "Hi");
    ASSERT_EQ(world.lms["a"]->asked.size(), 1U);
    world.brain->lm().cancel(1);
    world.turn();
    EXPECT_FALSE(health.allow(Clock::now() + 5s));
    EXPECT_TRUE(health.allow(Clock::now() + 11s));
}

TEST(UpstreamLm, AGuessThatCameTrueIsUsed) {
    UpstreamWorld world;
    world.open();
    const std::vector<conversation::ContextLine> context{{conversation::ContextLine::Side::agent, "Hello", false}};
    world.brain->lm().speculate("a table", context);
    world.turn();
    auto& asked = world.lms["a"]->asked.back();
    asked.sink->on_text("For how many? ");
    EXPECT_TRUE(world.take().empty());  // nobody was asked yet
    world.start(1, PromptKind::caller_text, "a table", context);
    EXPECT_EQ(world.lms["a"]->asked.size(), 1U);
    FakeLm::end(asked, done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 For how many?", "finished 1"));
    EXPECT_TRUE(world.records.back().speculative);
}

TEST(UpstreamLm, AGuessThatDidNotComeTrueIsDropped) {
    UpstreamWorld world;
    world.open();
    world.brain->lm().speculate("a table", {});
    world.turn();
    world.lms["a"]->asked.back().sink->on_text("For how many? ");
    world.start(1, PromptKind::caller_text, "a table for two", {});
    ASSERT_EQ(world.lms["a"]->asked.size(), 2U);
    EXPECT_FALSE(world.lms["a"]->asked.front().running);
    world.lms["a"]->asked.back().sink->on_text("Two it is.");
    FakeLm::end(world.lms["a"]->asked.back(), done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 Two it is.", "finished 1"));
}

TEST(UpstreamLm, OfTwoModelsTheQuickerIsHeard) {
    UpstreamWorld world;
    world.settings.hedge = true;
    world.open();
    world.start(1, PromptKind::caller_text, "Hi");
    world.pass(1300ms);
    ASSERT_TRUE(world.lms.count("b"));
    world.lms["b"]->asked.back().sink->on_text("Second. ");
    world.turn();
    EXPECT_FALSE(world.lms["a"]->asked.back().running);
    FakeLm::end(world.lms["b"]->asked.back(), done());
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 Second.", "finished 1"));
}

TEST(UpstreamLm, TheConfiguredGreetingNeedsNoModel) {
    UpstreamWorld world;
    world.settings.greeting = "Good day, this is Sam.";
    world.open();
    world.start(1, PromptKind::greeting, "");
    EXPECT_THAT(world.take(), ElementsAre("say 1 Good day, this is Sam.", "finished 1"));
}

TEST(UpstreamLm, TheRollingSummaryIsCountedLikeAnAnswer) {
    UpstreamWorld world;
    net::HttpClient http(world.context.get_executor());
    world.http = &http;
    world.settings.context_tokens = 60;
    world.open();
    std::vector<conversation::ContextLine> lines;
    for (int i = 0; i < 8; ++i)
        lines.push_back({i % 2 == 0 ? conversation::ContextLine::Side::caller : conversation::ContextLine::Side::agent,
                         "line number " + std::to_string(i) + " of a talk that has gone on for a while", false});
    world.start(1, PromptKind::caller_text, "And now?", lines);
    auto& asked = world.lms["a"]->asked.back();
    asked.sink->on_text("Now it ends.");
    FakeLm::end(asked, done());
    world.turn();
    const auto answers = world.records.size();
    world.pass(20ms);
    ASSERT_EQ(world.lms["a"]->asked.size(), 1U) << "no summary was asked for";
    auto& summary = world.lms["a"]->asked.back();
    summary.sink->on_text("They counted lines.");
    auto outcome = done();
    outcome.usage.input = 70;
    outcome.usage.output = 9;
    FakeLm::end(summary, outcome);
    world.turn();
    ASSERT_EQ(world.records.size(), answers + 1);
    EXPECT_EQ(world.records.back().role, "llm");
    EXPECT_EQ(world.records.back().vendor, "a");
    EXPECT_EQ(world.records.back().input_tokens, 70U);
    EXPECT_EQ(world.records.back().output_tokens, 9U);
}

}  // namespace
}  // namespace parley::brain
