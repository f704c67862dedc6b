// What stands behind a number.

#include <algorithm>
#include <array>

#include "reader.hpp"

namespace parley::spoken {

// Ordinals, decades, magnitudes, percent, money and units behind a number. False: nothing of the kind, nothing said.
bool Reader::try_suffix(const Number& n, std::size_t from) {
    const auto value = value_of(n.whole);
    const bool english_grammar = locale_.grammar == Locale::Grammar::english;
    if (n.part.empty() && value && english_grammar) {
        const std::string two = small_letters(part(from, std::min(from + 2, text_.size())));
        if ((two == "st" || two == "nd" || two == "rd" || two == "th") && ends(from + 2)) {
            if (*value <= 31 && try_day_month(from + 2, static_cast<unsigned>(*value))) return true;
            say(grammar_.ordinal(*value, locale_));
            go(from + 2);
            return true;
        }
        const char32_t front = char_before(text_, at_).value;
        const bool apostrophe = front == '\'' || front == 0x2019;
        const bool behind = at(from) == '\'' || text_.substr(from).starts_with("\xe2\x80\x99");
        const std::size_t s = from + (behind ? (at(from) == '\'' ? 1 : 3) : 0);
        if (at(s) == 's' && text_.substr(s + 1).starts_with(" of ") && (*value == 10 || *value == 100 || *value == 1000)) {
            say(*value == 10 ? "tens" : *value == 100 ? "hundreds" : "thousands");
            go(s + 1);
            return true;
        }
        constexpr auto kDecadeWords = std::to_array<std::string_view>({"the", "mid", "late", "early", "his", "her", "my", "their", "your"});
        if (at(s) == 's' && ends(s + 1) && *value % 10 == 0 &&
            (n.whole.size() == 4 || (n.whole.size() == 2 && (apostrophe || behind || heard(kDecadeWords, 1))))) {
            const std::string decade = grammar_.decade(static_cast<unsigned>(*value), locale_);
            if (!decade.empty()) {
                if (apostrophe && out_.ends_with('\'')) out_.pop_back();
                say(decade);
                go(s + 1);
                return true;
            }
        }
    }
    if (locale_.grammar == Locale::Grammar::german && n.plain() && value && n.whole.size() <= 2 && at(from) == '.' && at(from + 1) == ' ' && letter(from + 2)) {
        constexpr auto kBefore = std::to_array<std::string_view>({"am", "im", "der", "die", "das", "den", "dem", "vom", "zum", "zur", "des"});
        if (heard(kBefore, 1)) {
            constexpr auto kWeak = std::to_array<std::string_view>({"am", "im", "den", "dem", "vom", "zum", "zur", "des"});
            say(grammar_.ordinal(*value, locale_) + (heard(kWeak, 1) ? "n" : ""));
            go(from + 1);
            return true;
        }
    }
    if (n.plain() && value && *value <= 24 && n.whole.size() <= 2) {
        std::size_t end = from;
        const std::string_view half = half_at(from, end);
        if (!half.empty() && *value <= 12) {
            say(grammar_.time({.hour = static_cast<unsigned>(*value), .minute = 0, .second = {}, .half = half}, locale_));
            go(end);
            return true;
        }
    }
    // Percent and money may stand a space apart.
    std::size_t near = from;
    while (at(near) == ' ') ++near;
    if (text_.substr(near).starts_with("\xc2\xa0")) near += 2;
    if (near - from <= 2 && at(near) == '%') {
        say(spoken(n));
        say(locale_.words.percent);
        go(near + 1);
        return true;
    }
    std::size_t end = near;
    if (near - from <= 2) {
        const Number exact = number_at(at_, true);  // "3,50 €" in English as well
        const Money* currency = currency_at(exact.end == n.end ? near : exact.end + (at(exact.end) == ' ' ? 1 : 0), end);
        if (currency != nullptr && at(end) != '$' && !digit(end)) return money(exact, *currency, end);
    }
    if (at(from) == '\'' && digit(from + 1) && n.plain() && english_grammar) {  // 5'10"
        const std::size_t inches = digits_from(from + 1);
        if (inches <= 2) {
            say(spoken(n));
            say(value == 1 ? "foot" : "feet");
            say(spoken_whole(part(from + 1, from + 1 + inches)));
            std::size_t stop = from + 1 + inches;
            if (at(stop) == '"') ++stop;
            go(stop);
            return true;
        }
    }
    if (!is_letter(char_before(text_, at_).value) && try_unit(n, from)) return true;
    const char sign = at(from);
    const bool inside = is_letter(char_before(text_, at_).value);  // "B2B"
    const bool magnitude = !inside && (sign == 'k' || sign == 'K' || sign == 'M') && ends(from + 1);
    if (magnitude && (sign != 'K' || n.whole.size() > 1)) {
        say(spoken(n));
        say(grammar_.magnitude(sign, n.whole == "1" && n.part.empty()));
        go(from + 1);
        return true;
    }
    if (sign == 'x' && ends(from + 1)) {
        say(spoken(n));
        say(locale_.words.times);
        go(from + 1);
        return true;
    }
    return false;
}

bool Reader::try_unit(const Number& n, std::size_t from) {
    std::size_t near = from;
    while (at(near) == ' ') ++near;
    if (text_.substr(near).starts_with("\xc2\xa0")) near += 2;
    if (near - from > 2) return false;
    const Locale::Unit* best = nullptr;
    for (const auto& unit : locale_.units) {
        if (near != from && !unit.after_space) continue;
        if (!text_.substr(near).starts_with(unit.written) || !ends(near + unit.written.size())) continue;
        const char behind = at(near + unit.written.size());
        if (behind == '\'' || (unit.written.size() == 1 && behind == '.' && near != from && letter(near + 2))) continue;
        if (best == nullptr || unit.written.size() > best->written.size()) best = &unit;
    }
    if (best == nullptr) return false;
    // One letter a space away is too little to be sure in front of a word: "Plan 5 V was".
    const bool one = n.whole == "1" && n.part.empty();
    const bool german_one = one && locale_.grammar == Locale::Grammar::german;
    const bool feminine = german_one && best->one.ends_with('e');
    say(german_one ? (feminine ? "eine" : "ein") : spoken(n));
    say(one ? best->one : best->many);
    std::size_t end = near + best->written.size();
    go(end);
    per(end);
    return true;
}

// "/month" behind an amount.
void Reader::per(std::size_t from) {
    if (at(from) != '/') return;
    std::size_t end = from + 1;
    while (is_ascii_lower(static_cast<unsigned char>(at(end))) || (end == from + 1 && is_ascii_upper(static_cast<unsigned char>(at(end))))) ++end;
    if (end == from + 1 || !ends(end) || at(end) == '/') return;
    std::string_view word = part(from + 1, end);
    if (locale_.grammar == Locale::Grammar::english) {
        if (word == "mo" || word == "mth") word = "month";
        if (word == "yr") word = "year";
        if (word == "h" || word == "hr") word = "hour";
        if (word == "wk") word = "week";
        if (word == "min") word = "minute";
        if (word == "s" || word == "sec") word = "second";
    }
    if (word.size() != end - from - 1 && at(end) == '.' && (at(end + 1) == ')' || at(end + 1) == ',')) ++end;  // "/mo.)"
    say(locale_.words.per);
    say(word);
    go(end);
}

}  // namespace parley::spoken
