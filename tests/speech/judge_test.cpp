// The judge listens to the gateway's own voice, as the simulator does.

#include "parley/speech/judge.hpp"

#include <gtest/gtest.h>

#include "parley/speech/error.hpp"
#include "parley/speech/voice.hpp"

namespace parley::speech {
namespace {

class JudgeTest : public testing::Test {
protected:
    void SetUp() override {
        auto lexicon = Lexicon::load(RecognizerSettings{}.model + "/cmudict-en-us.dict");
        ASSERT_TRUE(lexicon);
        auto made = Judge::make({}, *lexicon);
        ASSERT_TRUE(made);
        judge_ = std::move(*made);
    }

    static std::vector<std::int16_t> agent_says(const std::string& text) {
        auto voice = Voice::make({});
        std::vector<std::int16_t> pcm(2400, 0);
        EXPECT_TRUE((*voice)->speak(text, [&](std::span<const std::int16_t> piece) {
            pcm.insert(pcm.end(), piece.begin(), piece.end());
            return true;
        }));
        pcm.insert(pcm.end(), 2400, 0);
        return pcm;
    }

    std::unique_ptr<Judge> judge_;
};

TEST_F(JudgeTest, hears_what_was_said_and_not_what_was_not) {
    const auto pcm = agent_says("I have Tuesday at three thirty in the afternoon. Is that right?");
    const auto said = judge_->heard(pcm, "Tuesday at 3:30", {"friday at noon"});
    ASSERT_TRUE(said);
    EXPECT_TRUE(said->heard) << said->fit << " " << said->best;
    EXPECT_LT(said->begin, said->end);
    const auto other = judge_->heard(pcm, "friday at noon", {"tuesday at three thirty"});
    ASSERT_TRUE(other);
    EXPECT_FALSE(other->heard) << other->fit;
    const auto alone = judge_->heard(pcm, "thank you for calling");
    ASSERT_TRUE(alone);
    EXPECT_FALSE(alone->heard) << alone->fit;
}

TEST_F(JudgeTest, hears_nothing_in_silence) {
    const auto verdict = judge_->heard(std::vector<std::int16_t>(16000, 0), "opening hours");
    ASSERT_TRUE(verdict);
    EXPECT_FALSE(verdict->heard) << verdict->fit;
    EXPECT_FALSE(judge_->heard({}, "opening hours")->heard);
}

TEST_F(JudgeTest, refuses_what_it_cannot_judge) {
    EXPECT_EQ(judge_->heard(std::vector<std::int16_t>(8000), "qwxzy").error(), errc::bad_text);
    EXPECT_EQ(judge_->heard(std::vector<std::int16_t>(8000 * 61), "opening hours").error(), errc::audio_too_long);
}

}  // namespace
}  // namespace parley::speech
