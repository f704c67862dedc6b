#pragma once
// Texts of keys and sealed values: strict, so that every text has one meaning and every meaning one text.

#include <optional>
#include <string>
#include <string_view>

namespace parley::store {

[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> unbase64url(std::string_view text);  // no padding; spare bits must be zero
[[nodiscard]] std::optional<std::string> unhex(std::string_view text);        // either case

}  // namespace parley::store
