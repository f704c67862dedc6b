#include "reader.hpp"

#include <algorithm>
#include <array>

namespace parley::spoken {
namespace {

bool wide_space(char32_t c) {
    return is_space(c) || c == 0xa0 || c == 0x202f || (c >= 0x2000 && c <= 0x200a) || c < 0x20 || (c >= 0x7f && c <= 0x9f);
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
    if (!out_.empty() && out_.back() != ' ' && out_.back() != '(' && out_.back() != '"' && out_.back() != '\'' && out_.back() != '-') out_ += ' ';
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
    if ((begins || !is_digit(c.value)) && (is_digit(c.value) || c.value == '(' || c.value == '+') && try_phone()) return;
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
        constexpr auto kMayEnd = std::to_array<std::string_view>({"etc.", "usw.", "Jr.", "Sr.", "Ave.", "Blvd.", "Inc.", "Ltd.", "Corp."});
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
    for (const char c : token) say(is_digit(static_cast<unsigned char>(c)) ? grammar_.digit(c) : std::string_view(&c, 1));
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
    while (mixed < text_.size() &&
           (digit(mixed) || is_ascii_upper(static_cast<unsigned char>(at(mixed))) || is_ascii_lower(static_cast<unsigned char>(at(mixed)))))
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
    for (std::size_t found = straight.find("\xe2\x80\x99"); found != std::string::npos; found = straight.find("\xe2\x80\x99")) straight.replace(found, 3, "'");
    copy(straight);
    remember(straight);
    go(end);
    if (digit(end)) apart_ = true;
    return true;
}

}  // namespace parley::spoken
