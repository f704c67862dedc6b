#pragma once
// Words and sentences of what was said, as rules compare them. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::analysis {

// Lower case, without punctuation; apostrophes stay within a word. Times and small numbers as they are spoken: "3:30 PM" is three thirty p m, "3pm" three p m.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);
[[nodiscard]] std::vector<std::string> sentences_of(std::string_view text);
// `phrase`, in the form of words_of, is somewhere in `words`; where it begins.
[[nodiscard]] std::optional<std::size_t> find_phrase(std::span<const std::string> words, std::string_view phrase);
[[nodiscard]] bool says(std::span<const std::string> words, std::span<const std::string_view> phrases);
// At most so many bytes, not cut within a character; with an ellipsis when it was longer.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace parley::analysis
