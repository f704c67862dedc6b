#include "parley/audio/level.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "parley/audio/g711.hpp"

namespace parley::audio {
namespace {

std::vector<std::int16_t> sine(double amplitude, std::size_t n = 800) {
    std::vector<std::int16_t> pcm(n);
    for (std::size_t i = 0; i < n; ++i) {
        pcm[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(2 * std::numbers::pi * static_cast<double>(i) / 8.0)));
    }
    return pcm;
}

TEST(Level, a_full_scale_sine_is_3_dB_below_full_scale) {
    const Level level = measure_level(sine(32767));
    EXPECT_NEAR(level.rms_dbfs, -3.01, 0.01);
    EXPECT_NEAR(level.peak_dbfs, 0.0, 0.01);
}

TEST(Level, halving_costs_6_dB) {
    EXPECT_NEAR(measure_level(sine(16384)).rms_dbfs, -9.03, 0.01);
    EXPECT_NEAR(measure_level(sine(327.68)).rms_dbfs, -43.01, 0.05);
}

TEST(Level, extremes) {
    EXPECT_EQ(measure_level({}).rms_dbfs, kSilenceDbfs);
    EXPECT_EQ(measure_level(std::vector<std::int16_t>(160)).peak_dbfs, kSilenceDbfs);
    const Level most = measure_level(std::vector<std::int16_t>(100000, -32768));
    EXPECT_FLOAT_EQ(most.rms_dbfs, 0.0F);
    EXPECT_FLOAT_EQ(most.peak_dbfs, 0.0F);
    std::vector<std::int16_t> click(160);
    click[80] = 1;
    EXPECT_NEAR(measure_level(click).rms_dbfs, -90.31 - 22.04, 0.01);
}

TEST(Silence, of_samples) {
    std::vector<std::int16_t> pcm(160);
    EXPECT_TRUE(is_digital_silence(pcm));
    pcm[3] = 8, pcm[4] = -8;
    EXPECT_TRUE(is_digital_silence(pcm));
    EXPECT_FALSE(is_digital_silence(pcm, 7));
    pcm[159] = -32768;
    EXPECT_FALSE(is_digital_silence(pcm));
    EXPECT_TRUE(is_digital_silence({}));
}

TEST(Silence, of_codes_is_that_of_their_samples) {
    for (int code = 0; code < 256; ++code) {
        std::vector<std::uint8_t> codes(160, kMulawSilence);
        codes[159] = static_cast<std::uint8_t>(code);
        EXPECT_EQ(is_mulaw_silence(codes), mulaw_decode_sample(codes[159]) == 0) << code;
        codes.assign(160, kAlawSilence);
        codes[0] = static_cast<std::uint8_t>(code);
        EXPECT_EQ(is_alaw_silence(codes), std::abs(alaw_decode_sample(codes[0])) == 8) << code;
    }
}

}  // namespace
}  // namespace parley::audio
