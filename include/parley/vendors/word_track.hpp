#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::vendors {

// Finds spoken words, as a vendor tells them one after the other, in the text that was given to be spoken. Vendors
// rewrite what they speak
// ("10" is told as "ten") and drop or move punctuation, so a word that is not found near the last one is passed over.
// Pure.
class WordTrack {
public:
    explicit WordTrack(std::string_view text) : text_(text) {}

    // The end of this word in the text, in bytes, with the punctuation behind it; rising from call to call. Nothing:
    // not found.
    [[nodiscard]] std::optional<std::uint32_t> word(std::string_view spoken);
    // The same for vendors that tell characters: the end of the word that this character (white space) ended, if it did
    // and was found.
    [[nodiscard]] std::optional<std::uint32_t> character(std::string_view utf8);
    [[nodiscard]] std::optional<std::uint32_t> finish();  // the last word, which no white space ended

private:
    std::string text_;
    std::size_t at_ = 0;
    std::string part_;
};

}  // namespace parley::vendors
