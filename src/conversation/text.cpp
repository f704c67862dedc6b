#include "text.hpp"

#include <algorithm>
#include <array>

namespace parley::conversation {
namespace {

// Length of the UTF-8 character at the front (RFC 3629: no overlong forms, no surrogates), 0 if there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!tail(1) || !tail(2)) return 0;
        if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

bool blank(char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
}

// Words after which an English speaker is about to go on.
constexpr std::array<std::string_view, 28> kLeadOn{"a",  "an", "and", "at", "because", "but",  "er",     "for", "from", "if", "in", "is", "like",  "maybe",
                                                   "my", "of", "on",  "or", "so",      "than", "that's", "the", "then", "to", "uh", "um", "until", "with"};

}  // namespace

std::string clean(std::string_view text, std::size_t limit) {
    std::string out;
    out.reserve(std::min(text.size(), limit));
    while (!text.empty()) {
        const auto length = utf8_length(text);
        if (length == 0 || (length == 1 && blank(text[0]))) {
            if (length == 1 && !out.empty() && out.back() != ' ') out += ' ';
            text.remove_prefix(1);
            continue;
        }
        // U+0080 to U+009F are control characters too.
        const bool control = length == 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
        if (!control) {
            if (out.size() + length > limit) break;
            out.append(text.substr(0, length));
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
        text.remove_prefix(length);
    }
    while (!out.empty() && (out.back() == ' ' || out.size() > limit)) out.pop_back();
    return out;
}

std::size_t count_words(std::string_view text) {
    std::size_t words = 0;
    bool inside = false;
    for (char c : text) {
        if (!blank(c) && !inside) ++words;
        inside = !blank(c);
    }
    return words;
}

void append_words(std::string& text, std::string_view more) {
    if (more.empty()) return;
    if (!text.empty()) text += ' ';
    text += more;
}

Ending how_it_ends(std::string_view text) {
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    if (text.empty()) return Ending::open;
    if (text.ends_with("...") || text.ends_with("\xE2\x80\xA6")) return Ending::unfinished;
    switch (text.back()) {
        case ',':
        case '-':
        case ':':
            return Ending::unfinished;
        default:
            break;
    }
    const bool punctuated = text.back() == '.' || text.back() == '?' || text.back() == '!';
    std::string_view bare = text;
    while (!bare.empty() && (bare.back() == '.' || bare.back() == '?' || bare.back() == '!')) bare.remove_suffix(1);
    const auto begin = bare.find_last_of(' ');
    const auto last = begin == std::string_view::npos ? bare : bare.substr(begin + 1);
    std::string lower(last.substr(0, std::min<std::size_t>(last.size(), 16)));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    // Recognisers put a full stop behind a pause as well: "I would like to book and." is not finished.
    if (text.back() != '?' && std::find(kLeadOn.begin(), kLeadOn.end(), lower) != kLeadOn.end()) return Ending::unfinished;
    return punctuated ? Ending::finished : Ending::open;
}

}  // namespace parley::conversation
