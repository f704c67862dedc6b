#pragma once
// The JSON value in what a model wrote, though it may stand behind a sentence or within a fence. Pure.

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace parley::brain {

constexpr std::size_t kMostJsonAnswer = std::size_t{256} << 10;
constexpr std::size_t kDeepestJsonAnswer = 32;

// The first complete object or list; where there is neither, the whole text if that is a value. Nothing: none, too long, too deep.
[[nodiscard]] std::optional<nlohmann::json> json_in(std::string_view text);

}  // namespace parley::brain
