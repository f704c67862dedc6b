#include "parley/audio/resampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include "resampler_filter.hpp"
#include "simd_targets.hpp"

namespace parley::audio {
namespace {

constexpr int kRates[] = {8000, 16000, 24000, 48000};

using Pcm = std::vector<std::int16_t>;

Pcm tone(int rate, double hz, double amplitude, std::size_t samples) {
    Pcm pcm(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        pcm[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
    }
    return pcm;
}

Pcm noise(std::size_t samples, unsigned seed) {
    std::mt19937 random(seed);
    Pcm pcm(samples);
    for (auto& sample : pcm) sample = static_cast<std::int16_t>(random());
    return pcm;
}

Pcm convert(int from, int to, const Pcm& in) {
    Resampler resampler(from, to);
    Pcm out;
    resampler.process(in, out);
    resampler.flush(out);
    return out;
}

// Least-squares fit of one sinusoid; the rest is what should not be there: images, aliases, rounding.
struct Fit {
    double amplitude, residual_rms;
};
Fit fit(std::span<const std::int16_t> pcm, int rate, double hz) {
    double ss = 0, sc = 0, cc = 0, sx = 0, cx = 0;
    const auto phase = [&](std::size_t i) { return 2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate; };
    for (std::size_t i = 0; i < pcm.size(); ++i) {
        const double s = std::sin(phase(i)), c = std::cos(phase(i));
        ss += s * s, sc += s * c, cc += c * c, sx += s * pcm[i], cx += c * pcm[i];
    }
    const double det = ss * cc - sc * sc, a = (sx * cc - cx * sc) / det, b = (cx * ss - sx * sc) / det;
    double residual = 0;
    for (std::size_t i = 0; i < pcm.size(); ++i) {
        const double error = pcm[i] - a * std::sin(phase(i)) - b * std::cos(phase(i));
        residual += error * error;
    }
    return {std::hypot(a, b), std::sqrt(residual / static_cast<double>(pcm.size()))};
}

double rms(std::span<const std::int16_t> pcm) {
    double sum = 0;
    for (const double sample : pcm) sum += sample * sample;
    return std::sqrt(sum / static_cast<double>(pcm.size()));
}

double db(double ratio) {
    return 20.0 * std::log10(ratio);
}

constexpr double kAmplitude = 16000.0;
constexpr double kToneRms = kAmplitude * std::numbers::sqrt2 / 2.0;

struct Pair {
    int from, to;
};
class ResamplerPair : public testing::TestWithParam<Pair> {
protected:
    int from = GetParam().from, to = GetParam().to, low = std::min(from, to);
};

template <class Wanted>
std::vector<Pair> pairs_where(const Wanted& wanted) {
    std::vector<Pair> pairs;
    for (const int from : kRates) {
        for (const int to : kRates) {
            if (wanted(from, to)) pairs.push_back({from, to});
        }
    }
    return pairs;
}
const auto kPairName = [](const auto& c) { return std::to_string(c.param.from) + "_to_" + std::to_string(c.param.to); };

class ResamplerFilters : public ResamplerPair {};  // the rates differ
class ResamplerDown : public ResamplerPair {};
INSTANTIATE_TEST_SUITE_P(rates, ResamplerPair, testing::ValuesIn(pairs_where([](int, int) { return true; })), kPairName);
INSTANTIATE_TEST_SUITE_P(rates, ResamplerFilters, testing::ValuesIn(pairs_where([](int from, int to) { return from != to; })), kPairName);
INSTANTIATE_TEST_SUITE_P(rates, ResamplerDown, testing::ValuesIn(pairs_where([](int from, int to) { return from > to; })), kPairName);

TEST_P(ResamplerPair, passband_to_0_41_of_the_lower_rate_is_flat_within_0_1_dB_and_clean_to_70_dB) {
    double worst_gain = 0, worst_rest = -200;
    for (double part = 0.02; part <= 0.4101; part += 0.013) {
        const double hz = part * low;
        const auto out = convert(from, to, tone(from, hz, kAmplitude, static_cast<std::size_t>(from) / 4));
        const auto settled = std::span(out).subspan(out.size() / 8, out.size() / 4 * 3);
        const Fit found = fit(settled, to, hz);
        worst_gain = std::max(worst_gain, std::abs(db(found.amplitude / kAmplitude)));
        worst_rest = std::max(worst_rest, db(found.residual_rms / kToneRms));
    }
    EXPECT_LT(worst_gain, 0.1);
    EXPECT_LT(worst_rest, -70.0);
    std::printf("ripple %.3f dB, other products %.1f dB\n", worst_gain, worst_rest);
}

TEST_P(ResamplerDown, tones_beyond_0_59_of_the_lower_rate_come_out_70_dB_down) {
    double worst = -200;
    for (double hz = 0.59 * low; hz < 0.499 * from; hz += 0.029 * low) {
        const auto out = convert(from, to, tone(from, hz, kAmplitude, static_cast<std::size_t>(from) / 8));
        worst = std::max(worst, db(rms(std::span(out).subspan(out.size() / 8, out.size() / 4 * 3)) / kToneRms));
    }
    EXPECT_LT(worst, -70.0);
    std::printf("aliases %.1f dB\n", worst);
}

TEST_P(ResamplerPair, any_chunking_gives_the_same_samples) {
    const auto in = noise(static_cast<std::size_t>(from) / 5 + 7, 11);
    const auto whole = convert(from, to, in);
    std::mt19937 random(5);
    for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{161}, std::size_t{1500}}) {
        Resampler resampler(from, to);
        Pcm out;
        for (std::size_t at = 0; at < in.size();) {
            const std::size_t n = std::min(in.size() - at, random() % (most + 1));
            const std::size_t before = out.size(), bound = resampler.output_bound(n);
            resampler.process(std::span(in).subspan(at, n), out);
            ASSERT_EQ(out.size() - before, bound);
            at += n;
        }
        resampler.flush(out);
        ASSERT_EQ(out, whole) << most;
        Pcm again;  // after flush() it is as new
        resampler.process(in, again);
        resampler.flush(again);
        ASSERT_EQ(again, whole);
    }
}

TEST_P(ResamplerPair, counts_what_its_header_says_for_every_small_input) {
    for (std::size_t n = 0; n < 40; ++n) {
        Resampler resampler(from, to);
        Pcm out;
        resampler.process(noise(n, 1), out);
        const auto ratio = static_cast<double>(to) / from;
        EXPECT_LE(static_cast<double>(out.size()), static_cast<double>(n) * ratio);
        resampler.flush(out);
        EXPECT_EQ(out.size(), static_cast<std::size_t>(std::ceil(static_cast<double>(n) * ratio - 1e-9)) + resampler.delay_samples());
    }
}

TEST_P(ResamplerPair, an_impulse_arrives_delay_samples_late) {
    Pcm in(static_cast<std::size_t>(from) / 10);
    const auto at = static_cast<std::size_t>(from) / 50;  // a whole number of samples at every rate
    in[at] = 30000;
    const auto out = convert(from, to, in);
    const auto peak = static_cast<std::size_t>(std::max_element(out.begin(), out.end()) - out.begin());
    EXPECT_EQ(peak, at * static_cast<std::size_t>(to) / static_cast<std::size_t>(from) + Resampler(from, to).delay_samples());
}

TEST_P(ResamplerPair, full_scale_saturates_and_never_wraps) {
    // A square wave overshoots by 9 % and more; inside each half the sign must stay.
    const std::size_t half = static_cast<std::size_t>(from) / 200;
    for (const int level : {32767, -32768}) {
        Pcm in;
        for (std::size_t i = 0; i < half * 20; ++i) in.push_back(static_cast<std::int16_t>(i / half % 2 == 0 ? level : -1 - level));
        const auto out = convert(from, to, in);
        const std::size_t out_half = static_cast<std::size_t>(to) / 200, delay = Resampler(from, to).delay_samples();
        for (std::size_t k = 0; k < 20; ++k) {
            for (std::size_t i = out_half / 4; i < out_half * 3 / 4; ++i) {
                const int want = k % 2 == 0 ? level : -1 - level;
                ASSERT_GT(out[delay + k * out_half + i] * (want > 0 ? 1 : -1), 24000) << k << " " << i;
            }
        }
    }
    const auto constant = convert(from, to, Pcm(static_cast<std::size_t>(from) / 10, -32768));
    EXPECT_EQ(constant[constant.size() / 2], -32768);
    EXPECT_EQ(constant[constant.size() / 2 + 1], -32768);
}

TEST_P(ResamplerFilters, every_target_gives_the_scalar_samples) {
    const auto in = noise(static_cast<std::size_t>(from) / 10 + 13, 99);
    const int divisor = std::gcd(from, to);
    const auto& filter = resampler_filter(to / divisor, from / divisor);
    std::mt19937 random(3);
    Pcm branches(static_cast<std::size_t>(filter.down) * kResamplerStride);
    for (auto& sample : branches) sample = random() % 3 == 0 ? std::int16_t{-32768} : static_cast<std::int16_t>(random());
    const auto whole = convert(from, to, in);
    for_each_simd_target([&] {
        EXPECT_EQ(convert(from, to, in), whole);
        for (std::size_t groups = 1; groups <= kResamplerBlock; ++groups) {
            const std::size_t n = groups * static_cast<std::size_t>(filter.up);
            Pcm want(n), got(kResamplerMaxRatio * (kResamplerBlock + kResamplerPadding));
            resample_block_scalar(filter, branches.data(), groups, want.data());
            resample_block(filter, branches.data(), groups, got.data());
            got.resize(n);
            ASSERT_EQ(got, want) << groups;
        }
    });
}

// The sums are 32 bits wide: no input may overflow them.
TEST_P(ResamplerFilters, no_input_can_overflow_the_sums) {
    const int divisor = std::gcd(from, to);
    const auto& filter = resampler_filter(to / divisor, from / divisor);
    const auto up = static_cast<std::size_t>(filter.up);
    for (std::size_t j = 0; j < up; ++j) {
        std::int64_t all = 0, sum = 0;
        const std::int16_t* tap = filter.taps.data() + 2 * j;
        for (std::size_t r = 0; r < static_cast<std::size_t>(filter.down); ++r) {
            std::int64_t in_branch = 0;
            for (std::size_t q = 0; q < filter.branches[r].pairs; ++q, tap += 2 * up) {
                in_branch += std::abs(tap[0]) + std::abs(tap[1]);
                sum += tap[0] + tap[1];
            }
            EXPECT_LT(in_branch * 32768, std::int64_t{1} << 31);
            all += ((in_branch * 32768) >> filter.extra_bits) + 1;
        }
        EXPECT_LT(all + (1 << (kResamplerFractionBits - 1)), std::int64_t{1} << 31);
        EXPECT_EQ(sum, 1 << (kResamplerFractionBits + filter.extra_bits));
    }
}

TEST(Resampler, refuses_other_rates_at_construction) {
    EXPECT_THROW(Resampler(8000, 44100), std::invalid_argument);
    EXPECT_THROW(Resampler(0, 8000), std::invalid_argument);
    EXPECT_THROW(Resampler(-8000, 8000), std::invalid_argument);
    EXPECT_FALSE(resampler_supports(11025));
}

TEST(Resampler, telephone_band_survives_8_to_24_to_8_within_0_2_dB) {
    for (const double hz : {300.0, 1004.0, 2000.0, 3200.0}) {
        const auto back = convert(24000, 8000, convert(8000, 24000, tone(8000, hz, kAmplitude, 4000)));
        EXPECT_NEAR(db(fit(std::span(back).subspan(500, 3000), 8000, hz).amplitude / kAmplitude), 0.0, 0.2) << hz;
    }
}

}  // namespace
}  // namespace parley::audio
