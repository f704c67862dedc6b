#pragma once
// Telephone sound in the simulator: G.711 µ-law by arithmetic, WAV files and an off-line rate converter, all of its
// own.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::sim {

inline constexpr int kSampleRate = 8000;
inline constexpr int kFrameSamples = 160;  // 20 ms
inline constexpr std::uint8_t kMulawSilence = 0xFF;

// Samples at 8 kHz, 16 bit, mono.
using Pcm8k = std::vector<std::int16_t>;
using Mulaw = std::vector<std::uint8_t>;

// ITU-T G.711, µ-law.
[[nodiscard]] std::int16_t mulaw_to_linear(std::uint8_t code);
[[nodiscard]] std::uint8_t linear_to_mulaw(std::int16_t sample);
[[nodiscard]] Mulaw to_mulaw(std::span<const std::int16_t> pcm);
[[nodiscard]] Pcm8k from_mulaw(std::span<const std::uint8_t> codes);

// Windowed-sinc conversion of a whole recording; the pass band ends at the lower Nyquist frequency. Not for streaming.
[[nodiscard]] Pcm8k resample_to_8k(std::span<const std::int16_t> pcm, int rate);

// RIFF WAVE with PCM 16 bit, or G.711 µ-law, 1-8 channels (mixed to one), 4000-192000 Hz. Errors: no such file,
// `errc::illegal_byte_sequence` when it is not such a file.
[[nodiscard]] Result<Pcm8k> read_wav(const std::filesystem::path& path);
[[nodiscard]] Result<Pcm8k> parse_wav(std::span<const std::uint8_t> bytes);
// PCM 16 bit at 8 kHz, one or two channels of the same length (the shorter is padded with silence).
[[nodiscard]] std::string wav_bytes(std::span<const std::int16_t> left, std::span<const std::int16_t> right = {});
[[nodiscard]] error_code write_wav(const std::filesystem::path& path, std::span<const std::int16_t> left, std::span<const std::int16_t> right = {});

// The two tones of a key (ITU-T Q.23), `ms` long, about -9 dBm0 each. Empty for an unknown key.
[[nodiscard]] Pcm8k dtmf_tone(char key, int ms);

// Level of a piece of sound in dB relative to full scale; -100 for digital silence.
[[nodiscard]] double level_dbfs(std::span<const std::int16_t> pcm);

}  // namespace parley::sim
