#include <gmock/gmock.h>

#include <thread>

#include "vendor_fakes.hpp"

namespace parley::brain {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using vendors::FailureKind;

const std::vector<std::int16_t> kSound(800, 1000);

FakeTts& named(UpstreamWorld& world, const std::string& name) {
    for (auto* tts : world.ttss)
        if (tts->name == name && !tts->closed) return *tts;
    throw std::logic_error("no such voice");
}

TEST(UpstreamTts, SpeaksInOrderAndWarmsTheBackup) {
    UpstreamWorld world;
    world.open();
    EXPECT_EQ(world.ttss.size(), 2U);
    world.brain->tts().speak(1, 1, "One.");
    world.brain->tts().speak(2, 1, "Two.");
    auto& voice = named(world, "a");
    ASSERT_EQ(voice.texts.size(), 2U);
    voice.sink->on_tts_audio(voice.texts[0].first, kSound);
    voice.sink->on_tts_word(voice.texts[0].first, 400, 3);
    voice.sink->on_tts_done(voice.texts[0].first);
    voice.sink->on_tts_audio(voice.texts[1].first, kSound);
    voice.sink->on_tts_done(voice.texts[1].first);
    EXPECT_THAT(world.take(), ElementsAre("audio 1 800", "word 1 400", "synthesized 1", "audio 2 800", "synthesized 2"));
}

TEST(UpstreamTts, ASilentVoiceIsReplacedBeforeAnybodyHeardIt) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    world.brain->tts().speak(2, 1, "Two.");
    world.pass(1400ms);
    EXPECT_TRUE(world.take().empty());
    world.pass(1600ms);
    auto& second = named(world, "b");
    ASSERT_EQ(second.texts.size(), 2U);  // both, in order
    EXPECT_EQ(second.texts[0].second, "One.");
    second.sink->on_tts_audio(second.texts[0].first, kSound);
    second.sink->on_tts_done(second.texts[0].first);
    EXPECT_THAT(world.take(), ElementsAre("failover tts a->b", "audio 1 800", "synthesized 1"));
    second.sink->on_tts_audio(second.texts[1].first, kSound);
    second.sink->on_tts_done(second.texts[1].first);
    (void)world.take();
    // And the next sentence does not wait for the silent one again.
    world.brain->tts().speak(3, 1, "Three.");
    EXPECT_EQ(second.texts.back().second, "Three.");
}

TEST(UpstreamTts, OneThatBreaksOffIsTheCoresToRepeat) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One long sentence.");
    world.brain->tts().speak(2, 1, "Two.");
    auto& first = named(world, "a");
    first.sink->on_tts_audio(first.texts[0].first, kSound);
    world.pass(2100ms);
    EXPECT_THAT(world.take(), ElementsAre("audio 1 800", "failover tts a->b", "tts failed 1"));
    EXPECT_EQ(named(world, "b").texts.size(), 1U);  // the second one, unheard so far
}

TEST(UpstreamTts, AResetInTheMiddleIsNotEntrustedToTheSameVoiceAgain) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One long sentence.");
    auto& first = named(world, "a");
    first.sink->on_tts_audio(first.texts[0].first, kSound);
    first.sink->on_tts_failed(0, failure(FailureKind::closed));
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("audio 1 800", "failover tts a->b", "tts failed 1"));
    world.brain->tts().speak(2, 1, "sentence.");
    EXPECT_EQ(named(world, "b").texts.size(), 1U);
}

TEST(UpstreamTts, AFillerDoesNotGiveASilentVoiceMoreTime) {
    UpstreamWorld world;
    world.settings.budgets.tts_first = 100ms;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    std::this_thread::sleep_for(60ms);  // the sessions read the clock themselves
    world.brain->tts().cancel_all();
    world.brain->tts().speak(2, 1, "One.");
    world.pass(60ms);
    EXPECT_EQ(named(world, "b").texts.size(), 1U);
}

TEST(UpstreamTts, NothingOfWhatWasCancelledIsHeard) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    auto& voice = named(world, "a");
    const auto tag = voice.texts[0].first;
    world.brain->tts().cancel_all();
    EXPECT_EQ(voice.cancels, 1U);
    voice.sink->on_tts_audio(tag, kSound);
    voice.sink->on_tts_done(tag);
    world.brain->tts().speak(2, 2, "Two.");
    voice.sink->on_tts_audio(tag, kSound);
    voice.sink->on_tts_audio(voice.texts[1].first, kSound);
    EXPECT_THAT(world.take(), ElementsAre("audio 2 800"));
}

TEST(UpstreamTts, EmptyAudioGoesToTheBackup) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    auto& voice = named(world, "a");
    voice.sink->on_tts_done(voice.texts[0].first);
    world.turn();
    EXPECT_EQ(named(world, "b").texts.size(), 1U);
    EXPECT_THAT(world.take(), ElementsAre("failover tts a->b"));
}

