#pragma once
// Levels in dB relative to full scale 32768: a full-scale sine has an RMS of -3.01 dBFS. No allocation.

#include <cstdint>
#include <span>

namespace parley::audio {

inline constexpr float kSilenceDbfs = -120.0F;  // reported for all-zero and for empty input

struct Level {
    float rms_dbfs = kSilenceDbfs;
    float peak_dbfs = kSilenceDbfs;
};

[[nodiscard]] Level measure_level(std::span<const std::int16_t> pcm);

// Digital silence as carriers insert it in band: no sample further than `tolerance` from zero. The default is one
// mu-law or A-law step, so decoded G.711 silence with its sign bit flipping counts. True for empty input.
[[nodiscard]] bool is_digital_silence(std::span<const std::int16_t> pcm, int tolerance = 8);

// The same on G.711 bytes, without decoding: nothing but plus and minus the smallest value.
[[nodiscard]] bool is_mulaw_silence(std::span<const std::uint8_t> codes);
[[nodiscard]] bool is_alaw_silence(std::span<const std::uint8_t> codes);

}  // namespace parley::audio
