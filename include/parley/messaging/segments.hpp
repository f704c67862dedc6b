#pragma once
// How a text message is cut on its way: what it costs, and where a long answer is divided. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::messaging {

inline constexpr std::size_t kMostCharacters = 1600;  // of one message (21617), in UTF-16 units: the stricter reading
inline constexpr std::size_t kMostMedia = 10;

enum class Encoding : std::uint8_t { gsm7, ucs2 };  // ucs2: UTF-16, two bytes a unit

struct Segments {
    Encoding encoding = Encoding::gsm7;
    std::size_t units = 0;       // septets (a character of the extension table counts two) or UTF-16 units
    std::size_t characters = 0;  // UTF-16 units of the text, whatever its encoding
    std::size_t segments = 0;    // 160 or 70 in one; 153 or 67 each in several, because of the header that joins them; 0: empty
};

// Bytes that are no UTF-8 count as U+FFFD, which takes the whole message out of GSM 7 bit.
[[nodiscard]] Segments count_segments(std::string_view utf8);

// Pieces of at most `most` UTF-16 units, cut behind a sentence, else at a blank, else between characters. Nothing but blanks at the cuts is lost.
[[nodiscard]] std::vector<std::string> split_text(std::string_view utf8, std::size_t most = kMostCharacters);

}  // namespace parley::messaging
