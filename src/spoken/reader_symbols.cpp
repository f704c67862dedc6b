// Signs: dashes, quotes, emoji, and what the locale has words for.

#include <algorithm>
#include <array>

#include "reader.hpp"

namespace parley::spoken {
namespace {

bool pictograph(char32_t c) {
    return (c >= 0x1f000 && c <= 0x1fbff) || (c >= 0x2600 && c <= 0x27bf) || (c >= 0x2b00 && c <= 0x2bff) || (c >= 0x2190 && c <= 0x21ff) ||
           (c >= 0x2300 && c <= 0x23ff) || (c >= 0x2460 && c <= 0x25ff) || (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe01ef) || c == 0x20e3;
}

bool invisible(char32_t c) {
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad || c == 0xfffd ||
           (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && c <= 0x10ffff);
}

bool digit_or_letter(char32_t c) {
    return is_digit(c) || is_letter(c);
}

}  // namespace

void Reader::dash(Char c) {
    const char32_t before = char_before(text_, at_).value;
    const std::size_t next = at_ + c.size;
    const char32_t after = char_at(text_, next).value;
    const bool open = before == Char::kEnd || is_space(before) || before == '(' || before == 0xa0;
    if (c.value != 0x2014 && open && (is_digit(after) || (after == '.' && digit(next + 1)) || after == '$' || after == 0x20ac || after == 0xa3)) {
        say(locale_.words.minus);
        go(next);
        return;
    }
    if (c.value == 0x2212) {
        say(locale_.words.minus);
        go(next);
        return;
    }
    if (c.value == '-' && !open && !is_space(after) && after != Char::kEnd) {
        if (is_digit(after) || is_digit(before)) {
            // "COVID-19", "5-star"
            const bool code = is_letter(before) && digits_from(next) >= 3;  // "AB-1234" has none
            if (after != '-') copy(code ? " " : "-");
            apart_ = false;
        } else if (after != '-' && before != '-') {
            copy("-");
        }
        go(next);
        return;
    }
    if (c.value == '-' && (before == '-' || after == '-')) {
        if (before != '-') pause();
        go(next);
        return;
    }
    if (c.value == 0x2013 && before == '%' && is_digit(after)) {
        say(locale_.words.to);
        go(next);
        return;
    }
    // Between digits with spaces around it a hyphen takes away; between days and times it reaches from one to the
    // other.
    std::size_t left = at_, right = next;
    while (left > 0 && at(left - 1) == ' ') --left;
    while (at(right) == ' ') ++right;
    if (c.value == '-' && left > 0 && digit(left - 1) && digit(right)) {
        std::size_t from = left, stop = right;
        while (from > 0 && at(from - 1) != ' ') --from;
        while (stop < text_.size() && at(stop) != ' ') ++stop;
        const bool dates = part(from, left).find_first_of("/:") != std::string_view::npos && part(right, stop).find_first_of("/:") != std::string_view::npos;
        say(dates ? locale_.words.to : locale_.words.minus);
    } else {
        pause();
    }
    go(next);
}

void Reader::symbol(Char c) {
    const std::size_t next = at_ + c.size;
    const std::string_view bytes = part(at_, next);
    const char32_t before = char_before(text_, at_).value;
    const char32_t after = char_at(text_, next).value;
    const bool joined = std::string_view("-=<>!").find(static_cast<char>(c.value & 0x7f)) != std::string_view::npos && c.value < 0x80;
    for (const auto& form : locale_.symbols) {  // "->"
        if (!joined) break;
        if (form.written.size() < 2 || static_cast<unsigned char>(form.written[0]) >= 0x80 || !text_.substr(at_).starts_with(form.written)) continue;
        say(form.spoken);
        go(at_ + form.written.size());
        return;
    }
    go(next);
    switch (c.value) {
        case '-':
        case 0x2010:
        case 0x2011:
            if (c.value != '-') {
                copy("-");
                return;
            }
            [[fallthrough]];
        case 0x2012:
        case 0x2013:
        case 0x2014:
        case 0x2212:
            go(next - c.size);
            dash(c);
            return;
        case 0x201c:
        case 0x201d:
        case 0x201e:
        case 0xab:
        case 0xbb:
            copy("\"");
            return;
        case 0x2018:
        case 0x2019:
        case 0x201a:
            copy("'");
            return;
        case 0x2026:
            copy("...");
            return;
        case '*':
            if ((is_digit(before) || is_space(before)) && (is_digit(after) || is_space(after))) {
                std::size_t right = next;
                while (at(right) == ' ') ++right;
                std::size_t left = next - 1;
                while (left > 0 && at(left - 1) == ' ') --left;
                if (left > 0 && digit(left - 1) && digit(right)) {
                    say(locale_.words.times);
                    return;
                }
            }
            return;
        case '_':
        case '\\':
        case '|':
        case '{':
        case '}':
        case '[':
        case ']':
        case '`':
            copy(" ");
            return;
        case '/': {
            constexpr auto kEach = std::to_array<std::string_view>({"day", "week", "month", "year", "hour",  "minute", "second", "night",  "person", "user",
                                                                    "mo",  "yr",   "hr",    "Tag",  "Woche", "Monat",  "Jahr",   "Stunde", "Nacht",  "Person"});
            std::size_t stop = next;
            while (letter(stop)) stop += char_at(text_, stop).size;
            if (digit_or_letter(before) && std::ranges::find(kEach, part(next, stop)) != kEach.end()) {
                per(next - 1);
                return;
            }
            if (is_space(before) && is_space(after)) {
                std::size_t left = next - 1, right = next;
                while (left > 0 && at(left - 1) == ' ') --left;
                while (at(right) == ' ') ++right;
                const auto divided = std::ranges::find(locale_.symbols, std::string_view("÷"), &Locale::Form::written);
                if (divided != locale_.symbols.end() && left > 0 && digit(left - 1) && digit(right)) {
                    say(divided->spoken);
                    return;
                }
            }
            if (digit_or_letter(before) && digit_or_letter(after)) {
                say(locale_.words.slash);
            } else {
                copy(" ");
            }
            return;
        }
        case '#':
            if (is_letter(after)) {
                std::size_t stop = next;
                while (letter(stop) || at(stop) == '-') ++stop;
                say(digit(stop) ? locale_.words.number : locale_.words.hash);  // "#A-1029", "#sale"
            } else if (is_digit(after)) {
                say(locale_.words.number);
                if (digits_from(next) >= 3) remember("id");
            }
            return;
        case '.':
        case '!':
        case '?':
            words_ = {};
            copy(bytes);
            return;
        case ',':
        case ';':
        case ':':
        case '\'':
        case '"':
        case '(':
        case ')':
            if ((c.value == ')' || c.value == ',' || c.value == ';' || c.value == ':') && apart_) apart_ = false;
            if ((c.value == '(' || c.value == '"') && apart_ && is_space(before) && !out_.empty() && out_.back() != ' ') out_ += ' ';
            copy(bytes);
            return;
        default:
            break;
    }
    struct Vulgar {
        char32_t value;
        unsigned above, below;
    };
    constexpr auto kVulgar = std::to_array<Vulgar>({{0xbd, 1, 2},
                                                    {0xbc, 1, 4},
                                                    {0xbe, 3, 4},
                                                    {0x2153, 1, 3},
                                                    {0x2154, 2, 3},
                                                    {0x2155, 1, 5},
                                                    {0x215b, 1, 8},
                                                    {0x215c, 3, 8},
                                                    {0x215d, 5, 8},
                                                    {0x215e, 7, 8}});
    for (const Vulgar& one : kVulgar) {
        if (one.value != c.value) continue;
        say(grammar_.fraction(one.above, one.below, locale_));
        return;
    }
    for (const auto& form : locale_.symbols) {
        if (form.written != bytes) continue;
        // A row of signs is decoration.
        if (after == c.value || before == c.value) return;
        say(form.spoken);
        return;
    }
    if (pictograph(c.value)) {
        if (name_emoji_)
            for (const auto& form : locale_.emoji)
                if (form.written == bytes) {
                    pause();
                    say(form.spoken);
                    pause();
                    return;
                }
        apart_ = apart_ || digit_or_letter(after);
        return;
    }
    if (invisible(c.value) || c.value == 0xa9 || c.value == 0xae || c.value == 0x2122) return;
    if (c.value == 0x2022 || c.value == 0xb7) {
        pause();
        return;
    }
    if (c.value < 0x80) {  // what is left of ASCII: ~ ^ and the like, unknown to the locale
        if (c.value == '.' || c.value == ',') copy(bytes);
        return;
    }
    copy(bytes);
}

}  // namespace parley::spoken
