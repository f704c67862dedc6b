#include "reader.hpp"

#include <algorithm>
#include <array>

namespace parley::spoken {
namespace {

bool pictograph(char32_t c) {
    return (c >= 0x1f000 && c <= 0x1fbff) || (c >= 0x2600 && c <= 0x27bf) || (c >= 0x2b00 && c <= 0x2bff) ||
           (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2300 && c <= 0x23ff) || (c >= 0x2460 && c <= 0x25ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe01ef) || c == 0x20e3;
}

bool invisible(char32_t c) {
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || c == 0xad || c == 0xfffd || (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && c <= 0x10ffff);
}

bool wide_space(char32_t c) {
    return is_space(c) || c == 0xa0 || c == 0x202f || (c >= 0x2000 && c <= 0x200a) || c < 0x20 ||
           (c >= 0x7f && c <= 0x9f);
}

bool digit_or_letter(char32_t c) {
    return is_digit(c) || is_letter(c);
}

}  // namespace

std::string small_letters(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<std::uint64_t> value_of(std::string_view digits) {
    if (digits.empty() || digits.size() > 18) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    return value;
}

std::size_t Reader::digits_from(std::size_t i) const {
    std::size_t count = 0;
    while (digit(i + count)) ++count;
    return count;
}

// Words of their own; whatever stands before and behind is held apart.
void Reader::say(std::string_view words) {
    if (words.empty()) return;
    if (!out_.empty() && out_.back() != ' ' && out_.back() != '(' && out_.back() != '"' && out_.back() != '\'' &&
        out_.back() != '-')
        out_ += ' ';
    out_ += words;
    apart_ = true;
}

void Reader::copy(std::string_view bytes) {
    if (bytes.empty()) return;
    if (apart_ && digit_or_letter(char_at(bytes, 0).value) && !out_.empty() && out_.back() != ' ') out_ += ' ';
    apart_ = false;
    out_ += bytes;
}

void Reader::pause() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    if (out_.empty()) return;
    if (digit_or_letter(char_before(out_, out_.size()).value) || out_.back() == ')' || out_.back() == '"') out_ += ',';
    out_ += ' ';
    apart_ = false;
}

void Reader::remember(std::string_view word) {
    std::rotate(words_.begin(), words_.end() - 1, words_.end());
    words_[0] = small_letters(word);
}

bool Reader::heard(std::span<const std::string_view> words, std::size_t back) const {
    for (std::size_t i = 0; i < std::min(back, words_.size()); ++i)
        if (std::ranges::find(words, words_[i]) != words.end()) return true;
    return false;
}

std::string Reader::read() {
    while (at_ < text_.size()) step();
    std::string clean;
    clean.reserve(out_.size());
    for (const char c : out_) {
        if (c == ' ' && (clean.empty() || clean.back() == ' ')) continue;
        const bool clings = c == ',' || c == '.' || c == ';' || c == ':' || c == '!' || c == '?' || c == ')';
        if (clings && !clean.empty() && clean.back() == ' ') clean.pop_back();
        if (clings && c != ')' && clean.empty()) continue;
        clean += c;
    }
    while (!clean.empty() && clean.back() == ' ') clean.pop_back();
    for (std::size_t i = 0; i < clean.size();) {
        const Char c = char_at(clean, i);
        if (digit_or_letter(c.value) || c.value > 0x2af) return clean;
        i += c.size;
    }
    return {};
}

void Reader::step() {
    const Char before = char_before(text_, at_);
    const bool begins = !digit_or_letter(before.value);
    if (begins && (try_address() || try_abbreviation())) return;
    const Char c = char_at(text_, at_);
    if (wide_space(c.value)) {
        copy(" ");
        go(at_ + c.size);
        return;
    }
    if ((begins || !is_digit(c.value)) && (is_digit(c.value) || c.value == '(' || c.value == '+') && try_phone())
        return;
    const bool sign = c.value >= 0x80 || c.value == '$' || is_ascii_upper(c.value);
    if (begins && sign && try_money()) return;
    if (is_letter(c.value)) {
        if (try_word()) return;
        copy(part(at_, at_ + c.size));
        go(at_ + c.size);
        return;
    }
    if (is_digit(c.value) || (c.value == '.' && digit(at_ + 1) && begins && before.value != '.')) {
        if (try_number()) return;
    }
    symbol(c);
}

// Longest first is by the table's order only where one begins another; matches end where a word ends.
bool Reader::try_abbreviation() {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const char first = lower(at(at_));
    for (const auto& form : locale_.abbreviations) {
        if (lower(form.written[0]) != first) continue;
        const std::size_t end = at_ + form.written.size();
        if (end > text_.size()) continue;
        const bool exact = std::ranges::any_of(form.written, [](char c) { return c >= 'A' && c <= 'Z'; });
        const std::string_view here = part(at_, end);
        if (exact ? here != form.written : small_letters(here) != form.written) continue;
        if (!ends(end) || at(end) == '@' || (at(end) == '/' && form.written != "w/")) continue;
        if (form.written == "w/" && at(end) != ' ') continue;
        if (digit(at_) && at(end) == '/') continue;
        // The dot of "etc." is the sentence's too when nothing, or another sentence, follows.
        constexpr auto kMayEnd =
            std::to_array<std::string_view>({"etc.", "usw.", "Jr.", "Sr.", "Ave.", "Blvd.", "Inc.", "Ltd.", "Corp."});
        bool closes = std::ranges::find(kMayEnd, form.written) != kMayEnd.end();
        if (closes) {
            std::size_t next = end;
            while (at(next) == ' ') ++next;
            const bool another = is_ascii_upper(static_cast<unsigned char>(at(next))) && form.written[0] >= 'a';
            closes = next >= text_.size() || (another && next > end);
        }
        say(form.spoken);
        remember(form.spoken);
        if (closes) copy(".");
        go(end);
        apart_ = true;
        return true;
    }
    return false;
}

// "XK29F7": letters and digits that spell nothing are given one by one.
bool Reader::try_mixed(std::size_t end) {
    // "A7K9-22QX": its parts belong together if all are of this kind and one of them is mixed.
    std::size_t whole = end;
    while (at(whole) == '-' && (digit(whole + 1) || is_ascii_upper(static_cast<unsigned char>(at(whole + 1))))) {
        std::size_t next = whole + 1;
        while (digit(next) || is_ascii_upper(static_cast<unsigned char>(at(next)))) ++next;
        if (!ends(next)) break;
        whole = next;
    }
    if (whole != end) {
        const std::string_view code = part(at_, whole);
        std::size_t mixed_parts = 0, numbers = 0;
        for (std::size_t from = 0; from < code.size();) {
            const std::size_t stop = std::min(code.find('-', from), code.size());
            const std::string_view one = code.substr(from, stop - from);
            const auto count = std::ranges::count_if(one, [](char c) { return c >= '0' && c <= '9'; });
            if (count > 0 && static_cast<std::size_t>(count) < one.size()) ++mixed_parts;
            numbers += static_cast<std::size_t>(count);
            from = stop + 1;
        }
        const bool capitals = std::ranges::none_of(code, [](char c) { return c >= 'a' && c <= 'z'; });
        if (capitals && mixed_parts > 0 && numbers >= 3) {
            for (const char c : code) {
                if (c == '-') {
                    pause();
                } else {
                    say(is_digit(static_cast<unsigned char>(c)) ? grammar_.digit(c) : std::string_view(&c, 1));
                }
            }
            remember(code);
            go(whole);
            return true;
        }
    }
    const std::string_view token = part(at_, end);
    std::size_t digits = 0, changes = 0;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool number = is_digit(static_cast<unsigned char>(token[i]));
        if (!number && !is_ascii_upper(static_cast<unsigned char>(token[i]))) return false;
        digits += number ? 1 : 0;
        if (i > 0 && number != is_digit(static_cast<unsigned char>(token[i - 1]))) ++changes;
    }
    if (digits < 2 || changes == 0 || token.size() < 5 || (changes < 2 && digits < 4)) return false;
    for (const char c : token)
        say(is_digit(static_cast<unsigned char>(c)) ? grammar_.digit(c) : std::string_view(&c, 1));
    remember(token);
    go(end);
    return true;
}

