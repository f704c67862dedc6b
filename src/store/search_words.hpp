#pragma once
// What the search of what was said counts as a word, the same on both databases: SQLite's own index cuts texts up this way, and for PostgreSQL we do it with
// the very same tokenizer.

#include <string>
#include <string_view>
#include <vector>

namespace parley::store {

inline constexpr std::string_view kWordRules = "unicode61 remove_diacritics 2";  // as in the SQLite schema

// Letters and digits of any script, in lower case and without their accents; everything else stands between words. Words of more than 200 bytes are none.
// Thread-safe.
[[nodiscard]] std::vector<std::string> search_words(std::string_view text);
[[nodiscard]] std::string joined_words(const std::vector<std::string>& words);  // with blanks between them

}  // namespace parley::store
