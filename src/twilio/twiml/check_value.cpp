// One value against its kind, range, enumeration or alphabet.

#include <algorithm>
#include <charconv>
#include <vector>

#include "../url_parts.hpp"
#include "../utf8.hpp"
#include "node.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::twilio::twiml {
namespace {

constexpr std::size_t kMaxUrl = 4000;
constexpr std::size_t kMaxHints = 500;
constexpr std::size_t kMaxHint = 100;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

// Enumerations with blanks in their words are written with '|' between them.
bool is_one_of(std::string_view values, std::string_view value) {
    for (const std::string_view word : split(values, values.find('|') == std::string_view::npos ? ' ' : '|')) {
        if (word.ends_with('*') ? value.starts_with(word.substr(0, word.size() - 1)) : value == word) return !value.empty();
    }
    return false;
}

bool is_integer(std::string_view value, std::int64_t min, std::int64_t max) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc() && end == value.data() + value.size() && number >= min && number <= max;
}

// min and max in thousandths.
bool is_decimal(std::string_view value, std::int64_t min, std::int64_t max) {
    const std::size_t point = std::min(value.find('.'), value.size());
    const std::string_view whole = value.substr(0, point);
    std::string fraction(point < value.size() ? value.substr(point + 1) : std::string_view());
    if (whole.empty() || whole.size() > 9 || fraction.size() > 3 || (point < value.size() && fraction.empty())) return false;
    if (!std::all_of(whole.begin(), whole.end(), is_digit) || !std::all_of(fraction.begin(), fraction.end(), is_digit)) return false;
    fraction.resize(3, '0');
    const std::int64_t number = std::stoll(std::string(whole)) * 1000 + std::stoll(fraction);
    return number >= min && number <= max;
}

bool is_url(std::string_view value, bool absolute) {
    if (value.empty() || value.size() > kMaxUrl || !is_printable(value)) return false;
    if (value.find_first_of("\"<>\\^`{|}") != std::string_view::npos) return false;
    const auto parts = split_url(value);
    if (parts) return parts->scheme == "https" || parts->scheme == "http";
    // Relative: no scheme may hide in front of the first '/', '?' or '#'.
    const std::string_view head = value.substr(0, value.find_first_of("/?#"));
    return !absolute && !value.starts_with("//") && head.find(':') == std::string_view::npos;
}

bool is_wss(std::string_view value, bool query) {
    if (value.size() > kMaxUrl || !is_printable(value) || value.find_first_of("\"<>\\^`{|}#") != std::string_view::npos) return false;
    const auto parts = split_url(value);
    return parts && parts->scheme == "wss" && (query || parts->query.empty());
}

bool is_language(std::string_view value) {
    const auto parts = split(value, '-');
    if (parts.size() > 4 || parts[0].size() < 2 || parts[0].size() > 3) return false;
    return std::all_of(parts.begin(), parts.end(),
                       [](std::string_view part) { return !part.empty() && part.size() <= 8 && std::all_of(part.begin(), part.end(), is_alnum); });
}

bool is_phone(std::string_view value, std::string_view prefix) {
    if (value.starts_with(prefix)) value.remove_prefix(prefix.size());
    if (value.starts_with('+')) value.remove_prefix(1);
    return value.size() >= 2 && value.size() <= 15 && std::all_of(value.begin(), value.end(), is_digit);
}

bool is_sip_uri(std::string_view value) {
    const std::size_t colon = value.find(':');
    const std::string_view scheme = value.substr(0, std::min(colon, value.size()));
    if ((scheme != "sip" && scheme != "sips") || value.size() > kMaxUrl || !is_printable(value)) return false;
    const std::string_view rest = value.substr(colon + 1);
    const std::size_t at = rest.find('@');
    const std::string_view headers = rest.substr(std::min(rest.find('?'), rest.size()));
    return at != std::string_view::npos && at > 0 && at + 1 < rest.size() && headers.size() <= 1024;  // '?' and below 1024
}

