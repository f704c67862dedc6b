#pragma once
// What the requests of the synthesis vendors have in common: checking what was configured, and cleaning a text.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "parley/vendors/endpoint.hpp"

namespace parley::vendors {

// One sentence against an endpoint without a key, with a base that is no URL, or with an option not among `known`; else
// empty.
[[nodiscard]] std::string check_speech_endpoint(const Endpoint& endpoint, std::initializer_list<std::string_view> known);
[[nodiscard]] std::optional<double> number_option(const Endpoint& endpoint, std::string_view option);
// One sentence if the option is given and no number from `low` to `high`.
[[nodiscard]] std::string check_number(const Endpoint& endpoint, std::string_view option, double low, double high);
[[nodiscard]] std::string check_one_of(const Endpoint& endpoint, std::string_view option, std::initializer_list<std::string_view> values);
[[nodiscard]] std::string_view or_default(std::string_view given, std::string_view fallback);

// Control characters and those in `marks` (ASCII) become spaces.
[[nodiscard]] std::string speech_without(std::string_view text, std::string_view marks);
[[nodiscard]] std::size_t code_points(std::string_view utf8);

}  // namespace parley::vendors
