#pragma once
// A text as words, and words as digits.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {

struct Word {
    std::size_t begin = 0, end = 0;
    std::string text;      // small letters; a mark is its one character
    bool mark = false;     // punctuation
    bool number = false;   // digits only (a digit's look-alikes read as such)
    bool spelled = false;  // one letter, also "b as in boy"
    bool glued = false;    // nothing between it and the word before
    bool piece = false;    // … of one written word with the one before: letters touch a number
    std::size_t more = 0;  // pieces of the same written word behind it
};
[[nodiscard]] std::vector<Word> words_of(std::string_view text);

// Digits that stand together in one word or in a few that make one number ("double five", "twenty three").
struct Item {
    std::size_t first = 0, last = 0;  // words
    std::string digits;
    bool spoken = false;
};
// What begins at this word; nothing: no digits.
[[nodiscard]] std::optional<Item> item_at(const std::vector<Word>& words, std::size_t at);

[[nodiscard]] bool is_hum(const Word& word);              // "uh", a comma: may stand within anything
[[nodiscard]] bool is_noise(const Word& word);            // "uh", "let me see", a comma: may stand within a number
[[nodiscard]] bool is_soft(const Word& word);             // "and", "then": only between spoken digits
[[nodiscard]] bool is_separator(const Word& word);        // "-", "dash", "(": parts groups
[[nodiscard]] std::string_view joiner(const Word& word);  // of an address: ".", "-", "_", "+"; empty: none
[[nodiscard]] bool is_at(const std::vector<Word>& words, std::size_t at, std::size_t& length);

[[nodiscard]] Cue cue_of(const Word& word);
// The last one said before word `at`, not further than `most` words. An "other" of an earlier sentence is none.
[[nodiscard]] Cue cue_before(const std::vector<Word>& words, std::size_t at, std::size_t most);
// What a text asks for or speaks of last: its last question, or else its last cue.
[[nodiscard]] Cue cue_of_text(const std::vector<Word>& words);
// An "other" says what the number at word `at` is ("order number is …"), with at most `most` words between that are no part of saying so, in the same clause.
[[nodiscard]] bool governed(const std::vector<Word>& words, std::size_t at, std::size_t most);

}  // namespace parley::privacy
