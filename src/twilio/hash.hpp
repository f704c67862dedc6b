#pragma once
// The hashes Twilio and our tokens use, over OpenSSL's one-shot functions.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::twilio {

using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

Sha1Digest hmac_sha1(std::string_view key, std::string_view data);
Sha256Digest hmac_sha256(std::string_view key, std::string_view data);
Sha256Digest sha256(std::string_view data);
std::string lower_hex(const Sha256Digest& digest);

}  // namespace parley::twilio
