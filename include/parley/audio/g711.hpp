#pragma once
// G.711 companding (ITU-T G.711, tables 1a/1b and 2a/2b), one byte a sample, both laws, both ways.
//
// Linear samples are 16 bit, left-justified: the standard's 14-bit (mu-law) and 13-bit (A-law) values times 4 and 8.
//  - mu-law encoding works on the magnitude: clip at 32635, add the bias 0x84, take segment and four bits. A magnitude
//  equal to
//    a decision value belongs to the interval above it, for both signs. Zero gives 0xFF; 0x7F (minus zero) is never
//    produced.
//  - A-law encoding takes the one's complement of negative samples (as ITU-T G.191 and Sun's g711.c do), so -1 gives
//  0x55.
// Decoding gives the standard's quantised values, |x| <= 32124 (mu) and <= 32256 (A).
//
// The span functions pick the widest vectors of the machine at run time; the `_sample` functions are the scalar twins
// and agree with them on every input. Neither allocates, throws or locks. Spans must not overlap; `out` must be at
// least as long as `in` (the excess of the longer one is left alone).

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

inline constexpr int kSampleRate = 8000;           // Hz, G.711
inline constexpr std::size_t kFrameSamples = 160;  // 20 ms
inline constexpr std::size_t kFrameBytes = 160;    // the same frame in G.711
inline constexpr std::uint8_t kMulawSilence = 0xFF;
inline constexpr std::uint8_t kAlawSilence = 0xD5;

void mulaw_decode(std::span<const std::uint8_t> in, std::span<std::int16_t> out);
void mulaw_encode(std::span<const std::int16_t> in, std::span<std::uint8_t> out);
void alaw_decode(std::span<const std::uint8_t> in, std::span<std::int16_t> out);
void alaw_encode(std::span<const std::int16_t> in, std::span<std::uint8_t> out);

[[nodiscard]] constexpr std::int16_t mulaw_decode_sample(std::uint8_t code) {
    const int u = ~code & 0xFF;
    const int magnitude = ((((u & 0x0F) << 3) + 0x84) << ((u >> 4) & 7)) - 0x84;
    return static_cast<std::int16_t>((u & 0x80) != 0 ? -magnitude : magnitude);
}

[[nodiscard]] constexpr std::uint8_t mulaw_encode_sample(std::int16_t sample) {
    int magnitude = sample < 0 ? -static_cast<int>(sample) : sample;
    magnitude = (magnitude > 32635 ? 32635 : magnitude) + 0x84;
    int segment = 7;
    while (segment > 0 && magnitude < (0x80 << segment)) --segment;
    const int code = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F);
    return static_cast<std::uint8_t>(~(code | (sample < 0 ? 0x80 : 0)));
}

[[nodiscard]] constexpr std::int16_t alaw_decode_sample(std::uint8_t code) {
    const int a = code ^ 0x55;
    const int segment = (a >> 4) & 7;
    const int step = ((a & 0x0F) << 4) + 8;
    const int magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1);
    return static_cast<std::int16_t>((a & 0x80) != 0 ? magnitude : -magnitude);
}

[[nodiscard]] constexpr std::uint8_t alaw_encode_sample(std::int16_t sample) {
    const int magnitude = sample < 0 ? ~static_cast<int>(sample) : sample;
    int segment = 7;
    while (segment > 0 && magnitude < (0x80 << segment)) --segment;
    const int shift = segment == 0 ? 4 : segment + 3;
    const int code = (segment << 4) | ((magnitude >> shift) & 0x0F);
    return static_cast<std::uint8_t>((code | (sample < 0 ? 0 : 0x80)) ^ 0x55);
}

}  // namespace parley::audio
