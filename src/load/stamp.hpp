#pragma once
// What a measured frame carries in its audio: who sent it, the how-manieth it is, when, and a pattern that shows any change.

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace parley::load {

inline constexpr std::size_t kFrameBytes = 160;

struct Stamp {
    std::uint32_t call = 0;
    std::uint32_t sequence = 0;
    std::uint32_t direction = 0;  // 0 caller to bot, 1 bot to caller
    std::uint64_t sent_ns = 0;    // CLOCK_MONOTONIC
};

inline constexpr std::uint32_t kMagic = 0x50524C59;  // "PRLY"

inline std::uint8_t filler(const Stamp& stamp, std::size_t i) {
    return static_cast<std::uint8_t>(stamp.call * 131U + stamp.sequence * 31U + stamp.direction * 17U + i * 7U);
}

inline void write_stamp(const Stamp& stamp, std::span<std::uint8_t, kFrameBytes> out) {
    std::memcpy(out.data(), &kMagic, 4);
    std::memcpy(out.data() + 4, &stamp.call, 4);
    std::memcpy(out.data() + 8, &stamp.sequence, 4);
    std::memcpy(out.data() + 12, &stamp.direction, 4);
    std::memcpy(out.data() + 16, &stamp.sent_ns, 8);
    for (std::size_t i = 24; i < kFrameBytes; ++i) out[i] = filler(stamp, i);
}

// False: not a stamped frame, or changed on the way.
inline bool read_stamp(std::span<const std::uint8_t, kFrameBytes> in, Stamp& stamp) {
    std::uint32_t magic = 0;
    std::memcpy(&magic, in.data(), 4);
    if (magic != kMagic) return false;
    std::memcpy(&stamp.call, in.data() + 4, 4);
    std::memcpy(&stamp.sequence, in.data() + 8, 4);
    std::memcpy(&stamp.direction, in.data() + 12, 4);
    std::memcpy(&stamp.sent_ns, in.data() + 16, 8);
    for (std::size_t i = 24; i < kFrameBytes; ++i)
        if (in[i] != filler(stamp, i)) return false;
    return true;
}

// Base64 of exactly one frame, both ways; table-driven, the load generator's own.
inline constexpr std::size_t kFrameBase64 = 216;
void encode_frame(std::span<const std::uint8_t, kFrameBytes> in, char* out);
bool decode_frame(const char* in, std::span<std::uint8_t, kFrameBytes> out);

}  // namespace parley::load
