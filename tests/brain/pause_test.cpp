#include "pause_watch.hpp"

#include <gtest/gtest.h>

namespace parley::brain {
namespace {

using Verdict = PauseWatch::Verdict;

Verdict frames(PauseWatch& watch, int count, float level) {
    Verdict seen = Verdict::nothing;
    for (int i = 0; i < count; ++i) {
        const auto verdict = watch.frame(level);
        if (verdict != Verdict::nothing) {
            EXPECT_EQ(seen, Verdict::nothing) << "twice";
            seen = verdict;
        }
    }
    return seen;
}

TEST(PauseWatch, sees_one_pause_after_speech_and_its_end) {
    PauseWatch watch;
    EXPECT_EQ(frames(watch, 40, -70), Verdict::nothing);  // nothing was said yet
    EXPECT_EQ(frames(watch, 40, -20), Verdict::nothing);
    EXPECT_EQ(frames(watch, 8, -50), Verdict::nothing);
    EXPECT_EQ(frames(watch, 60, -50), Verdict::paused);
    EXPECT_EQ(watch.frame(-15), Verdict::nothing);  // a click
    EXPECT_EQ(frames(watch, 5, -60), Verdict::nothing);
    EXPECT_EQ(frames(watch, 10, -22), Verdict::resumed);
    EXPECT_EQ(frames(watch, 30, -60), Verdict::paused);
}

TEST(PauseWatch, measures_against_the_loudest) {
    PauseWatch watch;
    EXPECT_EQ(frames(watch, 20, -40), Verdict::nothing);
    EXPECT_EQ(frames(watch, 20, -50), Verdict::nothing);  // a soft voice
    watch.begin();
    EXPECT_EQ(frames(watch, 20, -10), Verdict::nothing);
    EXPECT_EQ(frames(watch, 20, -40), Verdict::paused);  // a loud one over noise
}

}  // namespace
}  // namespace parley::brain
