#pragma once
// Base64 (RFC 4648 section 4: standard alphabet, padded), strict. One encoding for each byte string and no other: a
// foreign character, white space, the URL alphabet, missing or misplaced padding, and bits set below the last byte are
// all refused. No allocation, no exception, no lock. The widest vectors of the machine are chosen at run time;
// base64_scalar.hpp in the sources holds the scalar twins.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace parley::audio {

[[nodiscard]] constexpr std::size_t base64_encoded_size(std::size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

// Most bytes that `chars` characters can decode to.
[[nodiscard]] constexpr std::size_t base64_decoded_bound(std::size_t chars) {
    return chars / 4 * 3;
}

// Writes base64_encoded_size(in.size()) characters and returns that number; 0 and nothing written when `out` is
// shorter.
std::size_t base64_encode(std::span<const std::uint8_t> in, std::span<char> out);

// The number of bytes written, which may be 0 for the empty text; nullopt if the text is not valid or `out` is shorter
// than the decoded bytes. Never writes past the decoded size; after nullopt the contents of `out` are unspecified.
[[nodiscard]] std::optional<std::size_t> base64_decode(std::string_view in, std::span<std::uint8_t> out);

// What base64_decode would return given room enough, without writing.
[[nodiscard]] std::optional<std::size_t> base64_valid(std::string_view in);

}  // namespace parley::audio
