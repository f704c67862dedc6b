#pragma once
// Code points of a text that may not be complete yet.

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::spoken {

struct Char {
    static constexpr char32_t kEnd = 0xffff'ffff;      // behind the last character
    static constexpr char32_t kUnknown = 0xffff'fffe;  // more text is needed
    char32_t value = kEnd;
    std::size_t size = 0;  // bytes

    [[nodiscard]] bool known() const { return value != kUnknown; }
};

// The character at byte `at`. A byte that is no UTF-8 is a character of its own, U+FFFD. Not `final`: the end of the
// text, or of a character cut in two, is unknown rather than the end.
[[nodiscard]] inline Char char_at(std::string_view text, std::size_t at, bool final = true) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (at >= text.size()) return {final ? Char::kEnd : Char::kUnknown, 0};
    const unsigned lead = byte(at);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 1;
    if (size == 1) return {0xfffd, 1};
    char32_t value = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if (at + i >= text.size()) return final ? Char{0xfffd, 1} : Char{Char::kUnknown, 0};
        const unsigned next = byte(at + i);
        const unsigned low = i > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        const unsigned high = i > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (next < low || next > high) return {0xfffd, 1};
        value = (value << 6U) | (next & 0x3fU);
    }
    return {value, size};
}

// The character that ends before byte `at`; kEnd at the beginning.
[[nodiscard]] inline Char char_before(std::string_view text, std::size_t at) {
    if (at == 0) return {};
    std::size_t from = at - 1;
    while (from > 0 && at - from < 4 && (static_cast<unsigned char>(text[from]) & 0xc0U) == 0x80) --from;
    const Char found = char_at(text, from);
    if (from + found.size == at) return found;
    return {0xfffd, 1};
}

inline void append_utf8(std::string& out, char32_t value) {
    const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xc0 | (value >> 6U));
        put(0x80 | (value & 0x3fU));
    } else if (value < 0x10000) {
        put(0xe0 | (value >> 12U));
        put(0x80 | ((value >> 6U) & 0x3fU));
        put(0x80 | (value & 0x3fU));
    } else {
        put(0xf0 | (value >> 18U));
        put(0x80 | ((value >> 12U) & 0x3fU));
        put(0x80 | ((value >> 6U) & 0x3fU));
        put(0x80 | (value & 0x3fU));
    }
}

// U+00A0 and U+202F hold words together and are no space here.
[[nodiscard]] constexpr bool is_line_end(char32_t c) {
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}
[[nodiscard]] constexpr bool is_space(char32_t c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == 0x3000 || is_line_end(c);
}
[[nodiscard]] constexpr bool is_digit(char32_t c) {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_ascii_upper(char32_t c) {
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_ascii_lower(char32_t c) {
    return c >= 'a' && c <= 'z';
}
// Latin, Greek and Cyrillic small letters; elsewhere there is no telling sentences by case.
[[nodiscard]] constexpr bool is_lower(char32_t c) {
    return is_ascii_lower(c) || (c >= 0xdf && c <= 0xff && c != 0xf7) || (c >= 0x3ac && c <= 0x3ce) || (c >= 0x430 && c <= 0x45f);
}
[[nodiscard]] constexpr bool is_letter(char32_t c) {
    return is_ascii_upper(c) || is_ascii_lower(c) || (c >= 0xc0 && c <= 0x24f && c != 0xd7 && c != 0xf7) || (c >= 0x370 && c <= 0x52f);
}

}  // namespace parley::spoken
