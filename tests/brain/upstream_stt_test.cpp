#include <gmock/gmock.h>

#include "vendor_fakes.hpp"

namespace parley::brain {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using vendors::FailureKind;

TEST(UpstreamStt, TheTurnIsWhatTheVendorSettledAndWhatItHadNotYet) {
    UpstreamWorld world;
    world.open();
    ASSERT_EQ(world.stts.size(), 1U);  // opened before anybody spoke
    auto& stt = *world.stts[0];
    world.frames(30);
    world.brain->stt().begin(1);
    world.frames(10);
    EXPECT_EQ(stt.frames, 40U);
    stt.sink->on_interim("i want");
    stt.sink->on_piece("I want a table", 0.9);
    stt.sink->on_interim("for two");
    world.brain->stt().finish(1);
    EXPECT_EQ(stt.finalized, 1U);
    stt.sink->on_piece("for two.", 0.7);
    stt.sink->on_finalized();
    stt.sink->on_piece("late", 1);  // belongs to nobody
    EXPECT_THAT(world.take(),
                ElementsAre("partial 1 i want", "partial 1 I want a table", "partial 1 I want a table for two", "final 1 I want a table for two."));
}

TEST(UpstreamStt, ABackupHearsTheUtteranceFromItsBeginning) {
    UpstreamWorld world;
    world.open();
    world.frames(100);
    world.brain->stt().begin(1);
    world.frames(50);
    world.stts[0]->sink->on_interim("half of");
    world.brain->stt().finish(1);
    world.stts[0]->sink->on_stt_failed(failure(FailureKind::stalled));
    world.turn();
    ASSERT_EQ(world.stts.size(), 2U);
    EXPECT_EQ(world.stts[1]->name, "b");
    EXPECT_EQ(world.stts[1]->frames, 70U);  // 400 ms before it began, and all of it
    EXPECT_EQ(world.stts[1]->finalized, 1U);
    world.stts[1]->sink->on_piece("half of it", 0.8);
    world.stts[1]->sink->on_finalized();
    EXPECT_THAT(world.take(), ElementsAre("partial 1 half of", "failover stt a->b", "final 1 half of it"));
    ASSERT_EQ(world.records.size(), 1U);
    EXPECT_EQ(world.records[0].outcome, "stalled");
}

TEST(UpstreamStt, AFinalThatNeverComesIsTheInterim) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    world.stts[0]->sink->on_interim("so far so good");
    world.brain->stt().finish(1);
    world.pass(900ms);
    EXPECT_THAT(world.take(), ElementsAre("partial 1 so far so good"));
    world.pass(1100ms);
    EXPECT_THAT(world.take(), ElementsAre("final 1 so far so good"));
    world.brain->stt().begin(2);
    world.stts[0]->sink->on_piece("so far so good", 1);  // the first one's, late
    EXPECT_TRUE(world.take().empty());
}

TEST(UpstreamStt, ARecogniserThatSaysNothingAtAllIsReplacedWhileTheCallerSpeaks) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    world.frames(10);
    world.pass(3900ms);
    EXPECT_TRUE(world.take().empty());
    world.pass(4100ms);
    EXPECT_THAT(world.take(), ElementsAre("failover stt a->b"));
}

TEST(UpstreamStt, AVendorWithNothingMoreToSayIsGivenItsTimeForTheWordsOfAVoice) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    auto& sink = *world.stts[0]->sink;
    sink.on_speech_started();
    world.brain->stt().finish(1);
    sink.on_finalized();
    EXPECT_TRUE(world.take().empty());
    sink.on_piece("after all", 1);
    EXPECT_THAT(world.take(), ElementsAre("final 1 after all"));
    world.brain->stt().begin(2);
    sink.on_speech_started();
    world.brain->stt().finish(2);
    sink.on_finalized();
    world.pass(1100ms);
    EXPECT_THAT(world.take(), ElementsAre("final 2 "));
    EXPECT_EQ(world.stts.size(), 1U);
}

