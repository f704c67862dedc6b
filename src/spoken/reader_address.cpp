// Addresses of the web and of mail.

#include <algorithm>

#include "reader.hpp"

namespace parley::spoken {
namespace {

constexpr std::size_t kMaxAddress = 2048;
constexpr std::size_t kMaxSegments = 4;  // of a path; nobody remembers more

constexpr auto kTops = std::to_array<std::string_view>({"com",  "org", "net", "edu", "gov", "io",   "ai",   "co",     "uk",   "de",    "eu",    "dev", "app",
                                                        "info", "biz", "us",  "ca",  "fr",  "ch",   "at",   "nl",     "be",   "es",    "it",    "ie",  "in",
                                                        "jp",   "au",  "nz",  "me",  "tv",  "tech", "shop", "online", "site", "cloud", "health"});

bool label(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// A host name with at least two labels, the last of letters only.
std::size_t host_length(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && (label(text[end]) || (text[end] == '.' && end > 0 && text[end - 1] != '.'))) ++end;
    while (end > 0 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
    const std::string_view host = text.substr(0, end);
    const std::size_t dot = host.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return 0;
    const std::string_view top = host.substr(dot + 1);
    if (top.size() < 2 || !std::ranges::all_of(top, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); })) return 0;
    return end;
}

bool known_top(std::string_view host) {
    const std::string_view top = host.substr(host.rfind('.') + 1);
    return std::ranges::find(kTops, top) != kTops.end();
}

bool mail_character(char c) {
    return label(c) || c == '.' || c == '_' || c == '+' || c == '%' || c == '\'';
}

}  // namespace

bool Reader::try_address() {
    const char32_t before = char_before(text_, at_).value;
    if (before == '@' || before == '.' || before == '/' || before == '_' || before == '-') return false;
    const char first = at(at_);
    if (!label(first) && first != '_') return false;
    std::size_t end = at_;
    while (end < text_.size() && end - at_ < kMaxAddress) {
        const Char c = char_at(text_, end);
        if (is_space(c.value) || c.value == '<' || c.value == '>' || c.value == '"' || c.value == '|' || c.value == '`' || c.value == 0xa0 ||
            c.value == 0x201d || c.value == 0x2014)
            break;
        end += c.size;
    }
    std::string_view token = part(at_, end);
    const auto trim = [](std::string_view text) {
        while (!text.empty() && std::string_view(".,;:!?)]}'*_").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
        return text;
    };
    token = trim(token);
    if (token.size() < 4) return false;
    const std::string low = small_letters(token.substr(0, 10));
    std::size_t skip = 0;
    for (const std::string_view scheme : {"https://", "http://", "ftp://", "wss://", "ws://", "mailto:", "tel:"})
        if (low.starts_with(scheme)) skip = scheme.size();
    if (low.starts_with("tel:")) {
        go(at_ + skip);
        return true;
    }
    std::string_view rest = token.substr(skip);
    // john.doe@example.com
    std::size_t sign = 0;
    while (sign < rest.size() && mail_character(rest[sign])) ++sign;
    if (sign > 0 && sign < rest.size() && rest[sign] == '@') {
        const std::size_t length = host_length(rest.substr(sign + 1));
        if (length != 0) {
            say_address(rest.substr(0, sign));
            say(locale_.words.at);
            say_address(rest.substr(sign + 1, length));
            remember("@");
            go(at_ + skip + sign + 1 + length);
            return true;
        }
    }
    if (skip == 0 && !low.starts_with("www.")) {
        const std::size_t length = host_length(rest);
        if (length == 0 || !known_top(rest.substr(0, length))) return false;
        const char behind = length < rest.size() ? rest[length] : '/';
        if (behind != '/' && behind != '?' && behind != '#' && behind != ':') {
            token = rest = rest.substr(0, length);
        }
        if (!is_letter(static_cast<unsigned char>(first)) && !digit(at_)) return false;
    }
    go(at_ + token.size());
    if (small_letters(rest.substr(0, 4)) == "www.") rest.remove_prefix(4);
    rest = rest.substr(0, rest.find_first_of("?#"));
    while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    std::size_t segments = 0;
    for (std::size_t i = 0; i < rest.size(); ++i)
        if (rest[i] == '/' && ++segments > kMaxSegments) rest = rest.substr(0, i);
    say_address(rest);
    remember("/");
    return true;
}

void Reader::say_address(std::string_view address) {
    for (std::size_t i = 0; i < address.size();) {
        const char c = address[i];
        const Char whole = char_at(address, i);
        if (is_digit(static_cast<unsigned char>(c))) {
            std::size_t end = i;
            while (end < address.size() && is_digit(static_cast<unsigned char>(address[end]))) ++end;
            const std::string_view digits = address.substr(i, end - i);
            const bool short_one = digits.size() <= 2 && digits[0] != '0';
            say(short_one ? grammar_.cardinal(*value_of(digits), locale_) : digits_spoken(digits, locale_));
            i = end;
        } else if (is_letter(whole.value)) {
            std::size_t end = i;
            while (end < address.size() && is_letter(char_at(address, end).value)) end += char_at(address, end).size;
            say(address.substr(i, end - i));
            i = end;
        } else {
            if (c == '.') say(locale_.words.dot);
            if (c == '/') say(locale_.words.slash);
            if (c == '-') say(locale_.words.dash);
            if (c == '_') say(locale_.words.underscore);
            if (c == '+') say(locale_.words.plus);
            if (c == '@') say(locale_.words.at);
            i += c == '%' ? 3 : whole.size;
        }
    }
}

}  // namespace parley::spoken
