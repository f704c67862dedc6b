// Against the tables of ITU-T G.711 (11/88), rebuilt here from their first columns: intervals x interval size, segment
// by segment. The values are the standard's own: 14-bit for mu-law (16-bit samples / 4), 13-bit for A-law (samples /
// 8).
#include "parley/audio/g711.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <numeric>
#include <random>
#include <vector>

#include "simd_targets.hpp"

namespace parley::audio {
namespace {

struct Segment {
    int intervals, size;
};

struct Law {
    std::vector<int> decision{0};  // x1 .. x129 of tables 1a/2a
    std::vector<int> quantised;    // y1 .. y128

    explicit Law(std::initializer_list<Segment> segments) {
        for (const auto& segment : segments) {
            for (int i = 0; i < segment.intervals; ++i) decision.push_back(decision.back() + segment.size);
        }
    }
    int interval(double value) const {
        int n = 0;
        while (n < 127 && value >= decision[static_cast<std::size_t>(n) + 1]) ++n;
        return n;
    }
};

Law mulaw() {
    Law law{{1, 1}, {15, 2}, {16, 4}, {16, 8}, {16, 16}, {16, 32}, {16, 64}, {16, 128}, {16, 256}};
    for (std::size_t n = 0; n < 128; ++n) law.quantised.push_back(n == 0 ? 0 : (law.decision[n] + law.decision[n + 1]) / 2);
    return law;
}

Law alaw() {
    Law law{{32, 2}, {16, 4}, {16, 8}, {16, 16}, {16, 32}, {16, 64}, {16, 128}};
    for (std::size_t n = 0; n < 128; ++n) law.quantised.push_back((law.decision[n] + law.decision[n + 1]) / 2);
    return law;
}

TEST(G711Tables, are_those_of_the_standard) {
    EXPECT_EQ(mulaw().decision.back(), 8159);
    EXPECT_EQ(mulaw().quantised.back(), 8031);
    EXPECT_EQ(mulaw().decision[113], 4319);  // x114, table 2a
    EXPECT_EQ(alaw().decision.back(), 4096);
    EXPECT_EQ(alaw().quantised.back(), 4032);
    EXPECT_EQ(alaw().decision[113], 2176);  // x114, table 1a
}

std::array<std::int16_t, 256> expected_mulaw_decode() {
    const Law law = mulaw();
    std::array<std::int16_t, 256> out{};
    for (std::size_t n = 0; n < 128; ++n) {
        out[0xFF - n] = static_cast<std::int16_t>(4 * law.quantised[n]);
        out[0x7F - n] = static_cast<std::int16_t>(-4 * law.quantised[n]);
    }
    return out;
}

std::array<std::int16_t, 256> expected_alaw_decode() {
    const Law law = alaw();
    std::array<std::int16_t, 256> out{};
    for (std::size_t n = 0; n < 128; ++n) {  // even bits are inverted on the line
        out[(0x80 | n) ^ 0x55] = static_cast<std::int16_t>(8 * law.quantised[n]);
        out[n ^ 0x55] = static_cast<std::int16_t>(-8 * law.quantised[n]);
    }
    return out;
}

std::vector<std::int16_t> all_samples() {
    std::vector<std::int16_t> samples(65536);
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::int16_t>(static_cast<int>(i) - 32768);
    return samples;
}

std::vector<std::uint8_t> expected_mulaw_encode() {
    const Law law = mulaw();
    std::vector<std::uint8_t> out;
    for (const int sample : all_samples()) {
        out.push_back(static_cast<std::uint8_t>((sample < 0 ? 0x7F : 0xFF) - law.interval(std::abs(sample) / 4.0)));
    }
    return out;
}

std::vector<std::uint8_t> expected_alaw_encode() {
    const Law law = alaw();
    std::vector<std::uint8_t> out;
    for (const int sample : all_samples()) {
        const int n = law.interval((sample < 0 ? -sample - 1 : sample) / 8.0);
        out.push_back(static_cast<std::uint8_t>(((sample < 0 ? 0 : 0x80) | n) ^ 0x55));
    }
    return out;
}

std::vector<std::uint8_t> all_codes() {
    std::vector<std::uint8_t> codes(256);
    std::iota(codes.begin(), codes.end(), std::uint8_t{0});
    return codes;
}

TEST(G711, decodes_all_256_codes_as_the_tables_say_on_every_target) {
    const auto codes = all_codes();
    for_each_simd_target([&] {
        std::array<std::int16_t, 256> out{};
        mulaw_decode(codes, out);
        EXPECT_EQ(out, expected_mulaw_decode());
        alaw_decode(codes, out);
        EXPECT_EQ(out, expected_alaw_decode());
    });
}

TEST(G711, encodes_all_65536_samples_as_the_tables_say_on_every_target) {
    const auto samples = all_samples();
    const auto mu = expected_mulaw_encode();
    const auto a = expected_alaw_encode();
    for_each_simd_target([&] {
        std::vector<std::uint8_t> out(samples.size());
        mulaw_encode(samples, out);
        EXPECT_EQ(out, mu);
        alaw_encode(samples, out);
        EXPECT_EQ(out, a);
    });
}

TEST(G711, scalar_twins_agree_on_everything) {
    const auto samples = all_samples();
    const auto mu = expected_mulaw_encode(), a = expected_alaw_encode();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        ASSERT_EQ(mulaw_encode_sample(samples[i]), mu[i]) << samples[i];
        ASSERT_EQ(alaw_encode_sample(samples[i]), a[i]) << samples[i];
    }
    for (const auto code : all_codes()) {
        ASSERT_EQ(mulaw_decode_sample(code), expected_mulaw_decode()[code]);
        ASSERT_EQ(alaw_decode_sample(code), expected_alaw_decode()[code]);
    }
}

TEST(G711, every_code_survives_the_way_there_and_back_but_minus_zero) {
    for (const auto code : all_codes()) {
        EXPECT_EQ(mulaw_encode_sample(mulaw_decode_sample(code)), code == 0x7F ? 0xFF : code);
        EXPECT_EQ(alaw_encode_sample(alaw_decode_sample(code)), code);
    }
    EXPECT_EQ(mulaw_encode_sample(0), kMulawSilence);
    EXPECT_EQ(alaw_encode_sample(0), kAlawSilence);
}

// Every length across several registers, at odd addresses, with guards that must stay.
TEST(G711, every_tail_length_and_nothing_beyond_on_every_target) {
    std::mt19937 random(7);
    std::vector<std::uint8_t> codes(331);
    std::vector<std::int16_t> samples(331);
    for (auto& code : codes) code = static_cast<std::uint8_t>(random());
    for (auto& sample : samples) sample = static_cast<std::int16_t>(random());
    for_each_simd_target([&] {
        for (std::size_t n = 0; n <= 330; ++n) {
            std::vector<std::int16_t> pcm(n + 2, 0x1234);
            mulaw_decode(std::span(codes).subspan(1, n), std::span(pcm).subspan(1, n));
            for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(pcm[i + 1], mulaw_decode_sample(codes[i + 1])) << n;
            alaw_decode(std::span(codes).subspan(1, n), std::span(pcm).subspan(1, n));
            for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(pcm[i + 1], alaw_decode_sample(codes[i + 1])) << n;
            ASSERT_EQ(pcm.front(), 0x1234);
            ASSERT_EQ(pcm.back(), 0x1234);

            std::vector<std::uint8_t> out(n + 2, 0xA5);
            mulaw_encode(std::span(samples).subspan(1, n), std::span(out).subspan(1, n));
            for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i + 1], mulaw_encode_sample(samples[i + 1])) << n;
            alaw_encode(std::span(samples).subspan(1, n), std::span(out).subspan(1, n));
            for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i + 1], alaw_encode_sample(samples[i + 1])) << n;
            ASSERT_EQ(out.front(), 0xA5);
            ASSERT_EQ(out.back(), 0xA5);
        }
    });
}

}  // namespace
}  // namespace parley::audio
