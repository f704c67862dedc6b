#include "stamp.hpp"

namespace parley::load {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kPairs = [] {  // 12 bits to two characters
    std::array<std::array<char, 2>, 4096> table{};
    for (std::size_t i = 0; i < 4096; ++i) table[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
    return table;
}();
constexpr auto kValues = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(0xFF);
    for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<std::uint8_t>(kAlphabet[i])] = i;
    return table;
}();

}  // namespace

void encode_frame(std::span<const std::uint8_t, kFrameBytes> in, char* out) {
    std::size_t i = 0;
    for (; i + 3 <= kFrameBytes; i += 3, out += 4) {
        const auto bits = static_cast<std::uint32_t>(in[i] << 16 | in[i + 1] << 8 | in[i + 2]);
        std::memcpy(out, kPairs[bits >> 12].data(), 2);
        std::memcpy(out + 2, kPairs[bits & 4095].data(), 2);
    }
    // 160 = 53 * 3 + 1: one byte remains.
    out[0] = kAlphabet[in[i] >> 2];
    out[1] = kAlphabet[(in[i] & 3) << 4];
    out[2] = out[3] = '=';
}

bool decode_frame(const char* in, std::span<std::uint8_t, kFrameBytes> out) {
    std::uint8_t bad = 0;
    std::size_t o = 0;
    auto value = [&](char c) {
        const auto v = kValues[static_cast<std::uint8_t>(c)];
        bad |= v & 0x80;
        return static_cast<std::uint32_t>(v & 63);
    };
    for (; o + 3 <= kFrameBytes; o += 3, in += 4) {
        const auto bits = value(in[0]) << 18 | value(in[1]) << 12 | value(in[2]) << 6 | value(in[3]);
        out[o] = static_cast<std::uint8_t>(bits >> 16);
        out[o + 1] = static_cast<std::uint8_t>(bits >> 8);
        out[o + 2] = static_cast<std::uint8_t>(bits);
    }
    out[o] = static_cast<std::uint8_t>(value(in[0]) << 2 | value(in[1]) >> 4);
    return bad == 0 && in[2] == '=' && in[3] == '=';
}

}  // namespace parley::load
