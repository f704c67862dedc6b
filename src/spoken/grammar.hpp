#pragma once
// What a language does with numbers beyond its tables.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/spoken/locale.hpp"

namespace parley::spoken {

struct CalendarDay {
    std::optional<unsigned> year;
    unsigned month = 1;  // 1..12
    std::optional<unsigned> day;
};

struct ClockTime {
    unsigned hour = 0, minute = 0;
    std::optional<unsigned> second;
    std::string_view half;  // "a.m.", "p.m." or empty
};

class Grammar {
public:
    virtual ~Grammar() = default;
    [[nodiscard]] virtual std::string cardinal(std::uint64_t n, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string ordinal(std::uint64_t n, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string year(unsigned year, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string decade(unsigned year,
                                             const Locale& locale) const = 0;  // 1990 or 90; empty: no such word
    [[nodiscard]] virtual std::string date(const CalendarDay& day, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string time(const ClockTime& time, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string fraction(std::uint64_t above, std::uint64_t below, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string with_fraction(const std::string& whole, const std::string& part, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string money(std::uint64_t whole, unsigned minor, const Locale::Currency& currency, const Locale& locale) const = 0;
    [[nodiscard]] virtual std::string_view digit(char c) const = 0;
    [[nodiscard]] virtual std::string magnitude(char sign,
                                                bool one) const = 0;  // k, M, B; empty if the language has none
};

[[nodiscard]] const Grammar& grammar_of(const Locale& locale);
[[nodiscard]] const Grammar& english();
[[nodiscard]] const Grammar& german();

// "one two three"; `zero` for the zeros if given.
[[nodiscard]] std::string digits_spoken(std::string_view digits, const Locale& locale, std::string_view zero = {});

}  // namespace parley::spoken
