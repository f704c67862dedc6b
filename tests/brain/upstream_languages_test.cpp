// A call that goes on in another language: other vendors from the next utterance and the next piece on.

#include <gmock/gmock.h>

#include "vendor_fakes.hpp"

namespace parley::brain {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;

struct Languages : testing::Test {
    Languages() {
        world.settings.stt = {UpstreamWorld::endpoint("ear")};
        world.settings.tts = {UpstreamWorld::endpoint("voice")};
        world.settings.language = "en-US";
        world.settings.by_language["de-DE"] = {{UpstreamWorld::endpoint("ohr")}, {UpstreamWorld::endpoint("stimme")}};
        world.settings.by_language["fr-FR"] = {{}, {UpstreamWorld::endpoint("voix")}};
        world.open();
    }
    [[nodiscard]] FakeTts* voice(const std::string& name) const {
        for (auto* one : world.ttss)
            if (one->name == name) return one;
        return nullptr;
    }
    UpstreamWorld world;
};

TEST_F(Languages, TheNextUtteranceAndTheNextPieceAreInTheNewOne) {
    world.brain->tts().speak(1, 1, "Of course.");
    world.brain->stt().begin(1);
    world.frames(10);
    ASSERT_TRUE(world.brain->speak("de-DE"));
    world.turn();
    ASSERT_EQ(world.stts.size(), 2U);
    EXPECT_EQ(world.stts[1]->name, "ohr");
    ASSERT_NE(voice("stimme"), nullptr);
    // What is under way stays with who has it.
    world.frames(5);
    world.brain->stt().finish(1);
    EXPECT_EQ(world.stts[0]->finalized, 1U);
    EXPECT_EQ(world.stts[0]->frames, 15U);
    EXPECT_EQ(world.stts[1]->frames, 5U);  // it has heard how the next one begins
    ASSERT_EQ(voice("voice")->texts.size(), 1U);
    world.brain->stt().begin(2);
    world.frames(3);
    EXPECT_EQ(world.stts[0]->frames, 15U);
    EXPECT_EQ(world.stts[1]->frames, 8U);
    world.stts[0]->sink->on_piece("in german please", 0.9);
    world.stts[0]->sink->on_finalized();
    EXPECT_THAT(world.take(), testing::Contains("final 1 in german please"));
    world.brain->tts().speak(2, 1, "Gerne.");
    ASSERT_EQ(voice("stimme")->texts.size(), 1U);
    EXPECT_EQ(voice("stimme")->texts[0].second, "Gerne.");
    EXPECT_EQ(voice("voice")->texts.size(), 1U);
    // A barge-in stops both.
    world.brain->tts().cancel_all();
    EXPECT_EQ(voice("stimme")->cancels, 1U);
    EXPECT_EQ(voice("voice")->cancels, 1U);
}

TEST_F(Languages, TheOldOnesAreClosedWhenNobodyWaitsForThem) {
    ASSERT_TRUE(world.brain->speak("de-DE"));
    world.brain->stt().begin(1);
    world.turn();
    ASSERT_NE(voice("voice"), nullptr);
    world.pass(11s);
    world.pass(11s);
    EXPECT_EQ(voice("voice"), nullptr);
    EXPECT_NE(voice("stimme"), nullptr);
    world.brain->tts().speak(1, 1, "Ja.");
    EXPECT_EQ(voice("stimme")->texts.size(), 1U);
}

TEST_F(Languages, WhatIsNotGivenIsAsItWasAndTheFirstComesBack) {
    ASSERT_TRUE(world.brain->speak("fr-FR"));
    world.brain->stt().begin(1);
    ASSERT_EQ(world.stts.size(), 2U);
    EXPECT_EQ(world.stts[1]->name, "ear");
    world.brain->tts().speak(1, 1, "Oui.");
    ASSERT_NE(voice("voix"), nullptr);
    EXPECT_EQ(voice("voix")->texts.size(), 1U);
    ASSERT_TRUE(world.brain->speak("en-US"));
    world.turn();
    world.brain->tts().speak(2, 1, "Yes.");
    std::size_t said = 0;
    for (auto* one : world.ttss)
        if (one->name == "voice") said += one->texts.size();
    EXPECT_EQ(said, 1U);
    // The same again opens nothing.
    const auto before = world.ttss.size();
    EXPECT_TRUE(world.brain->speak("en-US"));
    EXPECT_EQ(world.ttss.size(), before);
}

TEST_F(Languages, WhatNothingIsConfiguredForStaysAsItIs) {
    EXPECT_FALSE(world.brain->speak("it-IT"));
    EXPECT_EQ(world.stts.size(), 1U);
    EXPECT_EQ(world.ttss.size(), 1U);
    UpstreamWorld plain;
    plain.open();
    EXPECT_FALSE(plain.brain->speak("en-US"));
    EXPECT_FALSE(plain.brain->speak(""));
}

}  // namespace
}  // namespace parley::brain
