#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "parley/audio/resampler.hpp"

namespace parley::vendors {

// What a synthesis vendor was asked to send: headerless, mono.
struct SpeechFormat {
    enum class Coding : std::uint8_t { mulaw, pcm16le } coding = Coding::mulaw;
    int hz = 8000;  // mulaw: 8000; pcm16le: what audio::Resampler takes
};

// The audio bytes of one text, cut anywhere, to 8 kHz samples: an odd byte waits for its other half, the resampler's
// state goes on from chunk to chunk and its delay is taken off, so that n samples at hz give ceil(n * 8000 / hz) in
// all. Pure.
class AudioIntake {
public:
    explicit AudioIntake(SpeechFormat format);

    // Appends what the bytes determine. False: they begin like a file (RIFF, Ogg, FLAC, MP3 with a tag), nothing is
    // given then or later.
    [[nodiscard]] bool feed(std::span<const std::uint8_t> bytes, std::vector<std::int16_t>& out);
    // Behind the last byte: what was held back. Half a sample is dropped.
    void finish(std::vector<std::int16_t>& out);

    [[nodiscard]] std::uint64_t samples() const { return samples_; }  // given so far, 8 kHz
    [[nodiscard]] bool silent() const { return !sounded_; }           // every sample so far was zero
    [[nodiscard]] bool is_file() const { return is_file_; }

private:
    void decode(std::span<const std::uint8_t> bytes, std::vector<std::int16_t>& out);
    void give(std::span<const std::int16_t> pcm, std::vector<std::int16_t>& out);

    SpeechFormat format_;
    std::optional<audio::Resampler> resampler_;
    std::size_t skip_ = 0;  // samples of the resampler's delay still to be dropped
    std::array<std::uint8_t, 4> head_{};
    std::size_t head_size_ = 0;
    bool head_known_ = false, is_file_ = false, sounded_ = false, any_ = false;
    std::optional<std::uint8_t> odd_;
    std::uint64_t samples_ = 0;
    std::vector<std::int16_t> raw_;
};

}  // namespace parley::vendors
