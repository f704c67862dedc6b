// Companding and base64 per 20 ms frame, on each instruction set, beside the scalar twins and OpenSSL.
#include <openssl/evp.h>

#include <random>
#include <string>

#include "audio_targets.hpp"
#include "base64_scalar.hpp"
#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"

namespace parley::audio {
namespace {

std::vector<std::uint8_t> frame_codes() {
    std::mt19937 random(1);
    std::vector<std::uint8_t> codes(kFrameBytes);
    for (auto& code : codes) code = static_cast<std::uint8_t>(random());
    return codes;
}

std::vector<std::int16_t> frame_samples() {
    std::vector<std::int16_t> pcm(kFrameSamples);
    mulaw_decode(frame_codes(), pcm);
    return pcm;
}

std::string frame_text() {
    std::string text(base64_encoded_size(kFrameBytes), '\0');
    base64_encode(frame_codes(), text);
    return text;
}

template <void (*kDecode)(std::span<const std::uint8_t>, std::span<std::int16_t>)>
void decode(benchmark::State& state) {
    const ChosenTarget target(state);
    const auto codes = frame_codes();
    std::vector<std::int16_t> pcm(kFrameSamples);
    for (auto _ : state) {
        kDecode(codes, pcm);
        benchmark::ClobberMemory();
    }
}
template <void (*kEncode)(std::span<const std::int16_t>, std::span<std::uint8_t>)>
void encode(benchmark::State& state) {
    const ChosenTarget target(state);
    const auto pcm = frame_samples();
    std::vector<std::uint8_t> codes(kFrameSamples);
    for (auto _ : state) {
        kEncode(pcm, codes);
        benchmark::ClobberMemory();
    }
}
template <auto kTwin, class In, class Out>
void scalar(benchmark::State& state, const std::vector<In>& in) {
    std::vector<Out> out(in.size());
    for (auto _ : state) {
        benchmark::DoNotOptimize(out.data());
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = kTwin(in[i]);
        benchmark::ClobberMemory();
    }
}

void mulaw_decode_scalar(benchmark::State& state) {
    scalar<mulaw_decode_sample, std::uint8_t, std::int16_t>(state, frame_codes());
}
void mulaw_encode_scalar(benchmark::State& state) {
    scalar<mulaw_encode_sample, std::int16_t, std::uint8_t>(state, frame_samples());
}
void alaw_decode_scalar(benchmark::State& state) {
    scalar<alaw_decode_sample, std::uint8_t, std::int16_t>(state, frame_codes());
}
void alaw_encode_scalar(benchmark::State& state) {
    scalar<alaw_encode_sample, std::int16_t, std::uint8_t>(state, frame_samples());
}

BENCHMARK(mulaw_decode_scalar);
BENCHMARK(decode<mulaw_decode>)->Name("mulaw_decode")->Apply(each_target);
BENCHMARK(mulaw_encode_scalar);
BENCHMARK(encode<mulaw_encode>)->Name("mulaw_encode")->Apply(each_target);
BENCHMARK(alaw_decode_scalar);
BENCHMARK(decode<alaw_decode>)->Name("alaw_decode")->Apply(each_target);
BENCHMARK(alaw_encode_scalar);
BENCHMARK(encode<alaw_encode>)->Name("alaw_encode")->Apply(each_target);

void base64_encode_openssl(benchmark::State& state) {
    const auto codes = frame_codes();
    std::string text(base64_encoded_size(kFrameBytes) + 1, '\0');
    for (auto _ : state) {
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), codes.data(), static_cast<int>(codes.size()));
        benchmark::ClobberMemory();
    }
}
void base64_encode_twin(benchmark::State& state) {
    const auto codes = frame_codes();
    std::string text(base64_encoded_size(kFrameBytes), '\0');
    for (auto _ : state) {
        base64_encode_scalar(codes.data(), codes.size(), text.data());
        benchmark::ClobberMemory();
    }
}
void base64_encode_vector(benchmark::State& state) {
    const ChosenTarget target(state);
    const auto codes = frame_codes();
    std::string text(base64_encoded_size(kFrameBytes), '\0');
    for (auto _ : state) {
        base64_encode(codes, text);
        benchmark::ClobberMemory();
    }
}
void base64_decode_openssl(benchmark::State& state) {
    const auto text = frame_text();
    std::vector<std::uint8_t> codes(base64_decoded_bound(text.size()));
    for (auto _ : state) {
        EVP_DecodeBlock(codes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
        benchmark::ClobberMemory();
    }
}
void base64_decode_twin(benchmark::State& state) {
    const auto text = frame_text();
    std::vector<std::uint8_t> codes(kFrameBytes);
    for (auto _ : state) {
        benchmark::DoNotOptimize(base64_decode_scalar<true>(text.data(), codes.data(), *base64_shape(text)));
        benchmark::ClobberMemory();
    }
}
void base64_decode_vector(benchmark::State& state) {
    const ChosenTarget target(state);
    const auto text = frame_text();
    std::vector<std::uint8_t> codes(kFrameBytes);
    for (auto _ : state) {
        benchmark::DoNotOptimize(base64_decode(text, codes));
        benchmark::ClobberMemory();
    }
}
void base64_valid_vector(benchmark::State& state) {
    const ChosenTarget target(state);
    const auto text = frame_text();
    for (auto _ : state) benchmark::DoNotOptimize(base64_valid(text));
}

BENCHMARK(base64_encode_openssl);
BENCHMARK(base64_encode_twin);
BENCHMARK(base64_encode_vector)->Apply(each_target);
BENCHMARK(base64_decode_openssl);
BENCHMARK(base64_decode_twin);
BENCHMARK(base64_decode_vector)->Apply(each_target);
BENCHMARK(base64_valid_vector)->Apply(each_target);

}  // namespace
}  // namespace parley::audio
