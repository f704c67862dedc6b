#pragma once
// RFC 4648 section 5 without padding, canonical in both directions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::twilio {

std::string base64url_encode(std::span<const std::uint8_t> bytes);
// Nothing for other characters, an impossible length, or unused bits that are not zero: one value has one text.
std::optional<std::vector<std::uint8_t>> base64url_decode(std::string_view text);

}  // namespace parley::twilio