TEST(UpstreamTts, WithBothGoneTheCoreIsTold) {
    UpstreamWorld world;
    world.open();
    named(world, "a").sink->on_tts_failed(0, failure(FailureKind::auth));
    named(world, "b").sink->on_tts_failed(0, failure(FailureKind::auth));
    world.brain->tts().speak(1, 1, "One.");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("tts failed 1"));
}

struct OnePhrase final : FixedPhrases {
    std::shared_ptr<const std::vector<std::int16_t>> find(std::string_view text) const override {
        return text == "One moment please." ? std::make_shared<const std::vector<std::int16_t>>(kSound) : nullptr;
    }
};

TEST(UpstreamTts, AFixedPhraseNeedsNoVendor) {
    UpstreamWorld world;
    world.phrases = std::make_shared<OnePhrase>();
    world.open();
    named(world, "a").sink->on_tts_failed(0, failure(FailureKind::auth));
    named(world, "b").sink->on_tts_failed(0, failure(FailureKind::auth));
    world.brain->tts().speak(1, 0, "One moment please.");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("audio 1 800", "synthesized 1"));
    world.brain->tts().speak(2, 0, "One moment please.");
    world.brain->tts().cancel_all();
    world.turn();
    EXPECT_TRUE(world.take().empty());
}

TEST(UpstreamTts, AVoiceBehindRealTimeIsPassedOverFromTheNextSentence) {
    UpstreamWorld world;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    auto& voice = named(world, "a");
    voice.sink->on_tts_audio(voice.texts[0].first, std::vector<std::int16_t>(1600, 1000));  // 200 ms
    world.pass(1000ms);                                                                     // of which 800 ms are gone
    world.brain->tts().speak(2, 1, "Two.");
    EXPECT_EQ(voice.texts.size(), 1U);
    EXPECT_EQ(named(world, "b").texts.size(), 1U);
}

TEST(UpstreamTts, WhatAnotherVoiceFinishesFirstLeavesTheRestInPlace) {
    UpstreamWorld world;
    world.open();
    for (SegmentId segment = 1; segment <= 7; ++segment) world.brain->tts().speak(segment, 1, "Slowly.");
    auto& slow = named(world, "a");
    slow.sink->on_tts_audio(slow.texts[0].first, std::vector<std::int16_t>(1600, 1000));
    world.pass(1000ms);
    for (SegmentId segment = 8; segment <= 12; ++segment) world.brain->tts().speak(segment, 1, "Quickly.");
    auto& quick = named(world, "b");
    ASSERT_EQ(quick.texts.size(), 5U);
    (void)world.take();
    for (const auto& [tag, text] : quick.texts) {
        quick.sink->on_tts_audio(tag, kSound);
        quick.sink->on_tts_done(tag);
    }
    slow.sink->on_tts_done(slow.texts[0].first);
    EXPECT_THAT(world.take(), ElementsAre("audio 8 800", "synthesized 8", "audio 9 800", "synthesized 9", "audio 10 800", "synthesized 10", "audio 11 800",
                                          "synthesized 11", "audio 12 800", "synthesized 12", "synthesized 1"));
    slow.sink->on_tts_audio(slow.texts[1].first, kSound);
    EXPECT_THAT(world.take(), ElementsAre("audio 2 800"));
}

TEST(UpstreamTts, ARetryThatFindsNobodyIsToldToTheCore) {
    UpstreamWorld world;
    world.settings.tts.pop_back();
    world.settings.warm = false;
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    named(world, "a").sink->on_tts_failed(0, failure(FailureKind::server));
    world.turn();
    EXPECT_TRUE(world.take().empty());                                                       // it is tried once more
    world.shared->health.of("tts", "a")->failure(Clock::now(), failure(FailureKind::auth));  // another call's
    world.pass(200ms);
    EXPECT_THAT(world.take(), ElementsAre("tts failed 1"));
}

TEST(UpstreamTts, AVoiceNobodyMayAskIsNotConnectedToEither) {
    UpstreamWorld world;
    world.open();
    named(world, "a").sink->on_tts_failed(0, failure(FailureKind::auth));
    world.turn();
    for (int i = 0; i < 5; ++i) world.pass(10s);
    ASSERT_EQ(world.ttss.size(), 1U);
    EXPECT_EQ(world.ttss[0]->name, "b");
    world.close();
    world.open();  // nor by the next call
    ASSERT_EQ(world.ttss.size(), 1U);
    EXPECT_EQ(world.ttss[0]->name, "b");
}

TEST(UpstreamTts, AKeyTheVendorQuotesIsNotWrittenDown) {
    UpstreamWorld world;
    world.settings.tts[0].key = Secret(std::string("xi-0123456789"));
    world.open();
    world.brain->tts().speak(1, 1, "One.");
    auto refused = failure(FailureKind::auth);
    refused.reason = "HTTP 401: xi-0123456789 is no key";
    named(world, "a").sink->on_tts_failed(0, refused);
    ASSERT_EQ(world.records.size(), 1U);
    EXPECT_EQ(world.records[0].reason, "HTTP 401: *** is no key");
}

}  // namespace
}  // namespace parley::brain
