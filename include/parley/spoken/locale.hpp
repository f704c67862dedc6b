#pragma once
// How a language says what is written with digits and signs: tables. What no table can say (how numbers are built, how
// a date is worded) is the grammar's, in code.

#include <cstdint>
#include <span>
#include <string_view>

namespace parley::spoken {

struct Locale {
    enum class Grammar : std::uint8_t { english, german };

    struct Form {
        std::string_view written, spoken;
    };
    struct Unit {
        std::string_view written;  // as it stands behind a number, case matters
        std::string_view one, many;
        bool after_space = true;  // false: only directly behind the digits, it is a word otherwise
    };
    struct Currency {
        std::string_view sign, code;  // sign may be empty
        std::string_view one, many, minor_one, minor_many;
        unsigned minor_digits = 2;  // 0: none, as of the yen
    };
    struct Month {
        std::string_view name, brief;
    };
    struct Words {
        std::string_view point, minus, plus, to, at, dot, slash, dash, underscore, percent, number, version, per, degrees;
        std::string_view extension, times, equals, code_left_out, hash, by, and_, image;
    };

    std::string_view tag;  // BCP 47
    Grammar grammar;
    bool month_first;   // 7/4 is the fourth of July
    bool hundred_and;   // "one hundred and five"
    char decimal_mark;  // the other of '.' and ',' groups thousands
    std::string_view phone_zero;
    Words words;
    std::span<const Form> symbols;  // between or before words: & = ~ …
    std::span<const Unit> units;    // longest first where one begins another
    std::span<const Currency> currencies;
    std::span<const Month> months;                 // twelve
    std::span<const Form> abbreviations;           // with their dots
    std::span<const std::string_view> id_words;    // three digits and more behind these are read one by one
    std::span<const std::string_view> year_words;  // four digits behind these are a year
    std::span<const Form> emoji;
};

// The nearest there is: the tag, its language, or en-US. There are en-US, en-GB and de-DE. Lives as long as the
// process.
[[nodiscard]] const Locale& locale_for(std::string_view tag);

}  // namespace parley::spoken
