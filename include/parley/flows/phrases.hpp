#pragma once
// What a caller said, held against the phrases a menu waits for. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::flows {

// Words in lower case (also of Latin letters with accents), without punctuation; digits said as English words are digits.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

struct PhraseMatch {
    std::size_t choice = 0;
    double score = 0;  // 1: said word for word
};
// The choice that fits best; each has several phrases. Nothing: none fits well enough, or two fit the same, or the recogniser was too unsure of anything
// but an exact hit. A negative confidence is an unknown one.
[[nodiscard]] std::optional<PhraseMatch> best_phrase(std::string_view said, std::span<const std::vector<std::string>> choices, double confidence = -1);
// The key that was spoken instead of pressed ("two", "option two"): one digit and nothing that contradicts it.
[[nodiscard]] std::optional<char> spoken_key(std::string_view said);

inline constexpr double kPhraseEnough = 0.6;      // of the score
inline constexpr double kConfidenceEnough = 0.3;  // of the recogniser

}  // namespace parley::flows
