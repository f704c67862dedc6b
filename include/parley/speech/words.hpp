#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::speech {

// Lower-case words of a text as they are spoken: punctuation away, "3:30 pm" and "12" read out, longer numbers digit by
// digit. At most 200 words.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

}  // namespace parley::speech
