#include <array>

#include "grammar.hpp"

namespace parley::spoken {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 20> kSmall{"zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
                                       "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<Words, 10> kTens{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<Words, 7> kScales{"", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"};

std::string below_hundred(std::uint64_t n) {
    if (n < 20) return std::string(kSmall[n]);
    std::string out(kTens[n / 10]);
    if (n % 10 != 0) out.append("-").append(kSmall[n % 10]);
    return out;
}

std::string below_thousand(std::uint64_t n, bool with_and) {
    std::string out;
    if (n >= 100) {
        out.append(kSmall[n / 100]).append(" hundred");
        if (n % 100 == 0) return out;
        out.append(with_and ? " and " : " ");
    }
    return out + below_hundred(n % 100);
}

std::string plural(std::string_view word) {
    std::string out(word);
    if (out.ends_with('y')) {
        out.pop_back();
        return out + "ies";
    }
    return out + (out.ends_with('x') ? "es" : "s");
}

class English final : public Grammar {
public:
    std::string cardinal(std::uint64_t n, const Locale& locale) const override {
        if (n < 1000) return below_thousand(n, locale.hundred_and);
        std::string out;
        std::size_t scale = 0;
        std::uint64_t rest = n;
        while (rest != 0) {
            const std::uint64_t group = rest % 1000;
            if (group != 0) {
                std::string part = below_thousand(group, locale.hundred_and);
                if (scale != 0) part.append(" ").append(kScales[scale]);
                const bool tail = scale == 0 && group < 100 && locale.hundred_and;
                if (tail) part = "and " + part;
                if (!out.empty()) part.append(" ").append(out);
                out = std::move(part);
            }
            rest /= 1000;
            ++scale;
        }
        return out;
    }

    std::string ordinal(std::uint64_t n, const Locale& locale) const override {
        std::string out = cardinal(n, locale);
        const std::size_t from = out.find_last_of(" -") == std::string::npos ? 0 : out.find_last_of(" -") + 1;
        const std::string last = out.substr(from);
        out.erase(from);
        if (last == "one") return out + "first";
        if (last == "two") return out + "second";
        if (last == "three") return out + "third";
        if (last == "five") return out + "fifth";
        if (last == "eight") return out + "eighth";
        if (last == "nine") return out + "ninth";
        if (last == "twelve") return out + "twelfth";
        if (last.ends_with('y')) return out + last.substr(0, last.size() - 1) + "ieth";
        return out + last + "th";
    }

    std::string year(unsigned year, const Locale& locale) const override {
        if (year < 1000 || year > 9999 || (year >= 2000 && year < 2010) || year % 1000 == 0) return cardinal(year, locale);
        const unsigned left = year / 100, right = year % 100;
        if (left % 10 == 0 && right < 10) return cardinal(year, locale);
        if (right == 0) return below_hundred(left) + " hundred";
        if (right < 10) return below_hundred(left) + " oh " + std::string(kSmall[right]);
        return below_hundred(left) + " " + below_hundred(right);
    }

    std::string decade(unsigned year, const Locale& locale) const override {
        if (year % 10 != 0) return {};
        std::string word = year < 100 ? below_hundred(year) : this->year(year, locale);
        if (year >= 100 && year % 100 == 0) return word + "s";
        if (year < 20) return {};
        word.pop_back();  // all tens end in y
        return word + "ies";
    }

    std::string date(const CalendarDay& day, const Locale& locale) const override {
        const std::string month(locale.months[day.month - 1].name);
        std::string out = month;
        if (day.day) out = locale.month_first ? month + " " + ordinal(*day.day, locale) : "the " + ordinal(*day.day, locale) + " of " + month;
        if (day.year) out += (day.day ? ", " : " ") + year(*day.year, locale);
        return out;
    }

    std::string time(const ClockTime& time, const Locale& locale) const override {
        std::string out = cardinal(time.hour, locale);
        const bool half = !time.half.empty();
        if (time.minute == 0 && !time.second) {
            if (half) return out + " " + std::string(time.half);
            if (time.hour % 24 == 0) return "midnight";
            return time.hour <= 12 ? out + " o'clock" : out + " hundred";
        }
        out += " ";
        if (time.minute < 10)
            out += time.minute == 0 ? "hundred" : "oh " + std::string(kSmall[time.minute]);
        else
            out += below_hundred(time.minute);
        if (time.second.value_or(0) != 0) out += " and " + cardinal(*time.second, locale) + (*time.second == 1 ? " second" : " seconds");
        if (half) out += " " + std::string(time.half);
        return out;
    }

    std::string fraction(std::uint64_t above, std::uint64_t below, const Locale& locale) const override {
        const bool one = above == 1;
        std::string under = below == 2 ? (one ? "half" : "halves") : below == 4 ? (one ? "quarter" : "quarters") : ordinal(below, locale);
        if (below != 2 && below != 4 && !one) under = plural(under);
        return cardinal(above, locale) + " " + under;
    }

    std::string with_fraction(const std::string& whole, const std::string& part, const Locale&) const override {
        if (part == "one half") return whole + " and a half";
        if (part == "one quarter") return whole + " and a quarter";
        return whole + " and " + part;
    }

    std::string money(std::uint64_t whole, unsigned minor, const Locale::Currency& currency, const Locale& locale) const override {
        std::string out;
        if (whole != 0 || minor == 0) out = cardinal(whole, locale) + " " + std::string(whole == 1 ? currency.one : currency.many);
        if (minor != 0) {
            if (!out.empty()) out += " and ";
            out += cardinal(minor, locale) + " " + std::string(minor == 1 ? currency.minor_one : currency.minor_many);
        }
        return out;
    }

    std::string_view digit(char c) const override { return kSmall[static_cast<std::size_t>(c - '0')]; }

    std::string magnitude(char sign, bool) const override {
        switch (sign) {
            case 'k':
            case 'K':
                return "thousand";
            case 'm':
            case 'M':
                return "million";
            case 'b':
            case 'B':
                return "billion";
            default:
                return "trillion";
        }
    }
};

}  // namespace

const Grammar& english() {
    static const English grammar;
    return grammar;
}

}  // namespace parley::spoken
