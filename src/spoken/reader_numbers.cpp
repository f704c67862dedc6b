// Numbers, ranges, ratios, fractions and groups.

#include <algorithm>
#include <array>

#include "reader.hpp"

namespace parley::spoken {
namespace {

bool zeros_only(std::string_view digits) {
    return std::ranges::all_of(digits, [](char c) { return c == '0'; });
}

bool year_like(std::string_view digits) {
    return digits.size() == 4 && ((digits[0] == '1' && digits[1] != '0') || digits.starts_with("20"));
}

}  // namespace

// Groups of thousands and a decimal part, in the locale's marks; where only the other way of writing makes sense of the
// marks, in that ("1.200,50" in English).
Reader::Number Reader::number_at(std::size_t where, bool comma_decimals) const {
    Number n;
    const std::size_t first = digits_from(where);
    n.whole = std::string(part(where, where + first));
    n.end = where + first;
    if (first == 0) n.whole = "0";
    const auto separator = [&](std::size_t i) { return at(i) == '.' || at(i) == ','; };
    if (!separator(n.end) || !digit(n.end + 1)) return n;
    const char mark = at(n.end);
    const char other = mark == '.' ? ',' : '.';
    const std::size_t behind = digits_from(n.end + 1);
    const bool groups = behind == 3 && first > 0 && first <= 3 && n.whole[0] != '0';
    if (groups) {
        std::size_t end = n.end, count = 0;
        std::string whole = n.whole;
        while (at(end) == mark && digits_from(end + 1) == 3) {
            whole += part(end + 1, end + 4);
            end += 4;
            ++count;
        }
        const bool part_follows = at(end) == other && digit(end + 1);
        if (mark != locale_.decimal_mark || count > 1 || (part_follows && digits_from(end + 1) <= 2)) {
            n.whole = whole;
            n.grouped = true;
            n.end = end;
            if (part_follows) {
                const std::size_t count_part = digits_from(end + 1);
                n.part = std::string(part(end + 1, end + 1 + count_part));
                n.end = end + 1 + count_part;
            }
            return n;
        }
    }
    const bool other_way = mark != locale_.decimal_mark && ((mark == '.' && !groups) || (comma_decimals && behind <= 2));
    if (mark == locale_.decimal_mark || other_way) {
        n.part = std::string(part(n.end + 1, n.end + 1 + behind));
        n.end += 1 + behind;
    }
    return n;
}

std::string Reader::spoken_whole(std::string_view digits) const {
    const auto value = value_of(digits);
    return value ? grammar_.cardinal(*value, locale_) : digits_spoken(digits, locale_);
}

std::string Reader::spoken(const Number& n) const {
    std::string out = spoken_whole(n.whole);
    if (!n.part.empty()) out.append(" ").append(locale_.words.point).append(" ").append(digits_spoken(n.part, locale_));
    return out;
}

// Three and more groups: 1.2.3, 192.168.0.1, 978-3-16-148410-0
bool Reader::try_groups() {
    const std::size_t first = digits_from(at_);
    const char mark = at(at_ + first);
    if (mark != '.' && mark != '-') return false;
    std::size_t end = at_ + first, groups = 1;
    bool thousands = first <= 3, octets = true;
    std::size_t from = at_;
    while (true) {
        const std::string_view group = part(from, end);
        if (group.size() > 3 || value_of(group).value_or(999) > 255) octets = false;
        if (at(end) != mark || !digit(end + 1)) break;
        from = end + 1;
        end = from + digits_from(from);
        if (end - from != 3) thousands = false;
        ++groups;
    }
    if (groups < 3 || !ends(end)) return false;
    const bool address = mark == '.' && groups == 4 && octets;
    if (mark == '.' && thousands && (!address || zeros_only(part(from, end)))) return false;
    for (std::size_t i = at_; i < end;) {
        const std::size_t count = digits_from(i);
        const std::string_view group = part(i, i + count);
        if (mark == '-' || address || (count > 1 && group[0] == '0')) {
            say(digits_spoken(group, locale_));
        } else {
            say(spoken_whole(group));
        }
        i += count + 1;
        if (i >= end) break;
        if (mark == '-') {
            pause();
        } else {
            say(address ? locale_.words.dot : locale_.words.point);
        }
    }
    remember("/");
    go(end);
    return true;
}

// 1/2, 24/7, 12/25
bool Reader::try_slash() {
    const std::size_t first = digits_from(at_);
    if (first == 0 || first > 3 || at(at_ + first) != '/') return false;
    const std::size_t from = at_ + first + 1, second = digits_from(from), end = from + second;
    if (second == 0 || second > 3 || !ends(end) || at(end) == '/') return false;
    const std::uint64_t a = value_of(part(at_, at_ + first)).value_or(0), b = value_of(part(from, end)).value_or(0);
    constexpr auto kUsual = std::to_array<std::uint64_t>({2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64, 100});
    const bool leading = at(at_) == '0' || at(from) == '0';
    if (a == b) {  // fifty-fifty
        say(grammar_.cardinal(a, locale_));
        say(grammar_.cardinal(b, locale_));
    } else if (a > 0 && a < b && !leading && std::ranges::find(kUsual, b) != kUsual.end()) {
        say(grammar_.fraction(a, b, locale_));
    } else {
        std::uint64_t month = locale_.month_first ? a : b, day = locale_.month_first ? b : a;
        if (month >= 1 && month <= 12 && day >= 1 && day <= 31 && (b > 10 || leading || a > b)) {
            say(grammar_.date({.year = {}, .month = static_cast<unsigned>(month), .day = static_cast<unsigned>(day)}, locale_));
        } else {
            say(grammar_.cardinal(a, locale_));
            say(locale_.words.slash);
            say(grammar_.cardinal(b, locale_));
        }
    }
    remember("/");
    go(end);
    return true;
}

bool Reader::try_number() {
    const bool inside = is_letter(char_before(text_, at_).value);
    if (!inside) {
        std::size_t mixed = at_;
        while (mixed < text_.size() &&
               (digit(mixed) || is_ascii_upper(static_cast<unsigned char>(at(mixed))) || is_ascii_lower(static_cast<unsigned char>(at(mixed)))))
            ++mixed;
        if (mixed > at_ + digits_from(at_) && try_mixed(mixed)) return true;
        if (try_date() || try_time() || try_groups() || try_slash()) return true;
    }
    const Number n = number_at(at_, false);
    const std::size_t from = at_;
    if (n.part.empty() && !n.grouped && value_of(n.whole).value_or(99) <= 31 && n.whole.size() <= 2 &&
        try_day_month(n.end, static_cast<unsigned>(value_of(n.whole).value_or(0))))
        return true;
    if (at(from) == '.') {
        say(locale_.words.point);
        say(digits_spoken(n.part, locale_));
        go(n.end);
        remember("0");
        return true;
    }
    number(n);
    if (at_ == from) go(n.end);
    remember("0");
    return true;
}

// A number, a ratio or the first of a range.
void Reader::number(const Number& n) {
    if (try_suffix(n, n.end)) return;
    std::size_t next = n.end;
    while (at(next) == ' ' && next < n.end + 1) ++next;
    const Char mark = char_at(text_, next);
    const bool hyphen = mark.value == '-' && next == n.end;
    if (hyphen || mark.value == 0x2013) {
        std::size_t from = next + mark.size;
        while (at(from) == ' ' && mark.value != '-') ++from;
        std::size_t sign_end = from;
        const Money* sign =
            at(from) == '$' || char_at(text_, from).value == 0x20ac || char_at(text_, from).value == 0xa3 ? currency_at(from, sign_end) : nullptr;
        if (digit(from) && sign == nullptr) {
            const Number second = number_at(from, false);
            const bool code = (n.whole.size() > 1 && n.whole[0] == '0' && n.plain()) ||
                              (second.whole.size() > 1 && second.whole[0] == '0' && second.plain() && second.whole.size() != 2) ||
                              (second.plain() && second.whole.size() >= 5 && n.plain());
            const bool years = n.plain() && second.plain() && year_like(n.whole) &&
                               (year_like(second.whole) || (second.whole.size() == 2 && second.whole > n.whole.substr(2)));
            const bool free_call = n.whole == "1" && second.whole.size() == 3 && at(second.end) == '-' && letter(second.end + 1);  // 1-800-FLOWERS
            if (free_call && hyphen) {
                say(digits_spoken(n.whole, locale_));
                pause();
                say(digits_spoken(second.whole, locale_));
                pause();
                go(second.end + 1);
                return;
            }
            if (code && hyphen) {
                say(digits_spoken(n.whole, locale_));
                pause();
                say(digits_spoken(second.whole, locale_));
                go(second.end);
                return;
            }
            if (years) {
                say(grammar_.year(static_cast<unsigned>(*value_of(n.whole)), locale_));
                say(locale_.words.to);
                say(second.whole.size() == 4 ? grammar_.year(static_cast<unsigned>(*value_of(second.whole)), locale_) : spoken_whole(second.whole));
                go(second.end);
                return;
            }
            say(spoken(n));
            say(locale_.words.to);
            go(from);
            if (!try_suffix(second, second.end)) {
                say(spoken(second));
                go(second.end);
            }
            return;
        }
    }
    if (at(n.end) == ':' && digit(n.end + 1) && n.plain()) {  // 16:9
        const Number second = number_at(n.end + 1, false);
        say(spoken(n));
        say(locale_.words.to);
        say(spoken(second));
        go(second.end);
        return;
    }
    if ((at(n.end) == 'x' || char_at(text_, n.end).value == 0xd7) && digit(n.end + char_at(text_, n.end).size)) {  // 1920x1080
        say(spoken(n));
        say(locale_.words.by);
        go(n.end + char_at(text_, n.end).size);
        return;
    }
    // 2 1/2
    if (n.plain() && at(n.end) == ' ' && digit(n.end + 1)) {
        const std::size_t from = n.end + 1, above = digits_from(from), below = digits_from(from + above + 1);
        const std::size_t end = from + above + 1 + below;
        if (above <= 2 && at(from + above) == '/' && below >= 1 && below <= 2 && ends(end) && at(end) != '/') {
            const std::uint64_t a = *value_of(part(from, from + above)), b = *value_of(part(from + above + 1, end));
            if (a > 0 && a < b) {
                say(grammar_.with_fraction(spoken(n), grammar_.fraction(a, b, locale_), locale_));
                go(end);
                return;
            }
        }
    }
    if (n.plain()) {
        const char32_t vulgar = char_at(text_, n.end).value;
        const unsigned below = vulgar == 0xbd ? 2 : vulgar == 0xbc || vulgar == 0xbe ? 4 : vulgar == 0x2153 || vulgar == 0x2154 ? 3 : 0;
        if (below != 0) {
            const unsigned above = vulgar == 0xbe ? 3 : vulgar == 0x2154 ? 2 : 1;
            say(grammar_.with_fraction(spoken(n), grammar_.fraction(above, below, locale_), locale_));
            go(n.end + char_at(text_, n.end).size);
            return;
        }
    }
    plain_number(n);
    go(n.end);
    if (letter(n.end)) apart_ = true;
}

void Reader::plain_number(const Number& n) {
    if (!n.plain()) {
        say(spoken(n));
        return;
    }
    const std::string& digits = n.whole;
    const char32_t before = char_before(text_, at_).value;
    const bool coded = before == '-' && at_ >= 2 && letter(at_ - 2);  // AB-1234
    // What is counted follows: "order 150 tickets".
    bool counts = false;
    if (at(n.end) == ' ' && is_ascii_lower(static_cast<unsigned char>(at(n.end + 1)))) {
        std::size_t end = n.end + 1;
        while (is_ascii_lower(static_cast<unsigned char>(at(end)))) ++end;
        counts = end - n.end > 4 && at(end - 1) == 's';
    }
    if ((digits.size() >= 3 && ((heard(locale_.id_words, 3) && !counts) || coded)) || (digits.size() > 1 && digits[0] == '0')) {
        say(digits_spoken(digits, locale_));
        return;
    }
    if (digits.size() >= 7 && !digits.ends_with("000")) {
        const bool ten = digits.size() == 10 && locale_.month_first;
        if (ten) {
            say(digits_spoken(std::string_view(digits).substr(0, 3), locale_));
            pause();
            say(digits_spoken(std::string_view(digits).substr(3, 3), locale_));
            pause();
            say(digits_spoken(std::string_view(digits).substr(6), locale_));
        } else {
            say(digits_spoken(digits, locale_));
        }
        return;
    }
    if (year_like(digits)) {
        const bool quarter = at_ >= 3 && at(at_ - 1) == ' ' && digit(at_ - 2) && at(at_ - 3) == 'Q';
        const bool named = quarter || heard(locale_.year_words, 1);
        const bool noun = at(n.end) == ' ' && letter(n.end + 1);
        if (!counts && (named || (!noun && digits >= "1900" && digits < "2036"))) {
            say(grammar_.year(static_cast<unsigned>(*value_of(digits)), locale_));
            return;
        }
    }
    say(spoken(n));
}

}  // namespace parley::spoken
