#include "parley/hold/media_decode.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>

#include "media_resample.hpp"
#include "mpeg_frames.hpp"

namespace parley::hold {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes file(const std::string& name) {
    std::ifstream in(std::string(PARLEY_TEST_DATA) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put(Bytes& to, std::string_view text) {
    to.insert(to.end(), text.begin(), text.end());
}
void put16(Bytes& to, unsigned value) {
    to.push_back(value & 255U), to.push_back(value >> 8U & 255U);
}
void put32(Bytes& to, std::uint32_t value) {
    put16(to, value & 0xFFFFU), put16(to, value >> 16U);
}

struct WavPlan {
    unsigned encoding = 1, channels = 1, rate = 8000, bits = 16;
    double seconds = 0.5;
};
Bytes wav(const WavPlan& plan) {
    Bytes data;
    const auto count = static_cast<std::size_t>(plan.seconds * plan.rate);
    for (std::size_t i = 0; i < count * plan.channels; ++i) {
        const double value = 10000 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i / plan.channels) / plan.rate);
        if (plan.bits == 16)
            put16(data, static_cast<std::uint16_t>(static_cast<std::int16_t>(value)));
        else
            for (unsigned b = 0; b < plan.bits / 8; ++b) data.push_back(0x55);
    }
    Bytes out;
    put(out, "RIFF");
    put32(out, static_cast<std::uint32_t>(36 + data.size()));
    put(out, "WAVEfmt ");
    put32(out, 16);
    put16(out, plan.encoding);
    put16(out, plan.channels);
    put32(out, plan.rate);
    put32(out, plan.rate * plan.channels * plan.bits / 8);
    put16(out, plan.channels * plan.bits / 8);
    put16(out, plan.bits);
    put(out, "data");
    put32(out, static_cast<std::uint32_t>(data.size()));
    out.insert(out.end(), data.begin(), data.end());
    return out;
}

// How much of the energy is at 440 Hz, and its amplitude.
struct Tone {
    double amplitude = 0, purity = 0;
};
Tone at_440(const std::vector<std::int16_t>& pcm) {
    const std::size_t from = pcm.size() / 4, to = from + (pcm.size() / 2) / 200 * 200;  // whole periods: 200 samples are 11
    double re = 0, im = 0, all = 0;
    for (std::size_t i = from; i < to; ++i) {
        const double phase = 2 * std::numbers::pi * 440 * static_cast<double>(i) / 8000, value = pcm[i];
        re += value * std::cos(phase), im += value * std::sin(phase), all += value * value;
    }
    const auto n = static_cast<double>(to - from);
    const double amplitude = 2 * std::sqrt(re * re + im * im) / n;
    return {amplitude, amplitude * amplitude * n / 2 / all};
}

struct GoodCase {
    const char* name;
    Bytes bytes;
    std::string type;
    int rate;
    double seconds;
};
class GoodMedia : public testing::TestWithParam<GoodCase> {};
TEST_P(GoodMedia, BecomesTheSameToneAtEightKilohertz) {
    const auto& given = GetParam();
    ASSERT_FALSE(given.bytes.empty());
    const auto got = decode_media(given.bytes);
    ASSERT_TRUE(got) << got.sentence;
    EXPECT_EQ(got.media->type, given.type);
    EXPECT_EQ(got.media->rate, given.rate);
    EXPECT_NEAR(static_cast<double>(got.media->duration.count()) / 1000, given.seconds, 0.2);
    const auto tone = at_440(got.media->pcm8k);
    EXPECT_NEAR(tone.amplitude, 10000, 600);
    EXPECT_GT(tone.purity, 0.97);
}
Bytes with_id3(Bytes sound, std::size_t size) {
    Bytes out;
    put(out, "ID3");
    out.insert(out.end(), {4, 0, 0});
    for (const unsigned shift : {21U, 14U, 7U, 0U}) out.push_back(static_cast<std::uint8_t>(size >> shift & 127U));
    out.insert(out.end(), size, 'x');
    out.insert(out.end(), sound.begin(), sound.end());
    return out;
}
Bytes followed(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}
Bytes id3v1() {
    Bytes tag(128, ' ');
    std::memcpy(tag.data(), "TAG", 3);
    return tag;
}
INSTANTIATE_TEST_SUITE_P(
    Cases, GoodMedia,
    testing::Values(GoodCase{"wav_8k", wav({}), "audio/wav", 8000, 0.5}, GoodCase{"wav_11k", wav({.rate = 11025}), "audio/wav", 11025, 0.5},
                    GoodCase{"wav_16k", wav({.rate = 16000}), "audio/wav", 16000, 0.5}, GoodCase{"wav_22k", wav({.rate = 22050}), "audio/wav", 22050, 0.5},
                    GoodCase{"wav_44k", wav({.rate = 44100}), "audio/wav", 44100, 0.5}, GoodCase{"wav_odd_rate", wav({.rate = 31337}), "audio/wav", 31337, 0.5},
                    GoodCase{"wav_48k", wav({.rate = 48000}), "audio/wav", 48000, 0.5},
                    GoodCase{"mp3_44k", file("tone_44k_mono.mp3"), "audio/mpeg", 44100, 1.0},
                    GoodCase{"mp3_16k", file("tone_16k_mono.mp3"), "audio/mpeg", 16000, 1.0},
                    GoodCase{"mp3_8k", file("tone_8k_mono.mp3"), "audio/mpeg", 8000, 0.5},
                    GoodCase{"mp3_with_tags", followed(with_id3(file("tone_16k_mono.mp3"), 5000), id3v1()), "audio/mpeg", 16000, 1.0}),
    [](const auto& c) { return std::string(c.param.name); });

Bytes changed(Bytes bytes, std::size_t at, Bytes to) {
    std::copy(to.begin(), to.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    return bytes;
}
Bytes cut(Bytes bytes, std::size_t to) {
    bytes.resize(to);
    return bytes;
}
// Ten hours that fit into few bytes: the same frame of silence at 8 kbit/s, as often as ten megabytes hold.
Bytes long_silence() {
    const auto sound = file("tone_8k_mono.mp3");
    const auto frame = mpeg_frame(sound);
    Bytes out;
    while (out.size() + frame->bytes < 9'900'000) out.insert(out.end(), sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(frame->bytes));
    return out;
}
Bytes text(std::string_view words) {
    Bytes out;
    put(out, words);
    return out;
}

struct BadCase {
    const char* name;
    Bytes bytes;
    MediaRefusal want;
};
class BadMedia : public testing::TestWithParam<BadCase> {};
TEST_P(BadMedia, IsRefusedWithASentence) {
    const auto got = decode_media(GetParam().bytes);
    ASSERT_FALSE(got);
    EXPECT_EQ(name(got.reason), name(GetParam().want)) << got.sentence;
    EXPECT_GT(got.sentence.size(), 15U);
    EXPECT_EQ(got.sentence.back(), '.');
}
INSTANTIATE_TEST_SUITE_P(
    Cases, BadMedia,
    testing::Values(
        BadCase{"nothing", {}, MediaRefusal::empty}, BadCase{"text", text("#!/bin/sh\nrm -rf /\n"), MediaRefusal::unknown_type},
        BadCase{"one_byte", {0xFF}, MediaRefusal::unknown_type}, BadCase{"png", text("\x89PNG\r\n\x1a\n and so on"), MediaRefusal::unknown_type},
        BadCase{"eleven_million_bytes", Bytes(11'000'000, 0xFF), MediaRefusal::too_large},
        BadCase{"wav_claims_4_gb", changed(wav({}), 4, {0xFF, 0xFF, 0xFF, 0xFF}), MediaRefusal::damaged},
        BadCase{"wav_data_claims_4_gb", changed(wav({}), 40, {0xFF, 0xFF, 0xFF, 0xFF}), MediaRefusal::damaged},
        BadCase{"wav_zero_channels", changed(wav({}), 22, {0, 0}), MediaRefusal::not_mono}, BadCase{"wav_stereo", wav({.channels = 2}), MediaRefusal::not_mono},
        BadCase{"wav_24_bits", wav({.bits = 24}), MediaRefusal::encoding}, BadCase{"wav_float", wav({.encoding = 3, .bits = 32}), MediaRefusal::encoding},
        BadCase{"wav_4_khz", wav({.rate = 4000}), MediaRefusal::rate}, BadCase{"wav_96_khz", wav({.rate = 96000}), MediaRefusal::rate},
        BadCase{"wav_zero_rate", changed(wav({}), 24, {0, 0, 0, 0}), MediaRefusal::rate},
        BadCase{"wav_odd_data", changed(cut(wav({}), 44 + 1001), 40, {0xE9, 3, 0, 0}), MediaRefusal::damaged},
        BadCase{"wav_cut", cut(wav({}), 1000), MediaRefusal::damaged},
        BadCase{"wav_with_a_zip_behind", followed(wav({}), text("PK\x03\x04 an archive")), MediaRefusal::damaged},
        BadCase{"wav_without_sound", wav({.seconds = 0}), MediaRefusal::empty}, BadCase{"wav_too_short", wav({.seconds = 0.05}), MediaRefusal::too_short},
        BadCase{"mp3_stereo", file("tone_44k_stereo.mp3"), MediaRefusal::not_mono}, BadCase{"mp3_hours_of_silence", long_silence(), MediaRefusal::too_long},
        BadCase{"mp3_with_a_zip_behind", followed(file("tone_16k_mono.mp3"), text("PK\x03\x04 an archive of something")), MediaRefusal::damaged},
        BadCase{"mp3_with_html_between", followed(followed(file("tone_16k_mono.mp3"), text("<script>alert(1)</script>")), file("tone_16k_mono.mp3")),
                MediaRefusal::damaged},
        BadCase{"mp3_of_two_rates", followed(file("tone_16k_mono.mp3"), file("tone_44k_mono.mp3")), MediaRefusal::damaged},
        BadCase{"id3_claims_256_mb", followed({'I', 'D', '3', 4, 0, 0, 127, 127, 127, 127}, file("tone_16k_mono.mp3")), MediaRefusal::damaged},
        BadCase{"id3_with_a_bad_size", followed({'I', 'D', '3', 4, 0, 0, 255, 255, 255, 255}, file("tone_16k_mono.mp3")), MediaRefusal::damaged},
        BadCase{"id3_alone", with_id3({}, 1000), MediaRefusal::unknown_type},
        BadCase{"many_id3", with_id3(with_id3(with_id3(text("nothing"), 10), 10), 10), MediaRefusal::damaged},
        BadCase{"mp3_header_alone", cut(file("tone_16k_mono.mp3"), 4), MediaRefusal::unknown_type}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(MediaDecode, ALongFileIsRefusedByItsDurationWhateverItsSize) {
    MediaLimits limits;
    limits.longest = std::chrono::seconds(1);
    EXPECT_EQ(decode_media(wav({.seconds = 1.5}), limits).reason, MediaRefusal::too_long);
    EXPECT_EQ(decode_media(file("tone_16k_mono.mp3"), limits).reason, MediaRefusal::too_long);  // an encoder pads
    EXPECT_TRUE(decode_media(wav({.seconds = 1.0}), limits));
}

TEST(MediaDecode, EveryTruncationAndManyChangesEndInAnAnswer) {
    const auto sound = file("tone_8k_mono.mp3");
    std::size_t good = 0, bad = 0;
    for (std::size_t size = 0; size <= sound.size(); size += 7) (decode_media(cut(sound, size)) ? good : bad) += 1;
    std::uint32_t random = 1;
    for (int round = 0; round < 300; ++round) {
        auto bytes = round % 2 == 0 ? sound : wav({.seconds = 0.2});
        for (int i = 0; i < 5; ++i) {
            random = random * 1664525U + 1013904223U;
            bytes[(random >> 8U) % std::min<std::size_t>(bytes.size(), 400)] = static_cast<std::uint8_t>(random >> 24U);
        }
        const auto got = decode_media(bytes);
        (got ? good : bad) += 1;
        if (got)
            EXPECT_LE(got.media->pcm8k.size(), 8000U * 60);
        else
            EXPECT_FALSE(got.sentence.empty());
    }
    EXPECT_GT(good, 20U);
    EXPECT_GT(bad, 20U);
}

TEST(MediaResample, KeepsTheLengthTheVoiceBandAndNothingAboveFourKilohertz) {
    for (const int rate : {11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}) {
        const auto tone = [&](double frequency) {
            std::vector<std::int16_t> pcm(static_cast<std::size_t>(rate));
            for (std::size_t i = 0; i < pcm.size(); ++i)
                pcm[i] = static_cast<std::int16_t>(10000 * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate));
            return pcm;
        };
        const auto level = [](const std::vector<std::int16_t>& pcm) {
            double sum = 0;
            for (std::size_t i = 800; i < 7200; ++i) sum += static_cast<double>(pcm[i]) * pcm[i];
            return std::sqrt(sum / 6400) * std::numbers::sqrt2;
        };
        EXPECT_EQ(to_8k(tone(440), rate).size(), 8000U) << rate;
        EXPECT_NEAR(level(to_8k(tone(1000), rate)), 10000, 150) << rate;
        EXPECT_NEAR(level(to_8k(tone(3000), rate)), 10000, 700) << rate;
        EXPECT_LT(level(to_8k(tone(4600), rate)), 100) << rate;
    }
}

}  // namespace
}  // namespace parley::hold
