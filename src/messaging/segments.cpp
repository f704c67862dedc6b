#include "parley/messaging/segments.hpp"

#include <algorithm>
#include <array>

namespace parley::messaging {

namespace {

// GSM 03.38, default alphabet, by code point (the escape itself is no character).
constexpr std::u32string_view kDefault =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
constexpr std::u32string_view kExtension = U"\f^{}\\[~]|€";
static_assert(kDefault.size() == 127 && kExtension.size() == 10);

struct Point {
    char32_t value = 0xFFFD;
    std::size_t bytes = 1;
};

Point next_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto more = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1};
    if (first >= 0xC2 && first < 0xE0 && more(1)) return {((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
    if (first >= 0xE0 && first < 0xF0 && more(1) && more(2)) {
        const char32_t value = ((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
        if (value >= 0x800 && (value < 0xD800 || value > 0xDFFF)) return {value, 3};
    }
    if (first >= 0xF0 && first < 0xF5 && more(1) && more(2) && more(3)) {
        const char32_t value = ((first & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
        if (value >= 0x10000 && value <= 0x10FFFF) return {value, 4};
    }
    return {};
}

// Septets of a character; 0: not in the alphabet.
std::size_t septets(char32_t value) {
    if (kDefault.find(value) != std::u32string_view::npos) return 1;
    if (kExtension.find(value) != std::u32string_view::npos) return 2;
    return 0;
}
std::size_t utf16_units(char32_t value) {
    return value >= 0x10000 ? 2 : 1;
}

// A character is never divided between segments: neither an escape from its letter nor a surrogate from its pair.
std::size_t packed(const std::vector<std::size_t>& sizes, std::size_t whole, std::size_t single, std::size_t joined) {
    if (whole == 0) return 0;
    if (whole <= single) return 1;
    std::size_t segments = 1, used = 0;
    for (const auto size : sizes) {
        if (used + size > joined) {
            ++segments;
            used = 0;
        }
        used += size;
    }
    return segments;
}

}  // namespace

Segments count_segments(std::string_view utf8) {
    Segments counted;
    std::vector<std::size_t> gsm, ucs;
    bool fits = true;
    while (!utf8.empty()) {
        const auto point = next_point(utf8);
        utf8.remove_prefix(point.bytes);
        const auto size = septets(point.value);
        fits = fits && size > 0;
        gsm.push_back(size);
        ucs.push_back(utf16_units(point.value));
        counted.characters += ucs.back();
    }
    counted.encoding = fits ? Encoding::gsm7 : Encoding::ucs2;
    const auto& sizes = fits ? gsm : ucs;
    for (const auto size : sizes) counted.units += size;
    counted.segments = fits ? packed(sizes, counted.units, 160, 153) : packed(sizes, counted.units, 70, 67);
    return counted;
}

std::vector<std::string> split_text(std::string_view utf8, std::size_t most) {
    std::vector<std::string> pieces;
    most = std::max<std::size_t>(most, 2);
    const auto trimmed = [](std::string_view text) {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
        return text;
    };
    utf8 = trimmed(utf8);
    while (!utf8.empty()) {
        std::size_t at = 0, units = 0, sentence = 0, blank = 0;
        while (at < utf8.size()) {
            const auto point = next_point(utf8.substr(at));
            if (units + utf16_units(point.value) > most) break;
            units += utf16_units(point.value);
            at += point.bytes;
            const bool gap = at == utf8.size() || utf8[at] == ' ' || utf8[at] == '\n';
            if (!gap) continue;
            blank = at;
            if (point.value == '.' || point.value == '!' || point.value == '?') sentence = at;
        }
        if (at < utf8.size()) {
            // A sentence that would leave most of the piece empty is not worth waiting for.
            if (sentence > at / 2)
                at = sentence;
            else if (blank > 0)
                at = blank;
        }
        const auto piece = trimmed(utf8.substr(0, at));
        if (!piece.empty()) pieces.emplace_back(piece);
        utf8 = trimmed(utf8.substr(at));
    }
    return pieces;
}

}  // namespace parley::messaging