bool Reader::try_word() {
    if (is_letter(char_before(text_, at_).value)) return false;
    std::size_t end = at_, mixed = at_;
    while (true) {
        const Char c = char_at(text_, end);
        const bool inner = (c.value == '\'' || c.value == 0x2019) && is_letter(char_at(text_, end + c.size).value);
        if (!is_letter(c.value) && !inner) break;
        end += c.size;
    }
    while (mixed < text_.size() && (digit(mixed) || is_ascii_upper(static_cast<unsigned char>(at(mixed))) ||
                                    is_ascii_lower(static_cast<unsigned char>(at(mixed)))))
        ++mixed;
    if (mixed > end && try_mixed(mixed)) return true;
    const std::string_view word = part(at_, end);
    if (try_month_first()) return true;
    // "No. 5", "Nr. 5"
    if ((word == "No" || word == "no" || word == "Nr" || word == "Nos") && at(end) == '.') {
        std::size_t next = end + 1;
        while (at(next) == ' ') ++next;
        if (digit(next)) {
            say(locale_.words.number);
            remember(locale_.words.number);
            go(end + 1);
            return true;
        }
    }
    if (at_ + 1 == end && (word == "v" || word == "V") && digit(end) && at(end + digits_from(end)) == '.') {
        say(locale_.words.version);
        go(end);
        return try_groups() || try_number();
    }
    std::string straight(word);
    for (std::size_t found = straight.find("\xe2\x80\x99"); found != std::string::npos;
         found = straight.find("\xe2\x80\x99"))
        straight.replace(found, 3, "'");
    copy(straight);
    remember(straight);
    go(end);
    if (digit(end)) apart_ = true;
    return true;
}

void Reader::dash(Char c) {
    const char32_t before = char_before(text_, at_).value;
    const std::size_t next = at_ + c.size;
    const char32_t after = char_at(text_, next).value;
    const bool open = before == Char::kEnd || is_space(before) || before == '(' || before == 0xa0;
    if (c.value != 0x2014 && open &&
        (is_digit(after) || (after == '.' && digit(next + 1)) || after == '$' || after == 0x20ac || after == 0xa3)) {
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
        const bool dates = part(from, left).find_first_of("/:") != std::string_view::npos &&
                           part(right, stop).find_first_of("/:") != std::string_view::npos;
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
    const bool joined =
        std::string_view("-=<>!").find(static_cast<char>(c.value & 0x7f)) != std::string_view::npos && c.value < 0x80;
    for (const auto& form : locale_.symbols) {  // "->"
        if (!joined) break;
        if (form.written.size() < 2 || static_cast<unsigned char>(form.written[0]) >= 0x80 ||
            !text_.substr(at_).starts_with(form.written))
            continue;
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
            constexpr auto kEach = std::to_array<std::string_view>(
                {"day", "week", "month", "year", "hour",  "minute", "second", "night",  "person", "user",
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
            if ((c.value == '(' || c.value == '"') && apart_ && is_space(before) && !out_.empty() && out_.back() != ' ')
                out_ += ' ';
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
