#pragma once
// Base64 one group at a time: what the vector kernels must equal, and what finishes their tails.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::audio {

inline constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::uint8_t kNotBase64 = 0xFF;

inline constexpr std::array<std::uint8_t, 256> kBase64Value = [] {
    std::array<std::uint8_t, 256> table{};
    for (auto& entry : table) entry = kNotBase64;
    for (std::size_t i = 0; i < kBase64Alphabet.size(); ++i) {
        table[static_cast<unsigned char>(kBase64Alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}();

// `out` has room for the whole encoding. Returns one past the last character.
inline char* base64_encode_scalar(const std::uint8_t* in, std::size_t size, char* out) {
    const auto put = [&out](std::uint32_t group, unsigned shift) { *out++ = kBase64Alphabet[(group >> shift) & 63U]; };
    for (; size >= 3; in += 3, size -= 3) {
        const std::uint32_t group = (std::uint32_t{in[0]} << 16U) | (std::uint32_t{in[1]} << 8U) | in[2];
        put(group, 18);
        put(group, 12);
        put(group, 6);
        put(group, 0);
    }
    if (size == 0) return out;
    const std::uint32_t group = (std::uint32_t{in[0]} << 16U) | (size == 2 ? std::uint32_t{in[1]} << 8U : 0U);
    put(group, 18);
    put(group, 12);
    if (size == 2) {
        put(group, 6);
    } else {
        *out++ = '=';
    }
    *out++ = '=';
    return out;
}

// The size a text of this length and padding would decode to; nullopt if the length is not one.
inline std::optional<std::size_t> base64_shape(std::string_view in) {
    if (in.size() % 4 != 0) return std::nullopt;
    if (in.empty()) return 0;
    const std::size_t padding = in.back() != '=' ? 0U : (in[in.size() - 2] != '=' ? 1U : 2U);
    return in.size() / 4 * 3 - padding;
}

// `in` is whole groups and `size` what base64_shape said of them; padding may only be in the last. With `kWrite` false
// `out` is not touched.
template <bool kWrite>
inline bool base64_decode_scalar(const char* in, std::uint8_t* out, std::size_t size) {
    const auto value = [](char c) -> std::uint32_t { return kBase64Value[static_cast<unsigned char>(c)]; };
    for (; size >= 3; in += 4, size -= 3) {
        const std::uint32_t a = value(in[0]), b = value(in[1]), c = value(in[2]), d = value(in[3]);
        if (((a | b | c | d) & 0xC0U) != 0) return false;
        if constexpr (kWrite) {
            *out++ = static_cast<std::uint8_t>((a << 2U) | (b >> 4U));
            *out++ = static_cast<std::uint8_t>((b << 4U) | (c >> 2U));
            *out++ = static_cast<std::uint8_t>((c << 6U) | d);
        }
    }
    if (size == 0) return true;
    const std::uint32_t a = value(in[0]), b = value(in[1]), c = size == 2 ? value(in[2]) : 0;
    if (((a | b | c) & 0xC0U) != 0) return false;
    if ((size == 2 ? c & 3U : b & 15U) != 0) return false;  // bits that belong to no byte
    if constexpr (kWrite) {
        *out++ = static_cast<std::uint8_t>((a << 2U) | (b >> 4U));
        if (size == 2) *out++ = static_cast<std::uint8_t>((b << 4U) | (c >> 2U));
    }
    return true;
}

}  // namespace parley::audio
