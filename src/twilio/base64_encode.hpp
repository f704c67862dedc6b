#pragma once
// Base64 with the standard alphabet and padding into a buffer of exactly base64_size(bytes.size()) characters.

#include <cstdint>
#include <span>

namespace parley::twilio {

void encode_base64(std::span<const std::uint8_t> bytes, std::span<char> out);

}  // namespace parley::twilio
