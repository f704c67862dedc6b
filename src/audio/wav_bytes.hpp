#pragma once
// Little-endian fields and chunk names of RIFF/WAVE.

#include <cstdint>

namespace parley::audio::wav {

inline constexpr std::uint16_t kPcm = 0x0001, kAlaw = 0x0006, kMulaw = 0x0007, kExtensible = 0xFFFE;
inline constexpr std::uint32_t kMaxRate = 48000, kMinRate = 8000;

constexpr std::uint32_t tag(const char (&name)[5]) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = (value << 8U) | static_cast<unsigned char>(name[i]);
    return value;
}

inline std::uint32_t get16(const std::uint8_t* p) {
    return p[0] | (std::uint32_t{p[1]} << 8U);
}
inline std::uint32_t get32(const std::uint8_t* p) {
    return get16(p) | (get16(p + 2) << 16U);
}

inline std::uint8_t* put16(std::uint8_t* p, std::uint32_t value) {
    *p++ = static_cast<std::uint8_t>(value);
    *p++ = static_cast<std::uint8_t>(value >> 8U);
    return p;
}
inline std::uint8_t* put32(std::uint8_t* p, std::uint32_t value) {
    return put16(put16(p, value & 0xFFFFU), value >> 16U);
}

}  // namespace parley::audio::wav
