#include "boundary.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "utf8.hpp"

namespace parley::spoken {
namespace {

using Kind = Boundary::Kind;
using Words = std::string_view;

constexpr std::size_t kMaxRun = 16;  // marks, closing characters and spaces looked over at one boundary

// Never the end of a sentence: something they name follows.
constexpr auto kBound =
    std::to_array<Words>({"dr",  "mr",  "mrs", "ms",   "mx",  "messrs", "prof", "mt",  "ft",  "gen", "sen",  "rep", "rev",  "hon", "capt", "cpt", "lt",
                          "col", "sgt", "maj", "cmdr", "gov", "pres",   "supt", "cf",  "vs",  "viz", "ca",   "al",  "nr",   "bzw", "evtl", "ggf", "inkl",
                          "sog", "hr",  "fr",  "e.g",  "i.e", "z.b",    "d.h",  "u.a", "p.s", "mme", "mlle", "sta", "dipl", "ing", "str"});
// Bound to a number behind them, words otherwise.
constexpr auto kBeforeNumber =
    std::to_array<Words>({"no", "nos", "fig", "figs", "eq", "p", "pp", "vol", "ch", "sec", "art", "ext", "tel", "par", "abs", "apt", "rm", "approx", "est"});
// May end a sentence or not: the word behind decides.
constexpr auto kEither = std::to_array<Words>({"st",   "ave", "blvd", "rd",   "ln",   "hwy", "jr",  "sr",  "inc",    "ltd", "co",  "corp", "llc", "plc",
                                               "bros", "etc", "dept", "assn", "univ", "esq", "est", "usw", "approx", "min", "max", "ext",  "apt", "gmbh"});
// The same where they are written with a capital.
constexpr auto kDated = std::to_array<Words>(
    {"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "tues", "wed", "thu", "thurs", "fri", "sat", "sun"});
// Words that begin sentences far more often than names.
constexpr auto kStarters = std::to_array<Words>(
    {"the",  "a",     "an",   "we",   "i",    "it",    "you",  "he",      "she",   "they",  "this",   "that",  "these",  "those", "there",   "here",   "what",
     "when", "where", "who",  "why",  "how",  "which", "if",   "please",  "do",    "does",  "did",    "would", "will",   "could", "can",     "should", "shall",
     "may",  "is",    "are",  "was",  "were", "has",   "have", "had",     "your",  "our",   "my",     "his",   "her",    "its",   "their",   "so",     "and",
     "but",  "or",    "then", "also", "just", "let",   "for",  "in",      "on",    "at",    "to",     "from",  "with",   "as",    "after",   "before", "now",
     "once", "yes",   "no",   "not",  "all",  "any",   "some", "however", "would", "thank", "thanks", "sorry", "next",   "first", "finally", "sie",    "wir",
     "ich",  "er",    "es",   "der",  "die",  "das",   "ein",  "eine",    "und",   "wenn",  "bitte",  "dann",  "danach", "kann"});
constexpr auto kMonths = std::to_array<Words>({"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
                                               "december", "januar", "februar", "mai", "juni", "juli", "oktober", "dezember"});
constexpr auto kCurrencies = std::to_array<Words>({"eur", "usd", "gbp", "chf", "jpy", "cad", "aud", "rs"});

template <class List>
bool has(const List& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
}

bool closes(char32_t c) {
    switch (c) {
        case ')':
        case ']':
        case '}':
        case '"':
        case '\'':
        case '*':
        case '_':
        case '`':
        case '~':
        case 0x201d:  // ”
        case 0x2019:  // ’
        case 0x201c:  // “ closes in German
        case 0xbb:    // »
        case 0x300d:  // 」
            return true;
        default:
            return false;
    }
}

bool opens(char32_t c) {
    return c == '(' || c == '[' || c == '{' || c == '"' || c == '\'' || c == '*' || c == '_' || c == 0x201c || c == 0x2018 || c == 0x201e || c == 0xab ||
           c == 0xbf || c == 0xa1;
}

bool is_wide_stop(char32_t c) {
    return c == 0x3002 || c == 0xff01 || c == 0xff1f;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::size_t token_begin(std::string_view text, std::size_t end) {
    std::size_t from = end;
    while (from > 0) {
        const Char before = char_before(text, from);
        if (is_space(before.value) || before.value == 0x2014 || before.value == 0xa0) break;
        from -= before.size;
    }
    while (from < end) {
        const Char first = char_at(text, from);
        if (!opens(first.value)) break;
        from += first.size;
    }
    return from;
}

bool digits_only(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// "U.S", "a.m", "Ph.D": short runs of letters between dots.
bool dotted(std::string_view word) {
    std::size_t run = 0, dots = 0;
    for (const char c : word) {
        if (c == '.') {
            if (run == 0) return false;
            run = 0;
            ++dots;
        } else if (!is_letter(static_cast<unsigned char>(c)) || ++run > 2) {
            return false;
        }
    }
    return dots > 0 && run > 0;
}

bool one_letter(std::string_view word) {
    if (word.empty()) return false;
    const Char first = char_at(word, 0);
    return first.size == word.size() && is_letter(first.value);
}

// The word that begins at `at`, in small letters; complete only if what follows it is known.
struct NextWord {
    bool complete = false;
    std::string text;
};
NextWord word_at(std::string_view text, std::size_t at, bool final) {
    NextWord word;
    std::size_t i = at;
    while (i - at < 32) {
        const Char c = char_at(text, i, final);
        if (!c.known()) return word;
        if (!is_letter(c.value)) break;
        i += c.size;
    }
    word.complete = true;
    word.text = lower(text.substr(at, i - at));
    return word;
}

// A full stop between the word that ends at `dot` and the one that begins at `next`.
Kind single_dot(std::string_view text, std::size_t dot, std::size_t next, char32_t first, bool final, bool ordinal_dots) {
    const std::size_t from = token_begin(text, dot);
    const std::string_view raw = text.substr(from, dot - from);
    const std::string word = lower(raw);
    if (word.empty()) return Kind::none;
    const Kind by_case = is_lower(first) ? Kind::clause : Kind::sentence;

    if (digits_only(word)) {
        const bool marker = word.size() <= 3 && std::ranges::all_of(text.substr(0, from), [](char c) { return opens(static_cast<unsigned char>(c)); });
        if (marker || is_lower(first)) return Kind::none;
        if (!is_letter(first) || word.size() > 2) return by_case;
        if (ordinal_dots) return Kind::none;
        const NextWord follows = word_at(text, next, final);
        if (!follows.complete) return Kind::wait;
        return has(kMonths, follows.text) ? Kind::none : Kind::sentence;
    }
    if (has(kBound, word)) return Kind::none;
    if (has(kBeforeNumber, word) && is_digit(first)) return Kind::none;
    const bool dated = has(kDated, word) && !raw.empty() && is_ascii_upper(static_cast<unsigned char>(raw.front()));
    if (has(kEither, word) || dated || dotted(word) || one_letter(word)) {
        if (is_lower(first) || is_digit(first)) return Kind::none;
        if (!is_letter(first)) return Kind::sentence;
        const NextWord follows = word_at(text, next, final);
        if (!follows.complete) return Kind::wait;
        // "J. A. Smith": a letter that is an initial itself begins nothing.
        const Char behind = char_at(text, next + follows.text.size(), final);
        if (!behind.known()) return Kind::wait;
        if (behind.value == '.' && follows.text.size() == 1) return Kind::none;
        return has(kStarters, follows.text) ? Kind::sentence : Kind::none;
    }
    return by_case;
}

// Behind closing characters; `at` unchanged if there are none.
std::size_t behind_closers(std::string_view text, std::size_t at, bool final, bool& known) {
    for (std::size_t count = 0; count < kMaxRun; ++count) {
        const Char c = char_at(text, at, final);
        if (!c.known()) {
            known = false;
            return at;
        }
        if (!closes(c.value)) break;
        at += c.size;
    }
    return at;
}

struct Gap {
    bool known = true, space = false, line = false;
    std::size_t next = 0;
    char32_t first = Char::kEnd;
};
Gap gap_at(std::string_view text, std::size_t at, bool final) {
    Gap gap;
    gap.next = at;
    for (std::size_t count = 0; count <= kMaxRun; ++count) {
        const Char c = char_at(text, gap.next, final);
        gap.first = c.value;
        if (!c.known()) {
            gap.known = false;
            return gap;
        }
        if (is_line_end(c.value)) gap.line = true;
        if (!is_space(c.value) || gap.line) return gap;
        gap.space = true;
        gap.next += c.size;
    }
    gap.first = Char::kEnd;  // so wide a gap ends anything
    return gap;
}

}  // namespace

bool is_full_stop(char32_t c) {
    return c == '.' || c == '!' || c == '?' || c == 0x2026 || is_wide_stop(c);
}

bool is_pause_mark(char32_t c) {
    return c == ',' || c == ';' || c == ':' || c == '-' || c == 0x2013 || c == 0x2014;
}

Boundary full_stop(std::string_view text, std::size_t at, bool final, bool ordinal_dots) {
    std::size_t end = at;
    std::size_t count = 0;
    bool only_dots = true, wide = false;
    for (; count < kMaxRun; ++count) {
        const Char c = char_at(text, end, final);
        if (!c.known()) return {Kind::wait, at};
        if (!is_full_stop(c.value)) break;
        only_dots = only_dots && (c.value == '.' || c.value == 0x2026);
        wide = is_wide_stop(c.value);
        end += c.size;
    }
    const bool single = count == 1 && text[at] == '.';
    bool known = true;
    const std::size_t marks_end = end;
    end = behind_closers(text, end, final, known);
    if (!known) return {Kind::wait, at};
    if (wide) return {Kind::sentence, end};
    const Gap gap = gap_at(text, end, final);
    if (!gap.space && !gap.line && gap.known && gap.first != Char::kEnd) return {Kind::none, marks_end};
    if (!gap.known) return {Kind::wait, at};
    if (gap.line) return {Kind::none, end};  // the line's own end follows
    if (gap.first == Char::kEnd) return {Kind::sentence, end};
    // What closes behind a single dot belongs to the sentence, "(e.g.) so" apart.
    Kind kind = is_lower(gap.first) ? Kind::clause : Kind::sentence;
    if (single) kind = single_dot(text, at, gap.next, gap.first, final, ordinal_dots);
    if (kind == Kind::wait) return {Kind::wait, at};
    return {kind, end};
}

Boundary pause_mark(std::string_view text, std::size_t at, bool final) {
    const Char mark = char_at(text, at);
    const Char before = char_before(text, at);
    std::size_t end = at + mark.size;
    bool known = true;
    end = behind_closers(text, end, final, known);
    if (!known) return {Kind::wait, at};
    const Gap gap = gap_at(text, end, final);
    if (!gap.known) return {Kind::wait, at};
    const Boundary none{Kind::none, at + mark.size};
    if (gap.line || gap.first == Char::kEnd) return none;
    if (mark.value == 0x2014) {  // an em dash needs no space
        if (!gap.space && !is_letter(gap.first)) return none;
    } else if (!gap.space) {
        return none;
    }
    char32_t left = before.value;
    if (mark.value == '-' || mark.value == 0x2013) {
        if (!is_space(left)) return none;  // a hyphen, or a range
        std::size_t back = at;
        while (back > 0 && is_space(char_before(text, back).value)) back -= char_before(text, back).size;
        left = char_before(text, back).value;
        if (left == Char::kEnd) return none;  // "- item"
    }
    if (is_digit(left) && (is_digit(gap.first) || gap.first == '+' || gap.first == '-')) return none;
    if (left == '.') {
        const std::string word = lower(text.substr(token_begin(text, at - 1), at - 1 - token_begin(text, at - 1)));
        if (has(kBound, word)) return none;
    }
    return {Kind::clause, end};
}

bool binds(std::string_view text, std::size_t at) {
    const std::size_t from = token_begin(text, at);
    const std::string_view word = text.substr(from, at - from);
    if (word.empty()) return true;
    std::size_t next = at;
    while (is_space(char_at(text, next).value)) next += char_at(text, next).size;
    const char32_t first = char_at(text, next).value;
    const char32_t last = char_before(text, at).value;
    if (last == '.') {
        const std::string bare = lower(word.substr(0, word.size() - 1));
        if (has(kBound, bare) || has(kBeforeNumber, bare) || one_letter(bare) || bare == "st") return true;
        if (digits_only(bare)) return true;
    }
    if (has(kCurrencies, lower(word)) || last == '$' || last == 0x20ac || last == 0xa3) return true;
    if (is_digit(last)) return true;  // its unit, or the number goes on
    if (last == ')' && is_digit(first)) return true;
    return false;
}

}  // namespace parley::spoken
