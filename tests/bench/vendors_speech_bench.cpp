// One audio message of a synthesis vendor from its bytes to samples: this repository's decoder beside a general parser
// with the same base64 and G.711 behind it. Each message is 100 ms of µ-law, ElevenLabs' with the times of its
// characters.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"
#include "parley/vendors/cartesia/sonic.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"

namespace {

using nlohmann::json;
using namespace parley::vendors;

std::string base64_of_sound() {
    std::vector<std::uint8_t> mulaw(800);
    for (std::size_t i = 0; i < mulaw.size(); ++i) mulaw[i] = static_cast<std::uint8_t>(i * 37 + i / 7);
    std::string text(parley::audio::base64_encoded_size(mulaw.size()), '\0');
    (void)parley::audio::base64_encode(mulaw, text);
    return text;
}

std::string elevenlabs_message() {
    json alignment{{"chars", {"Y", "e", "s"}}, {"charStartTimesMs", {0, 30, 60}}, {"charDurationsMs", {30, 30, 40}}};
    return json{{"audio", base64_of_sound()}, {"contextId", "t12"}, {"isFinal", nullptr}, {"alignment", alignment}, {"normalizedAlignment", alignment}}.dump();
}

std::string cartesia_message() {
    return json{{"type", "chunk"}, {"context_id", "t12"}, {"data", base64_of_sound()}, {"done", false}, {"status_code", 206}, {"step_time", 12.5}}.dump();
}

void count(benchmark::State& state, const std::string& text) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
    state.counters["messages/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void elevenlabs_decoder(benchmark::State& state) {
    const auto text = elevenlabs_message();
    elevenlabs::SpeechDecoder decoder;
    std::vector<std::int16_t> pcm;
    for (auto _ : state) {
        const auto& message = decoder.decode(text);
        pcm.resize(message.audio.size());
        parley::audio::mulaw_decode(message.audio, pcm);
        benchmark::DoNotOptimize(pcm.data());
        benchmark::DoNotOptimize(message.characters.data());
    }
    count(state, text);
}
BENCHMARK(elevenlabs_decoder);

void elevenlabs_general_parser(benchmark::State& state) {
    const auto text = elevenlabs_message();
    std::vector<std::uint8_t> mulaw;
    std::vector<std::int16_t> pcm;
    for (auto _ : state) {
        const auto message = json::parse(text, nullptr, false);
        const auto& base64 = message["audio"].get_ref<const std::string&>();
        mulaw.resize(base64.size());
        const auto size = *parley::audio::base64_decode(base64, mulaw);
        pcm.resize(size);
        parley::audio::mulaw_decode(std::span(mulaw).first(size), pcm);
        std::vector<elevenlabs::SpeechCharacter> characters;
        const auto& alignment = message["alignment"];
        for (std::size_t i = 0; i < alignment["chars"].size(); ++i)
            characters.push_back(
                {alignment["chars"][i].get<std::string>(), alignment["charStartTimesMs"][i].get<double>(), alignment["charDurationsMs"][i].get<double>()});
        benchmark::DoNotOptimize(pcm.data());
        benchmark::DoNotOptimize(characters.data());
    }
    count(state, text);
}
BENCHMARK(elevenlabs_general_parser);

void cartesia_decoder(benchmark::State& state) {
    const auto text = cartesia_message();
    cartesia::SonicDecoder decoder;
    std::vector<std::int16_t> pcm;
    for (auto _ : state) {
        const auto& message = decoder.decode(text);
        pcm.resize(message.audio.size());
        parley::audio::mulaw_decode(message.audio, pcm);
        benchmark::DoNotOptimize(pcm.data());
    }
    count(state, text);
}
BENCHMARK(cartesia_decoder);

void cartesia_general_parser(benchmark::State& state) {
    const auto text = cartesia_message();
    std::vector<std::uint8_t> mulaw;
    std::vector<std::int16_t> pcm;
    for (auto _ : state) {
        const auto message = json::parse(text, nullptr, false);
        const auto& base64 = message["data"].get_ref<const std::string&>();
        mulaw.resize(base64.size());
        const auto size = *parley::audio::base64_decode(base64, mulaw);
        pcm.resize(size);
        parley::audio::mulaw_decode(std::span(mulaw).first(size), pcm);
        benchmark::DoNotOptimize(pcm.data());
    }
    count(state, text);
}
BENCHMARK(cartesia_general_parser);

}  // namespace
