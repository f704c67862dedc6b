// Money and telephone numbers.

#include <algorithm>
#include <array>
#include <vector>

#include "reader.hpp"

namespace parley::spoken {
namespace {

constexpr auto kPhoneWords =
    std::to_array<std::string_view>({"call", "phone", "number", "dial", "at", "text", "reach", "tel", "fax", "mobile", "cell", "hotline", "telefon", "nummer"});

}  // namespace

const Locale::Currency* Reader::currency_at(std::size_t where, std::size_t& end) const {
    if (where >= text_.size()) return nullptr;
    const Money* best = nullptr;
    for (const Money& currency : locale_.currencies) {
        for (const std::string_view form : {currency.sign, currency.code}) {
            if (form.empty() || form[0] != text_[where] || !text_.substr(where).starts_with(form)) continue;
            const bool letters = is_ascii_upper(static_cast<unsigned char>(form.back()));
            if (letters && letter(where + form.size())) continue;
            if (best != nullptr && where + form.size() <= end) continue;
            best = &currency;
            end = where + form.size();
        }
    }
    return best;
}

// "million" and the like, with what stands before it.
std::string_view Reader::great_word(std::size_t where, std::size_t& end) const {
    std::size_t i = where;
    while (at(i) == ' ') ++i;
    if (i == where && ends(where + 2)) {
        const std::string two = small_letters(part(where, std::min(where + 2, text_.size())));
        if (two == "bn" || two == "mn") {
            end = where + 2;
            return locale_.grammar == Locale::Grammar::german ? (two == "bn" ? "Milliarden" : "Millionen") : (two == "bn" ? "billion" : "million");
        }
    }
    if (i == where) return {};
    for (const std::string_view word : {"thousand", "million", "billion", "trillion", "Millionen", "Milliarden", "Million", "Milliarde"}) {
        if (!text_.substr(i).starts_with(word) || !ends(i + word.size())) continue;
        end = i + word.size();
        return word;
    }
    return {};
}

bool Reader::money(const Number& n, const Money& currency, std::size_t end) {
    std::size_t great_end = end;
    std::string great(great_word(end, great_end));
    const char sign = at(end);
    if (great.empty() && (sign == 'k' || sign == 'K' || sign == 'm' || sign == 'M' || sign == 'b' || sign == 'B' || sign == 'T') && ends(end + 1)) {
        great = grammar_.magnitude(sign, n.whole == "1" && n.part.empty());
        great_end = end + 1;
    }
    if (!great.empty()) {
        say(spoken(n));
        say(great);
        say(currency.many);
        go(great_end);
        per(at_);
        return true;
    }
    const auto whole = value_of(n.whole);
    const bool minor_fits = currency.minor_digits == 2 && (n.part.size() == 1 || n.part.size() == 2);
    if (whole && (n.part.empty() || minor_fits)) {
        unsigned minor = static_cast<unsigned>(value_of(n.part).value_or(0));
        if (n.part.size() == 1) minor *= 10;
        say(grammar_.money(*whole, minor, currency, locale_));
    } else {
        say(spoken(n));
        say(currency.many);
    }
    remember("$");
    go(end);
    per(end);
    return true;
}

// $3.50, EUR 1.200,50, €5-10, $1.5 million
bool Reader::try_money() {
    std::size_t end = at_;
    const Money* currency = currency_at(at_, end);
    if (currency == nullptr) return false;
    const std::size_t sign_end = end;
    while (at(end) == ' ' && end == sign_end) ++end;
    if (text_.substr(end).starts_with("\xc2\xa0")) end += 2;
    const bool minus = at(end) == '-' && digit(end + 1);
    if (minus) ++end;
    if (!digit(end) && !(at(end) == '.' && digit(end + 1))) return false;
    const Number n = number_at(end, true);
    if (minus) say(locale_.words.minus);
    // A range names its money once: "$10-20", "$10-$20".
    const Char mark = char_at(text_, n.end);
    if (mark.value == '-' || mark.value == 0x2013) {
        std::size_t second_at = n.end + mark.size, second_sign = second_at;
        const Money* again = currency_at(second_at, second_sign);
        if (again == currency) second_at = second_sign;
        if (digit(second_at) && (again == nullptr || again == currency)) {
            const Number second = number_at(second_at, true);
            say(spoken(n));
            say(locale_.words.to);
            return money(second, *currency, second.end);
        }
    }
    return money(n, *currency, n.end);
}

// Told by their shape: an international prefix, a bracketed area code, 3-3-4, a leading zero with several groups.
bool Reader::try_phone() {
    std::vector<std::string_view> groups;
    std::string marks;
    const bool plus = at(at_) == '+';
    std::size_t i = at_ + (plus ? 1 : 0);
    std::size_t total = 0, end = i;
    bool bracket = false;
    while (groups.size() < 8) {
        std::size_t from = i;
        const bool opened = at(from) == '(';
        if (opened) ++from;
        const std::size_t count = digits_from(from);
        if (count == 0 || count > 12) break;
        std::size_t stop = from + count;
        if (opened) {
            if (at(stop) != ')') break;
            ++stop;
            bracket = true;
        }
        groups.push_back(part(from, from + count));
        total += count;
        end = stop;
        i = stop;
        const char mark = at(i);
        if (mark == ' ' || mark == '-' || mark == '.' || mark == '/') {
            if (!digit(i + 1) && at(i + 1) != '(') break;
            marks += mark;
            ++i;
        } else if (opened && digit(i)) {
            marks += ' ';
        } else {
            break;
        }
    }
    if (groups.empty() || !ends(end) || total > 15) return false;
    marks.resize(std::min(marks.size(), groups.size() - 1));
    const auto shape = [&](std::initializer_list<std::size_t> sizes) {
        return std::ranges::equal(groups, sizes, {}, [](std::string_view group) { return group.size(); });
    };
    const bool same = std::ranges::all_of(marks, [&](char mark) { return mark == marks[0]; });
    const char mark = marks.empty() ? '\0' : marks[0];
    const bool spaces_or_hyphens = mark != '.' && mark != '/';
    bool phone = false;
    if (plus) {
        phone = total >= 8 && groups[0].size() <= 3 + (groups.size() == 1 ? 12U : 0U);
    } else if (bracket) {
        phone = at(at_) == '(' && groups.size() >= 2 && groups[0].size() >= 2 && groups[0].size() <= 5 && total >= 8;
    } else if (shape({3, 3, 4})) {
        phone = same && mark != '/';
    } else if (shape({1, 3, 3, 4})) {
        phone = groups[0] == "1";
    } else if (shape({3, 4})) {
        phone = mark == '-' && (groups[0] == "555" || heard(kPhoneWords, 3));
    } else if (groups.size() >= 2 && groups[0][0] == '0' && groups[0].size() >= 3) {
        phone = total >= 7 && total <= 12 && (spaces_or_hyphens || mark == '/') && mark != '.';
    }
    if (!phone) return false;
    if (plus) say(locale_.words.plus);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        if (g > 0) pause();
        say(digits_spoken(groups[g], locale_, locale_.phone_zero));
    }
    go(end);
    // "ext. 12", "x12"
    std::size_t next = end;
    while (at(next) == ' ') ++next;
    if (at(next) == ',') ++next;
    while (at(next) == ' ') ++next;
    for (const std::string_view form : {"extension", "ext.", "ext", "x"}) {
        if (!text_.substr(next).starts_with(form)) continue;
        std::size_t from = next + form.size();
        while (at(from) == ' ' && form != "x") ++from;
        const std::size_t count = digits_from(from);
        if (count == 0 || count > 6) continue;
        pause();
        say(locale_.words.extension);
        say(digits_spoken(part(from, from + count), locale_, locale_.phone_zero));
        go(from + count);
        break;
    }
    remember("/");
    return true;
}

}  // namespace parley::spoken
