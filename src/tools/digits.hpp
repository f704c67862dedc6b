#pragma once
// collect_digits: what a model may say about keys it wants, and what it is told of them. Pure.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "parley/brain/ports.hpp"
#include "parley/conversation/commands.hpp"

namespace parley::tools {

inline constexpr std::string_view kCollectDigits = "collect_digits";

[[nodiscard]] brain::ActionSpec digits_spec();

struct DigitsWish {
    std::string name, error;  // an error is a sentence for the model
    conversation::KeysWanted how;
};
// `arguments` hold to the spec's schema.
[[nodiscard]] DigitsWish digits_wish(const nlohmann::json& arguments);

// Of secret ones their number, and the last four of twelve or more, the last two of eight or more.
[[nodiscard]] nlohmann::json digits_result(const DigitsWish& wish, conversation::KeysOutcome outcome, std::string_view keys);

}  // namespace parley::tools
