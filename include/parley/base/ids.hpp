#pragma once
// Identifiers nobody can guess. From OpenSSL's generator; thread-safe. Without randomness the process cannot keep its
// promises, so a failing generator throws std::runtime_error.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley {

void random_bytes(std::span<std::uint8_t> out);
[[nodiscard]] std::uint64_t random_u64();

// `bytes` random bytes in lower-case hexadecimal: random_hex(16) is a 128-bit nonce.
[[nodiscard]] std::string random_hex(std::size_t bytes);
// The shape of Twilio's identifiers: two capitals and 32 hexadecimal digits, e.g. random_sid("CA").
[[nodiscard]] std::string random_sid(std::string_view prefix);

}  // namespace parley
