#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::brain {

// A text cut behind its sentences, so that the first can be spoken while the second is synthesised. Never empty pieces;
// a text without words gives none.
[[nodiscard]] std::vector<std::string> sentences_of(std::string_view text);

}  // namespace parley::brain
