#pragma once
// One line without markup, read into words from left to right. Each try_… looks at the place it stands on and either
// says what it found and moves behind it, or leaves everything as it was.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "grammar.hpp"
#include "utf8.hpp"

namespace parley::spoken {

class Reader {
public:
    Reader(std::string_view text, const Locale& locale, bool name_emoji)
        : text_(text), locale_(locale), grammar_(grammar_of(locale)), name_emoji_(name_emoji) {}

    [[nodiscard]] std::string read();

private:
    struct Number {
        std::size_t end = 0;
        std::string whole, part;  // digits; `part` behind the decimal mark
        bool grouped = false;
        [[nodiscard]] bool plain() const { return !grouped && part.empty(); }
    };
    using Money = Locale::Currency;

    // --- reader.cpp
    void step();
    bool try_abbreviation();
    bool try_word();
    bool try_mixed(std::size_t end);
    void say(std::string_view words);
    void copy(std::string_view bytes);
    void pause();  // a comma, if something stands before it
    void remember(std::string_view word);
    [[nodiscard]] bool heard(std::span<const std::string_view> words, std::size_t back) const;
    // --- reader_symbols.cpp
    void symbol(Char c);
    void dash(Char c);
    // --- reader_address.cpp
    bool try_address();
    void say_address(std::string_view address);
    // --- reader_dates.cpp
    bool try_date();
    bool try_month_first();
    bool try_day_month(std::size_t number_end, unsigned day);
    bool try_time();
    [[nodiscard]] std::optional<unsigned> month_at(std::size_t at, std::size_t& end) const;
    [[nodiscard]] std::string_view half_at(std::size_t at, std::size_t& end) const;  // "a.m." or "p.m."
    [[nodiscard]] std::optional<ClockTime> time_at(std::size_t at, std::size_t& end) const;
    [[nodiscard]] std::string in_case(std::string words, unsigned day) const;
    [[nodiscard]] bool say_date(unsigned year, unsigned month, unsigned day);
    // --- reader_numbers.cpp
    bool try_number();
    bool try_groups();
    bool try_slash();
    void number(const Number& first);
    void plain_number(const Number& n);
    [[nodiscard]] Number number_at(std::size_t at, bool comma_decimals) const;
    [[nodiscard]] std::string spoken(const Number& n) const;
    [[nodiscard]] std::string spoken_whole(std::string_view digits) const;
    // --- reader_suffix.cpp
    bool try_suffix(const Number& n, std::size_t from);
    bool try_unit(const Number& n, std::size_t from);
    void per(std::size_t from);
    // --- reader_money.cpp
    bool try_phone();
    bool try_money();  // a sign or code in front
    bool money(const Number& n, const Money& currency, std::size_t end);
    [[nodiscard]] const Money* currency_at(std::size_t at, std::size_t& end) const;
    [[nodiscard]] std::string_view great_word(std::size_t at, std::size_t& end) const;

    [[nodiscard]] char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
    [[nodiscard]] bool digit(std::size_t i) const { return is_digit(static_cast<unsigned char>(at(i))); }
    [[nodiscard]] std::size_t digits_from(std::size_t i) const;  // how many
    [[nodiscard]] bool letter(std::size_t i) const { return is_letter(char_at(text_, i).value); }
    // No letter and no digit goes on at `i`.
    [[nodiscard]] bool ends(std::size_t i) const { return !digit(i) && !letter(i); }
    [[nodiscard]] std::string_view part(std::size_t from, std::size_t end) const { return text_.substr(from, end - from); }
    void go(std::size_t where) { at_ = where; }

    std::string_view text_;
    const Locale& locale_;
    const Grammar& grammar_;
    bool name_emoji_;
    std::size_t at_ = 0;
    std::string out_;
    bool apart_ = false;                // what comes next is another word
    std::array<std::string, 3> words_;  // the last ones, newest first, in small letters
};

[[nodiscard]] std::string small_letters(std::string_view text);  // ASCII
[[nodiscard]] std::optional<std::uint64_t> value_of(std::string_view digits);

}  // namespace parley::spoken