TEST(UpstreamStt, TextOfADroppedUtteranceDoesNotStandBeforeTheNext) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    world.stts[0]->sink->on_interim("uh");
    world.brain->stt().drop(1);
    world.brain->stt().begin(2);
    world.stts[0]->sink->on_piece("uh huh", 1);
    world.stts[0]->sink->on_finalized();
    world.stts[0]->sink->on_piece("Tomorrow.", 1);
    EXPECT_THAT(world.take(), ElementsAre("partial 1 uh", "partial 2 Tomorrow."));
}

TEST(UpstreamStt, AWrongKeyIsNeverAskedAgain) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    world.stts[0]->sink->on_stt_failed(failure(FailureKind::auth));
    world.turn();
    EXPECT_EQ(world.stts.back()->name, "b");
    world.close();
    world.open();
    EXPECT_EQ(world.stts.back()->name, "b");
}

TEST(UpstreamStt, EndOfTurnIsPassedOnAndAnEagerOneTakenBack) {
    UpstreamWorld world;
    world.open();
    world.brain->stt().begin(1);
    auto& sink = *world.stts[0]->sink;
    sink.on_piece("a table", 1);
    sink.on_end_of_turn(0.5, true);
    sink.on_turn_resumed();
    sink.on_piece("for two", 1);
    sink.on_end_of_turn(0.9, false);
    world.brain->stt().finish(1);
    EXPECT_EQ(world.stts[0]->finalized, 0U);  // nothing is missing
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("partial 1 a table", "maybe over 1", "resumed 1", "partial 1 a table for two", "over 1", "final 1 a table for two"));
}

TEST(UpstreamStt, WithNobodyLeftTheCoreIsToldOnceTheWordsAreOwed) {
    UpstreamWorld world;
    world.settings.stt.pop_back();
    world.open();
    world.brain->stt().begin(1);
    world.stts[0]->sink->on_stt_failed(failure(FailureKind::auth));
    world.turn();
    world.pass(2000ms);
    EXPECT_TRUE(world.take().empty());  // the caller still speaks, and somebody may come back
    world.brain->stt().finish(1);
    world.pass(1100ms);
    EXPECT_THAT(world.take(), ElementsAre("stt failed 1"));
}

TEST(UpstreamStt, ASocketThatEndsBetweenUtterancesIsReplacedUnnoticed) {
    UpstreamWorld world;
    world.open();
    world.stts[0]->sink->on_stt_failed(failure(FailureKind::closed));
    world.pass(500ms);
    ASSERT_EQ(world.stts.size(), 2U);
    EXPECT_EQ(world.stts[1]->name, "a");
    EXPECT_TRUE(world.take().empty());
}

TEST(UpstreamStt, AVendorThatRecoveredIsAskedAgainInTheSameCall) {
    UpstreamWorld world;
    const auto health = world.shared->health.of("stt", "a");
    for (int i = 0; i < 5; ++i) health->failure(Clock::now(), failure(FailureKind::server));
    world.open();
    ASSERT_EQ(world.stts.back()->name, "b");
    world.pass(15s);
    ASSERT_EQ(world.stts.size(), 2U);
    EXPECT_EQ(world.stts.back()->name, "a");
    EXPECT_TRUE(world.take().empty());
}

TEST(UpstreamStt, ItsMinutesAreToldWhileItListens) {
    UpstreamWorld world;
    world.open();
    world.pass(500ms);
    EXPECT_TRUE(world.used.empty());
    world.pass(20s);
    world.pass(60s);
    ASSERT_EQ(world.used.size(), 2U);
    EXPECT_EQ(world.used[0].role, "stt");
    EXPECT_EQ(world.used[0].vendor, "a");
    EXPECT_NEAR(static_cast<double>((world.used[0].lasted + world.used[1].lasted).count()), 60'000, 1000) << "each of them only what is new";
    const auto told = world.used[0].lasted + world.used[1].lasted;
    world.close();
    ASSERT_EQ(world.records.size(), 1U);
    EXPECT_EQ(world.records[0].told, told);
}

}  // namespace
}  // namespace parley::brain
