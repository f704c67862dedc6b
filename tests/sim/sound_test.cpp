#include "parley/sim/sound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "parley/sim/base64.hpp"

namespace parley::sim {
namespace {

TEST(Mulaw, KnownPointsOfTheTable) {
    // ITU-T G.711, table 2a/2b, scaled to 16 bits.
    EXPECT_EQ(mulaw_to_linear(0xFF), 0);
    EXPECT_EQ(mulaw_to_linear(0x7F), 0);
    EXPECT_EQ(mulaw_to_linear(0x80), 32124);
    EXPECT_EQ(mulaw_to_linear(0x00), -32124);
    EXPECT_EQ(mulaw_to_linear(0xFE), 8);
    EXPECT_EQ(mulaw_to_linear(0x8F), 16764);
    EXPECT_EQ(linear_to_mulaw(0), 0xFF);
    EXPECT_EQ(linear_to_mulaw(32767), 0x80);
    EXPECT_EQ(linear_to_mulaw(-32768), 0x00);
}

TEST(Mulaw, EveryCodeSurvivesTheRoundTripAndEverySampleGoesToItsNearestCode) {
    for (int code = 0; code < 256; ++code) {
        const auto byte = static_cast<std::uint8_t>(code);
        if (byte != 0x7F) {
            EXPECT_EQ(linear_to_mulaw(mulaw_to_linear(byte)), byte);
        }  // 0x7F is minus zero
    }
    for (int sample = -32768; sample <= 32767; ++sample) {
        const auto error = std::abs(mulaw_to_linear(linear_to_mulaw(static_cast<std::int16_t>(sample))) - sample);
        ASSERT_LE(error, std::abs(sample) / 16 + 8 + (std::abs(sample) > 32635 ? 700 : 0)) << sample;
    }
}

TEST(Base64, StrictAboutEverythingButTheStandardForm) {
    EXPECT_EQ(base64(std::string_view("\xff\xff\xff")), "////");
    EXPECT_EQ(from_base64("////")->size(), 3u);
    EXPECT_EQ(from_base64("")->size(), 0u);
    EXPECT_EQ(*from_base64("QQ=="), std::vector<std::uint8_t>{'A'});
    for (const char* bad : {"QQ=", "QQ", "Q===", "====", "QQ==QQ==", "QQ=Q", " QQ=", "QQ=\n", "__8=", "-_-_"}) {
        EXPECT_FALSE(from_base64(bad)) << bad;
    }
}

TEST(Resample, KeepsAToneAndRemovesWhatATelephoneCannotCarry) {
    const auto tone = [](double hz, int rate) {
        std::vector<std::int16_t> out(static_cast<std::size_t>(rate));
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::int16_t>(10000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
        }
        return out;
    };
    for (const int rate : {16000, 22050, 44100, 48000}) {
        const auto kept = resample_to_8k(tone(1000, rate), rate);
        EXPECT_NEAR(static_cast<double>(kept.size()), 8000, 2);
        EXPECT_NEAR(level_dbfs(kept), level_dbfs(tone(1000, 8000)), 0.3) << rate;
        EXPECT_LT(level_dbfs(resample_to_8k(tone(6000, rate), rate)), -60) << rate;
    }
}

TEST(Wav, WritesWhatItReads) {
    const auto path = std::filesystem::path(testing::TempDir()) / "sim_wav_round_trip.wav";
    Pcm8k pcm(1000);
    for (std::size_t i = 0; i < pcm.size(); ++i) pcm[i] = static_cast<std::int16_t>(i * 31);
    ASSERT_FALSE(write_wav(path, pcm));
    EXPECT_EQ(*read_wav(path), pcm);
    std::filesystem::remove(path);
    EXPECT_FALSE(read_wav(path));
    const std::vector<std::uint8_t> junk{'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'A', 'V', 'E', 'd', 'a', 't', 'a', 4, 0, 0, 0, 1};
    EXPECT_FALSE(parse_wav(junk)) << "data before fmt";
}

TEST(Dtmf, HasBothTones) {
    const auto tone = dtmf_tone('5', 100);
    ASSERT_EQ(tone.size(), 800u);
    const auto power = [&](double hz) {
        double re = 0, im = 0;
        for (std::size_t i = 0; i < tone.size(); ++i) {
            const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / 8000;
            re += tone[i] * std::cos(angle);
            im += tone[i] * std::sin(angle);
        }
        return std::sqrt(re * re + im * im) / 800;
    };
    EXPECT_GT(power(770), 3500);
    EXPECT_GT(power(1336), 3500);
    EXPECT_LT(power(941), 400);
    EXPECT_TRUE(dtmf_tone('x', 100).empty());
}

}  // namespace
}  // namespace parley::sim
