#include <array>

#include "grammar.hpp"

namespace parley::spoken {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 20> kSmall{"null", "eins", "zwei",  "drei",     "vier",     "fünf",     "sechs",    "sieben",   "acht",     "neun",
                                       "zehn", "elf",  "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
constexpr std::array<Words, 10> kTens{"", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"};

// `last`: nothing follows, so one is "eins".
std::string below_thousand(std::uint64_t n, bool last) {
    std::string out;
    if (n >= 100) out.append(n / 100 == 1 ? "ein" : kSmall[n / 100]).append("hundert");
    const std::uint64_t rest = n % 100;
    if (rest == 0 && n != 0) return out;
    if (rest == 1) return out + (last ? "eins" : "ein");
    if (rest < 20) return out.append(kSmall[rest]);
    if (rest % 10 != 0) out.append(rest % 10 == 1 ? "ein" : kSmall[rest % 10]).append("und");
    return out.append(kTens[rest / 10]);
}

class German final : public Grammar {
public:
    std::string cardinal(std::uint64_t n, const Locale&) const override {
        if (n < 1000) return below_thousand(n, true);
        std::string out;
        constexpr std::array<std::array<Words, 2>, 5> kGreat{
            {{"Million", "Millionen"}, {"Milliarde", "Milliarden"}, {"Billion", "Billionen"}, {"Billiarde", "Billiarden"}, {"Trillion", "Trillionen"}}};
        std::uint64_t unit = 1'000'000'000'000'000'000U;
        for (std::size_t i = kGreat.size(); i-- > 0; unit /= 1000) {
            const std::uint64_t group = n / unit;
            n %= unit;
            if (group == 0) continue;
            if (!out.empty()) out += " ";
            out += group == 1 ? "eine" : below_thousand(group, false);
            out.append(" ").append(kGreat[i][group == 1 ? 0 : 1]);
        }
        if (n == 0) return out;
        if (!out.empty()) out += " ";
        if (n >= 1000) out += below_thousand(n / 1000, false) + "tausend";
        if (n % 1000 != 0) out += below_thousand(n % 1000, true);
        return out;
    }

    // Weak ending, as behind an article: "der vierte".
    std::string ordinal(std::uint64_t n, const Locale& locale) const override {
        const std::uint64_t rest = n % 100;
        std::string out = n >= 100 && rest != 0 && rest < 20 ? cardinal(n - rest, locale) : std::string();
        if (rest == 1 && (n < 20 || n >= 100)) return out + "erste";
        if (rest == 3) return out + "dritte";
        if (rest == 7) return out + "siebte";
        if (rest == 8) return out + "achte";
        if (rest > 0 && rest < 20) return out.append(kSmall[rest]) + "te";
        return cardinal(n, locale) + "ste";
    }

    std::string year(unsigned year, const Locale& locale) const override {
        if (year < 1100 || year > 1999) return cardinal(year, locale);
        std::string out = below_thousand(year / 100, false) + "hundert";
        return year % 100 == 0 ? out : out + below_thousand(year % 100, true);
    }

    std::string decade(unsigned year, const Locale& locale) const override {
        if (year % 10 != 0 || year < 20) return {};
        return (year < 100 ? cardinal(year, locale) : this->year(year, locale)) + "er";
    }

    std::string date(const CalendarDay& day, const Locale& locale) const override {
        std::string out;
        if (day.day) out = ordinal(*day.day, locale) + "r ";
        out += locale.months[day.month - 1].name;
        if (day.year) out += " " + year(*day.year, locale);
        return out;
    }

    std::string time(const ClockTime& time, const Locale& locale) const override {
        std::string out = (time.hour == 1 ? std::string("ein") : cardinal(time.hour, locale)) + " Uhr";
        if (time.minute != 0 || time.second) out += " " + cardinal(time.minute, locale);
        if (time.second) out += " und " + cardinal(*time.second, locale) + (*time.second == 1 ? " Sekunde" : " Sekunden");
        return out;
    }

    std::string fraction(std::uint64_t above, std::uint64_t below, const Locale& locale) const override {
        if (below == 2) return above == 1 ? "ein halb" : cardinal(above, locale) + " Halbe";
        std::string under = ordinal(below, locale) + "l";
        if (!under.empty() && under[0] >= 'a' && under[0] <= 'z') under[0] = static_cast<char>(under[0] - 'a' + 'A');
        return (above == 1 ? std::string("ein") : cardinal(above, locale)) + " " + under;
    }

    std::string with_fraction(const std::string& whole, const std::string& part, const Locale&) const override {
        if (part == "ein halb") return (whole == "eins" ? "ein" : whole) + "einhalb";
        return whole + " " + part;
    }

    std::string money(std::uint64_t whole, unsigned minor, const Locale::Currency& currency, const Locale& locale) const override {
        if (whole == 0 && minor != 0)
            return (minor == 1 ? std::string("ein") : cardinal(minor, locale)) + " " + std::string(minor == 1 ? currency.minor_one : currency.minor_many);
        const bool feminine = currency.code == "GBP" ? false : currency.code == "TRY" || currency.code == "INR";
        std::string out =
            (whole == 1 ? std::string(feminine ? "eine" : "ein") : cardinal(whole, locale)) + " " + std::string(whole == 1 ? currency.one : currency.many);
        if (minor != 0) out += " " + cardinal(minor, locale);
        return out;
    }

    std::string_view digit(char c) const override { return kSmall[static_cast<std::size_t>(c - '0')]; }

    std::string magnitude(char sign, bool one) const override {
        switch (sign) {
            case 'k':
            case 'K':
                return "tausend";
            case 'm':
            case 'M':
                return one ? "Million" : "Millionen";
            case 'b':
            case 'B':
                return one ? "Milliarde" : "Milliarden";
            default:
                return one ? "Billion" : "Billionen";
        }
    }
};

}  // namespace

const Grammar& german() {
    static const German grammar;
    return grammar;
}

const Grammar& grammar_of(const Locale& locale) {
    return locale.grammar == Locale::Grammar::german ? german() : english();
}

std::string digits_spoken(std::string_view digits, const Locale& locale, std::string_view zero) {
    const Grammar& grammar = grammar_of(locale);
    std::string out;
    for (const char c : digits) {
        if (!out.empty()) out += ' ';
        out += c == '0' && !zero.empty() ? zero : grammar.digit(c);
    }
    return out;
}

}  // namespace parley::spoken
