#pragma once
// Text as the conversation handles it: bounded, valid UTF-8, one space between words.

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::conversation {

inline constexpr std::size_t kLongestText = 4096;  // bytes of one transcript, piece of a reply or operator's sentence

// Control characters and runs of white space become one space, ends are trimmed, what is not UTF-8 is left out, and
// what is longer than `limit` is cut at a character.
[[nodiscard]] std::string clean(std::string_view text, std::size_t limit = kLongestText);

[[nodiscard]] std::size_t count_words(std::string_view text);

// "a" + "b" = "a b"; an empty side adds nothing.
void append_words(std::string& text, std::string_view more);

// How a partial transcript reads: its punctuation and its last word.
enum class Ending { open, finished, unfinished };
[[nodiscard]] Ending how_it_ends(std::string_view text);

}  // namespace parley::conversation
