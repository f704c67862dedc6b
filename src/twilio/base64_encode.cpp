#include "base64_encode.hpp"

#include <cstddef>

namespace parley::twilio {

void encode_base64(std::span<const std::uint8_t> bytes, std::span<char> out) {
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::size_t o = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const unsigned group = (static_cast<unsigned>(bytes[i]) << 16) |
                               (left > 1 ? static_cast<unsigned>(bytes[i + 1]) << 8 : 0U) |
                               (left > 2 ? static_cast<unsigned>(bytes[i + 2]) : 0U);
        out[o++] = kAlphabet[group >> 18];
        out[o++] = kAlphabet[(group >> 12) & 63];
        out[o++] = left > 1 ? kAlphabet[(group >> 6) & 63] : '=';
        out[o++] = left > 2 ? kAlphabet[group & 63] : '=';
    }
}

}  // namespace parley::twilio
