#include "parley/audio/mix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace parley::audio {
namespace {

using Pcm = std::vector<std::int16_t>;

TEST(Mix, saturates_at_both_ends) {
    Pcm dst{30000, -30000, 1, -32768, 32767};
    mix_add(Pcm{30000, -30000, 2, -32768, 1}, dst);
    EXPECT_EQ(dst, (Pcm{32767, -32768, 3, -32768, 32767}));
}

TEST(Mix, equals_wide_arithmetic_on_random_samples_and_the_shorter_length) {
    std::mt19937 random(1);
    Pcm a(333), b(301);
    for (auto& sample : a) sample = static_cast<std::int16_t>(random());
    for (auto& sample : b) sample = static_cast<std::int16_t>(random());
    Pcm sum = a;
    mix_add(b, sum);
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(sum[i], i < b.size() ? std::clamp(a[i] + b[i], -32768, 32767) : a[i]);
    }
}

TEST(GainRamp, unity_changes_nothing) {
    Pcm pcm{1, -1, 32767, -32768, 12345};
    const Pcm before = pcm;
    GainRamp().apply(pcm);
    EXPECT_EQ(pcm, before);
}

TEST(GainRamp, goes_straight_to_its_target_and_stays) {
    GainRamp ramp;
    ramp.set_target(0.25F, 160);
    Pcm pcm(320, 16000);
    ramp.apply(pcm);
    for (std::size_t i = 0; i < 320; ++i) {
        const double gain = i < 160 ? 1.0 - 0.75 * static_cast<double>(i + 1) / 160 : 0.25;
        ASSERT_NEAR(pcm[i], 16000 * gain, 2) << i;
    }
    EXPECT_EQ(ramp.current(), 0.25F);
    EXPECT_FALSE(ramp.moving());
}

TEST(GainRamp, cutting_the_audio_differently_changes_nothing) {
    const Pcm source(1000, 20000);
    Pcm whole = source, parts = source;
    GainRamp one, many;
    one.set_target(0.1F, 700);
    many.set_target(0.1F, 700);
    one.apply(whole);
    for (std::size_t at = 0; at < parts.size(); at += 37) {
        many.apply(std::span(parts).subspan(at, std::min<std::size_t>(37, parts.size() - at)));
    }
    EXPECT_EQ(whole, parts);
}

TEST(GainRamp, no_step_is_larger_than_the_slope) {
    GainRamp ramp(1.0F);
    Pcm pcm(400, 32767);
    ramp.set_target(0.0F, 200);
    ramp.apply(std::span(pcm).first(100));
    ramp.set_target(1.0F, 200);  // turned round half way
    ramp.apply(std::span(pcm).subspan(100));
    for (std::size_t i = 1; i < pcm.size(); ++i) ASSERT_LE(std::abs(pcm[i] - pcm[i - 1]), 32767 / 200 + 2) << i;
    EXPECT_EQ(pcm.back(), 32767);
}

TEST(GainRamp, saturates_and_limits_the_gain) {
    GainRamp ramp(100.0F);
    EXPECT_EQ(ramp.current(), 8.0F);
    Pcm pcm{5000, -5000, 100};
    ramp.apply(pcm);
    EXPECT_EQ(pcm, (Pcm{32767, -32768, 800}));
    EXPECT_EQ(GainRamp(-1.0F).current(), 0.0F);
    EXPECT_EQ(GainRamp(std::numeric_limits<float>::quiet_NaN()).current(), 0.0F);
    ramp.set_target(0.5F, 0);
    EXPECT_EQ(ramp.current(), 0.5F);
}

TEST(GainRamp, mix_equals_apply_then_add) {
    Pcm src(500, 15000), dst(500, 9000), scaled = src, sum = dst;
    GainRamp a, b;
    a.set_target(1.5F, 300);
    b.set_target(1.5F, 300);
    a.mix(src, dst);
    b.apply(scaled);
    mix_add(scaled, sum);
    EXPECT_EQ(dst, sum);
    EXPECT_EQ(a.current(), b.current());
}

TEST(GainRamp, skipping_moves_as_far_as_audio_would) {
    GainRamp a(0.2F), b(0.2F);
    a.set_target(0.9F, 333);
    b.set_target(0.9F, 333);
    Pcm pcm(200);
    a.apply(pcm);
    b.skip(200);
    EXPECT_EQ(a.current(), b.current());
    b.skip(1000);
    EXPECT_EQ(b.current(), b.target());
}

}  // namespace
}  // namespace parley::audio
