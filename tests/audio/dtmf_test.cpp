#include "parley/audio/dtmf.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace parley::audio {
namespace {

// Power at one frequency, by Goertzel.
double power(std::span<const std::int16_t> pcm, double hz) {
    const double w = 2 * std::numbers::pi * hz / 8000;
    double a = 0, b = 0;
    for (const auto sample : pcm) {
        const double next = sample + 2 * std::cos(w) * a - b;
        b = a;
        a = next;
    }
    return a * a + b * b - 2 * std::cos(w) * a * b;
}

TEST(Dtmf, EachKeyHasItsTwoFrequenciesAndNoOther) {
    constexpr std::array<double, 8> kAll{697, 770, 852, 941, 1209, 1336, 1477, 1633};
    const std::string_view keys = "123A456B789C*0#D";
    for (std::size_t k = 0; k < keys.size(); ++k) {
        const auto pcm = dtmf_tones(keys.substr(k, 1));
        ASSERT_EQ(pcm.size(), 1600U);
        const auto tone = std::span(pcm).first(960);
        const double row = power(tone, kAll[k / 4]), column = power(tone, kAll[4 + k % 4]);
        EXPECT_NEAR(row / column, 1, 0.3) << keys[k];
        for (std::size_t f = 0; f < kAll.size(); ++f)
            if (f != k / 4 && f != 4 + k % 4) EXPECT_LT(power(tone, kAll[f]) * 50, row) << keys[k] << " " << kAll[f];
        for (const auto sample : std::span(pcm).subspan(960)) ASSERT_EQ(sample, 0);
    }
}

TEST(Dtmf, WaitsAreSilenceAndTheRestIsLeftOut) {
    EXPECT_EQ(dtmf_tones("w").size(), 4000U);
    EXPECT_EQ(dtmf_tones("W").size(), 8000U);
    EXPECT_TRUE(dtmf_tones("xyz").empty());
    EXPECT_EQ(dtmf_tones(std::string(100, '1')).size(), 64U * 1600);
}

}  // namespace
}  // namespace parley::audio
