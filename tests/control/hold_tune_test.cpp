#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "parley/audio/wav.hpp"
#include "parley/control/hold_tune.hpp"

namespace parley::control {
namespace {

TEST(HoldTune, IsAFileWithSoundThatIsNeverLoud) {
    const auto& bytes = hold_tune();
    const auto wav = audio::parse_wav({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ASSERT_TRUE(wav) << wav.error().message();
    EXPECT_EQ(wav->rate, 8000);
    EXPECT_EQ(wav->channels, 1);
    EXPECT_EQ(wav->frames(), 160'000U);
    int peak = 0;
    for (const auto sample : wav->samples) peak = std::max(peak, std::abs(static_cast<int>(sample)));
    EXPECT_GT(peak, 1000);
    EXPECT_LT(peak, 8000);
    // No second of it is silent.
    for (std::size_t at = 0; at < wav->samples.size(); at += 8000) {
        int loudest = 0;
        for (std::size_t i = at; i < at + 8000; ++i) loudest = std::max(loudest, std::abs(static_cast<int>(wav->samples[i])));
        EXPECT_GT(loudest, 300) << at;
    }
}

}  // namespace
}  // namespace parley::control
