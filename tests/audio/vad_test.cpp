#include "parley/audio/vad.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "parley/audio/level.hpp"
#include "parley/audio/wav.hpp"

namespace parley::audio {
namespace {

using Pcm = std::vector<std::int16_t>;
using std::chrono::milliseconds;

struct Stretch {
    int from, to;  // ms
};
constexpr Stretch kUtterances[] = {{1000, 3174}, {4174, 4582}, {5582, 9653}, {10653, 11542}};

const Pcm& speech() {
    static const Pcm pcm = [] {
        const auto wav = read_wav(PARLEY_TEST_DATA "/four_utterances.wav");
        return wav.value().samples;
    }();
    return pcm;
}

double db_to_gain(double db) {
    return std::pow(10.0, db / 20.0);
}

enum class Colour { white, pink, car };

// RMS in dBFS. Pink falls 3 dB an octave (sum of three one-pole filters), car noise 12 dB an octave above 100 Hz.
std::vector<double> noise(std::size_t n, double dbfs, Colour colour, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> out(n);
    double a = 0, b = 0, c = 0, energy = 0;
    for (auto& y : out) {
        const double x = normal(random);
        if (colour == Colour::white) {
            y = x;
        } else if (colour == Colour::pink) {
            a = 0.997 * a + 0.03 * x, b = 0.985 * b + 0.075 * x, c = 0.95 * c + 0.16 * x;
            y = a + b + c + 0.15 * x;
        } else {
            a = 0.92 * a + x, b = 0.92 * b + a;
            y = b;
        }
        energy += y * y;
    }
    const double scale = 32768 * db_to_gain(dbfs) / std::sqrt(energy / static_cast<double>(n));
    for (auto& y : out) y *= scale;
    return out;
}

Pcm mixed(const Pcm& pcm, double gain_db, const std::vector<double>& added) {
    Pcm out(pcm.size());
    for (std::size_t i = 0; i < pcm.size(); ++i) {
        const double sum = pcm[i] * db_to_gain(gain_db) + (added.empty() ? 0.0 : added[i]);
        out[i] = static_cast<std::int16_t>(std::clamp(std::lround(sum), -32768L, 32767L));
    }
    return out;
}

struct Heard {
    std::vector<int> started, stopped;  // where the edges lie, ms
    std::vector<int> told;              // when `started` was said, ms
    std::vector<bool> frames;           // speech, as known in the frame
};

Heard listen(const Pcm& pcm, const VadConfig& config = {}) {
    Vad vad(config);
    Heard heard;
    for (std::size_t at = 0; at + kFrameSamples <= pcm.size(); at += kFrameSamples) {
        const auto result = vad.push(std::span(pcm).subspan(at, kFrameSamples));
        const int now = static_cast<int>((at + kFrameSamples) / 8);
        const int then = now - static_cast<int>(result.edge_ago.count());
        if (result.edge == VadResult::started) {
            heard.started.push_back(then);
            heard.told.push_back(now);
        }
        if (result.edge == VadResult::stopped) heard.stopped.push_back(then);
        EXPECT_EQ(result.speech, vad.speech());
        EXPECT_EQ(result.edge == VadResult::none, result.edge_ago == milliseconds{0});
        heard.frames.push_back(result.speech);
    }
    return heard;
}

// Share of the frames inside utterances that were called speech, edges shifted to where they lie.
double covered(const Heard& heard) {
    int inside = 0, hit = 0;
    for (const auto& utterance : kUtterances) {
        for (int t = utterance.from + 10; t < utterance.to; t += 20) {
            ++inside;
            for (std::size_t i = 0; i < heard.started.size(); ++i) {
                const int end = i < heard.stopped.size() ? heard.stopped[i] : 1 << 30;
                if (t >= heard.started[i] && t < end) {
                    ++hit;
                    break;
                }
            }
        }
    }
    return static_cast<double>(hit) / inside;
}

// Every edge pair must touch an utterance: nothing is heard where nobody speaks.
int false_alarms(const Heard& heard) {
    int count = 0;
    for (std::size_t i = 0; i < heard.started.size(); ++i) {
        const int end = i < heard.stopped.size() ? heard.stopped[i] : heard.started[i] + 20;
        count +=
            std::none_of(std::begin(kUtterances), std::end(kUtterances), [&](const Stretch& u) { return heard.started[i] < u.to + 60 && end > u.from - 60; });
    }
    return count;
}

// The error of the first edge of each utterance; 9999 when it was missed.
std::vector<int> onset_errors(const Heard& heard) {
    std::vector<int> errors;
    for (const auto& utterance : kUtterances) {
        int best = 9999;
        for (const int started : heard.started) {
            if (started > utterance.from - 300 && started < utterance.to && best == 9999) best = started - utterance.from;
        }
        errors.push_back(best);
    }
    return errors;
}

struct Line {
    const char* name;
    double speech_db, noise_dbfs;
    Colour colour;
    double least_covered;
    int onset_ms;
};
std::ostream& operator<<(std::ostream& out, const Line& line) {
    return out << line.name;
}

class VadOnALine : public testing::TestWithParam<Line> {};
TEST_P(VadOnALine, hears_the_four_utterances_and_nothing_else) {
    const Line& line = GetParam();
    for (const unsigned seed : {1U, 2U, 3U}) {
        const auto heard = listen(mixed(speech(), line.speech_db, noise(speech().size(), line.noise_dbfs, line.colour, seed)));
        EXPECT_EQ(false_alarms(heard), 0);
        EXPECT_GE(covered(heard), line.least_covered);
        for (const int error : onset_errors(heard)) EXPECT_LE(std::abs(error), line.onset_ms);
        std::printf("covered %.3f, onsets %d %d %d %d ms, %zu stretches\n", covered(heard), onset_errors(heard)[0], onset_errors(heard)[1],
                    onset_errors(heard)[2], onset_errors(heard)[3], heard.started.size());
    }
}
// "She" begins with 240 ms of hiss, which white noise hides: hence 260.
INSTANTIATE_TEST_SUITE_P(lines, VadOnALine,
                         testing::Values(Line{"clean", 0, -120, Colour::white, 0.93, 60}, Line{"quiet_talker", -15, -120, Colour::white, 0.85, 80},
                                         Line{"comfort_noise", 0, -65, Colour::white, 0.93, 60}, Line{"white_20_dB_below", 0, -42, Colour::white, 0.75, 260},
                                         Line{"white_12_dB_below", 0, -34, Colour::white, 0.5, 260}, Line{"pink_20_dB_below", 0, -42, Colour::pink, 0.85, 80},
                                         Line{"car_20_dB_below", 0, -42, Colour::car, 0.85, 80}, Line{"car_12_dB_below", 0, -34, Colour::car, 0.7, 120}),
                         [](const auto& c) { return c.param.name; });

Pcm only(const std::vector<double>& sound) {
    return mixed(Pcm(sound.size()), 0, sound);
}

TEST(Vad, steady_noise_of_any_level_and_colour_is_never_speech_even_when_it_begins_at_once) {
    for (const double level : {-60.0, -45.0, -35.0, -25.0, -15.0}) {
        for (const auto colour : {Colour::white, Colour::pink, Colour::car}) {
            Pcm pcm(16000);  // two seconds of nothing, then the noise like a step
            const Pcm step = only(noise(80000, level, colour, 4));
            pcm.insert(pcm.end(), step.begin(), step.end());
            EXPECT_EQ(listen(pcm).started.size(), 0U) << level << " " << static_cast<int>(colour);
            EXPECT_EQ(listen(step).started.size(), 0U) << level << " " << static_cast<int>(colour);
        }
    }
}

TEST(Vad, line_tones_hum_clicks_and_silence_are_not_speech) {
    const auto sum_of_tones = [](std::initializer_list<double> tones, double amplitude) {
        Pcm pcm(32000);
        for (std::size_t i = 0; i < pcm.size(); ++i) {
            double sum = 0;
            for (const double hz : tones) sum += amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000);
            pcm[i] = static_cast<std::int16_t>(std::lround(sum));
        }
        return pcm;
    };
    EXPECT_EQ(listen(sum_of_tones({350, 440}, 6000)).started.size(), 0U) << "dial tone";
    EXPECT_EQ(listen(sum_of_tones({425}, 8000)).started.size(), 0U) << "European tone";
    EXPECT_EQ(listen(sum_of_tones({1004}, 8000)).started.size(), 0U) << "test tone";
    EXPECT_EQ(listen(sum_of_tones({50}, 3000)).started.size(), 0U) << "hum";
    EXPECT_EQ(listen(Pcm(32000)).started.size(), 0U) << "silence";
    EXPECT_EQ(listen(Pcm(32000, 2000)).started.size(), 0U) << "offset";
    Pcm clicks(32000);
    for (std::size_t i = 3000; i < clicks.size(); i += 4567) clicks[i] = 25000, clicks[i + 1] = -25000;
    EXPECT_EQ(listen(clicks).started.size(), 0U) << "clicks";
    for (const int every : {160, 161}) {  // mu-law silence whose sign bit flips
        Pcm dither(32000);
        for (std::size_t i = 0; i < dither.size(); i += static_cast<std::size_t>(every)) dither[i] = 8;
        EXPECT_EQ(listen(dither).started.size(), 0U);
    }
}

TEST(Vad, says_started_within_four_frames_of_speech_and_stopped_after_the_hangover) {
    for (const int hangover : {4, 8, 25}) {
        const VadConfig config{.hangover_frames = hangover};
        Vad vad(config);
        for (std::size_t at = 0; at + kFrameSamples <= speech().size(); at += kFrameSamples) {
            const auto result = vad.push(std::span(speech()).subspan(at, kFrameSamples));
            if (result.edge == VadResult::stopped) {
                EXPECT_EQ(result.edge_ago, milliseconds{20 * hangover});
            }
            if (result.edge == VadResult::started) {
                EXPECT_GE(result.edge_ago, milliseconds{60});
                EXPECT_LE(result.edge_ago, milliseconds{260});
            }
        }
    }
    const auto heard = listen(speech());
    ASSERT_FALSE(heard.told.empty());
    EXPECT_LE(heard.told[0] - kUtterances[0].from, 100);
}

TEST(Vad, a_longer_hangover_bridges_the_pauses_within_sentences) {
    EXPECT_EQ(listen(speech(), {.hangover_frames = 25}).started.size(), std::size(kUtterances));
}

TEST(Vad, follows_when_the_noise_rises_and_falls_during_the_call) {
    // Noise at -60 for the first two utterances, then at -38: it takes the floor under two seconds to rise, after which
    // the noise alone must not count as speech, and speech still does.
    auto background = noise(speech().size(), -60, Colour::pink, 8);
    const auto louder = noise(speech().size(), -38, Colour::pink, 9);
    const std::size_t change = 8 * 4700;
    for (std::size_t i = change; i < background.size(); ++i) background[i] = louder[i];
    const auto heard = listen(mixed(speech(), 0, background));
    EXPECT_EQ(false_alarms(heard), 0);
    for (const int error : onset_errors(heard)) EXPECT_LE(std::abs(error), 120);
    ASSERT_FALSE(heard.stopped.empty());
    EXPECT_LE(heard.stopped.back(), kUtterances[3].to + 100);
    EXPECT_FALSE(heard.frames.back());
}

TEST(Vad, noise_that_begins_while_someone_speaks_does_not_hold_speech_for_ever) {
    auto background = std::vector<double>(speech().size() + 8 * 6000);
    const auto loud = noise(background.size(), -25, Colour::white, 5);
    for (std::size_t i = 8 * 2000; i < background.size(); ++i) background[i] = loud[i];
    Pcm pcm(speech().begin(), speech().begin() + 8 * 3174);
    pcm.resize(background.size());
    const auto heard = listen(mixed(pcm, 0, background));
    EXPECT_FALSE(heard.frames.back());
    EXPECT_LT(heard.stopped.back(), 3174 + 500);
}

TEST(Vad, reports_the_level_of_the_frame_itself) {
    Vad vad;
    EXPECT_EQ(vad.push(Pcm(160)).level_dbfs, kSilenceDbfs);
    EXPECT_NEAR(vad.push(Pcm(160, 16384)).level_dbfs, -6.02, 0.01);
}

TEST(Vad, frames_of_other_sizes_are_harmless_and_reset_forgets) {
    Vad vad;
    for (const std::size_t size : {0UL, 1UL, 159UL, 161UL, 1000UL}) vad.push(Pcm(size, 1000));
    vad.reset();
    Vad fresh;
    for (std::size_t at = 0; at + kFrameSamples <= speech().size(); at += kFrameSamples) {
        const auto frame = std::span(speech()).subspan(at, kFrameSamples);
        const auto a = vad.push(frame), b = fresh.push(frame);
        ASSERT_EQ(a.edge, b.edge);
        ASSERT_EQ(a.edge_ago, b.edge_ago);
    }
    EXPECT_EQ(vad.floor_dbfs(), fresh.floor_dbfs());
}

}  // namespace
}  // namespace parley::audio
