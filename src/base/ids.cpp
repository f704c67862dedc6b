#include "parley/base/ids.hpp"

#include <openssl/rand.h>

#include <array>
#include <bit>
#include <stdexcept>
#include <vector>

namespace parley {

void random_bytes(std::span<std::uint8_t> out) {
    if (!out.empty() && RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
        throw std::runtime_error("the system gives no random numbers");
    }
}

std::uint64_t random_u64() {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    random_bytes(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

std::string random_hex(std::size_t bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::vector<std::uint8_t> raw(bytes);
    random_bytes(raw);
    std::string text;
    text.reserve(bytes * 2);
    for (const auto byte : raw) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xF];
    }
    return text;
}

std::string random_sid(std::string_view prefix) {
    return std::string(prefix) + random_hex(16);
}

}  // namespace parley
