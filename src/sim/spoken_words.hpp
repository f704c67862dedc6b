#pragma once

#include <string>
#include <vector>

namespace parley::sim {

// The words of a sentence as ears compare them: lower case, letters and digits, apostrophes inside a word kept.
[[nodiscard]] std::vector<std::string> words_of(const std::string& text);

}  // namespace parley::sim
