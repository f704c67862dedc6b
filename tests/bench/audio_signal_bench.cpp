// Resampling, voice activity, levels and mixing per 20 ms frame.
#include <cmath>
#include <random>

#include "audio_targets.hpp"
#include "parley/audio/level.hpp"
#include "parley/audio/mix.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/audio/vad.hpp"

namespace parley::audio {
namespace {

// A buzz at 120 Hz with its harmonics in syllables four times a second, and some noise: what a voice looks like to a
// detector.
std::vector<std::int16_t> voice(std::size_t n) {
    std::mt19937 random(1);
    std::vector<std::int16_t> pcm(n);
    for (std::size_t i = 0; i < n; ++i) {
        double sum = static_cast<double>(random() % 400);
        for (int k = 3; k < 20; ++k) sum += 6000.0 / k * std::sin(2 * 3.14159265 * 120 * k * static_cast<double>(i) / 8000);
        pcm[i] = static_cast<std::int16_t>(i % 2000 < 1500 ? sum : sum / 100);
    }
    return pcm;
}

template <int kFrom, int kTo>
void resample(benchmark::State& state) {
    const ChosenTarget target(state);
    Resampler resampler(kFrom, kTo);
    const auto frame = voice(kFrom / 50);
    std::vector<std::int16_t> out;
    out.reserve(kTo / 50 + 16);
    for (auto _ : state) {
        out.clear();
        resampler.process(frame, out);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(resample<8000, 24000>)->Name("resample_8_to_24")->Apply(each_target);
BENCHMARK(resample<24000, 8000>)->Name("resample_24_to_8")->Apply(each_target);
BENCHMARK(resample<8000, 16000>)->Name("resample_8_to_16")->Apply(each_target);
BENCHMARK(resample<16000, 8000>)->Name("resample_16_to_8")->Apply(each_target);
BENCHMARK(resample<8000, 48000>)->Name("resample_8_to_48")->Apply(each_target);
BENCHMARK(resample<48000, 8000>)->Name("resample_48_to_8")->Apply(each_target);
BENCHMARK(resample<16000, 24000>)->Name("resample_16_to_24")->Apply(each_target);
BENCHMARK(resample<24000, 16000>)->Name("resample_24_to_16")->Apply(each_target);

void vad_on_silence(benchmark::State& state) {
    Vad vad;
    const std::vector<std::int16_t> frame(kFrameSamples);
    for (auto _ : state) benchmark::DoNotOptimize(vad.push(frame));
}
void vad_on_voice(benchmark::State& state) {
    Vad vad;
    const auto second = voice(kSampleRate);
    std::size_t at = 0;
    std::int64_t heard = 0;
    for (auto _ : state) {
        heard += vad.push(std::span(second).subspan(at, kFrameSamples)).speech ? 1 : 0;
        at = (at + kFrameSamples) % second.size();
    }
    state.counters["speech"] = static_cast<double>(heard) / static_cast<double>(state.iterations());
}
void level(benchmark::State& state) {
    const auto frame = voice(kFrameSamples);
    for (auto _ : state) benchmark::DoNotOptimize(measure_level(frame));
}
void silence_by_codes(benchmark::State& state) {
    const std::vector<std::uint8_t> frame(kFrameBytes, kMulawSilence);
    for (auto _ : state) benchmark::DoNotOptimize(is_mulaw_silence(frame));
}
void mix_two_frames(benchmark::State& state) {
    const auto frame = voice(kFrameSamples);
    auto sum = frame;
    for (auto _ : state) {
        mix_add(frame, sum);
        benchmark::ClobberMemory();
    }
}
void duck_a_frame(benchmark::State& state) {
    GainRamp ramp(0.3F);
    auto frame = voice(kFrameSamples);
    for (auto _ : state) {
        ramp.apply(frame);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(vad_on_silence);
BENCHMARK(vad_on_voice);
BENCHMARK(level);
BENCHMARK(silence_by_codes);
BENCHMARK(mix_two_frames);
BENCHMARK(duck_a_frame);

}  // namespace
}  // namespace parley::audio
