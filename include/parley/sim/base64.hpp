#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sim {

// Standard alphabet with padding (RFC 4648 section 4), through OpenSSL.
[[nodiscard]] std::string base64(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string base64(std::string_view bytes);
// Strict: the standard alphabet, a length divisible by four, padding only at the end. Nothing when it is not that.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace parley::sim
