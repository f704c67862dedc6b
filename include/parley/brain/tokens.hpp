#pragma once
// How many tokens a text is for a model, without its vocabulary: an estimate on the safe side for budgets. Pure.

#include <cstddef>
#include <string_view>

namespace parley::brain {

// Latin text is about four letters a token, and no word less than one; whatever is not ASCII counts a token a character.
[[nodiscard]] inline std::size_t tokens_in(std::string_view text) {
    std::size_t tokens = 0, letters = 0;
    const auto end_word = [&] {
        tokens += (letters + 3) / 4;
        letters = 0;
    };
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
            ++letters;
            continue;
        }
        end_word();
        if (byte > 0x20 && byte < 0x80)
            ++tokens;  // punctuation
        else if ((byte & 0xC0U) == 0xC0U)
            ++tokens;  // the first byte of a character beyond ASCII
    }
    end_word();
    return tokens;
}
inline constexpr std::size_t kTokensOfMessage = 4;  // its role and ends

}  // namespace parley::brain