bool is_break_time(std::string_view value) {
    if (value.ends_with("ms")) return is_integer(value.substr(0, value.size() - 2), 0, 10'000);
    return value.ends_with('s') && is_decimal(value.substr(0, value.size() - 1), 0, 10'000);
}

bool is_hints(std::string_view value) {
    const auto phrases = split(value, ',');
    return phrases.size() <= kMaxHints && std::all_of(phrases.begin(), phrases.end(), [](std::string_view p) { return utf16_length(p) <= kMaxHint; });
}

bool are_words(std::string_view values, std::string_view value) {
    auto words = split(value, ' ');
    const bool known = std::all_of(words.begin(), words.end(), [&](std::string_view word) { return is_one_of(values, word); });
    std::sort(words.begin(), words.end());
    return known && std::adjacent_find(words.begin(), words.end()) == words.end();
}

bool are_integers(std::string_view value, std::int64_t min, std::int64_t max) {
    const auto words = split(value, ' ');
    return std::all_of(words.begin(), words.end(), [&](std::string_view word) { return is_integer(word, min, max); });
}

bool is_chars(const ValueSpec& spec, std::string_view value) {
    const auto size = static_cast<std::int64_t>(value.size());
    return size >= spec.min && size <= spec.max && value.find_first_not_of(spec.values) == std::string_view::npos;
}

bool good(const ValueSpec& spec, const std::string& value) {
    switch (spec.kind) {
        case Kind::none:
            return false;
        case Kind::text:
            return spec.max == 0 || static_cast<std::int64_t>(utf16_length(value)) <= spec.max;
        case Kind::printable:
            return !value.empty() && static_cast<std::int64_t>(utf16_length(value)) <= spec.max && is_printable(value);
        case Kind::flag:
            return value == "true" || value == "false";
        case Kind::integer:
            return is_integer(value, spec.min, spec.max);
        case Kind::integer_or:
            return is_one_of(spec.values, value) || is_integer(value, spec.min, spec.max);
        case Kind::integers:
            return are_integers(value, spec.min, spec.max);
        case Kind::decimal:
            return is_decimal(value, spec.min, spec.max);
        case Kind::one_of:
            return is_one_of(spec.values, value);
        case Kind::words:
            return are_words(spec.values, value);
        case Kind::url:
            return (value.empty() && spec.values == "empty") || is_url(value, false);
        case Kind::absolute_url:
            return is_url(value, true);
        case Kind::wss:
            return is_wss(value, false);
        case Kind::wss_query:
            return is_wss(value, true);
        case Kind::chars:
            return is_chars(spec, value);
        case Kind::sid:
            return is_sid(value, spec.values);
        case Kind::language:
            return is_one_of(spec.values, value) || is_language(value);
        case Kind::hints:
            return is_hints(value);
        case Kind::sip_uri:
            return is_sip_uri(value);
        case Kind::phone:
            return is_phone(value, spec.values);
        case Kind::break_time:
            return is_break_time(value);
    }
    return false;
}

std::string thousandths(std::int64_t value) {
    std::string text = std::to_string(value / 1000);
    if (value % 1000 != 0) text += "." + std::to_string(value % 1000 / 100);
    return text;
}

std::string range(const ValueSpec& spec) {
    return std::to_string(spec.min) + " to " + std::to_string(spec.max);
}

std::string expectation(const ValueSpec& spec) {
    switch (spec.kind) {
        case Kind::none:
            return "nothing";
        case Kind::text:
            return "at most " + std::to_string(spec.max) + " characters";
        case Kind::printable:
            return "1 to " + std::to_string(spec.max) + " characters without blanks";
        case Kind::flag:
            return "true or false";
        case Kind::integer:
            return range(spec);
        case Kind::integer_or:
            return range(spec) + " or " + std::string(spec.values);
        case Kind::integers:
            return "numbers, each " + range(spec);
        case Kind::decimal:
            return thousandths(spec.min) + " to " + thousandths(spec.max);
        case Kind::one_of:
            return "one of " + std::string(spec.values);
        case Kind::words:
            return "a space-separated list of " + std::string(spec.values);
        case Kind::url:
            return "an http or https URL, or a relative one";
        case Kind::absolute_url:
            return "an absolute http or https URL";
        case Kind::wss:
            return "a wss URL without query";
        case Kind::wss_query:
            return "a wss URL";
        case Kind::chars:
            return range(spec) + " characters of " + std::string(spec.values);
        case Kind::sid:
            return std::string(spec.values) + " sid";
        case Kind::language:
            return "a language tag";
        case Kind::hints:
            return "at most 500 phrases of at most 100 characters";
        case Kind::sip_uri:
            return "a SIP URI with less than 1024 characters of headers";
        case Kind::phone:
            return "a telephone number";
        case Kind::break_time:
            return "a time such as 500ms or 2s, at most 10s";
    }
    return {};
}

}  // namespace

std::optional<Problem> check_value(const ValueSpec& spec, const std::string& value, const std::string& where) {
    if (xml_text(value) == value && good(spec, value)) return std::nullopt;
    std::string detail = where + ": " + expectation(spec);
    const bool short_number = value.size() <= 12 && !value.empty() && value.find_first_not_of("0123456789.-") == std::string::npos;
    if (short_number && (spec.kind == Kind::integer || spec.kind == Kind::integer_or || spec.kind == Kind::decimal)) {
        detail += ", not " + value;
    }
    return Problem{errc::twiml_attribute, std::move(detail)};
}

}  // namespace parley::twilio::twiml
