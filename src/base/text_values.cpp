#include "parley/base/text_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace parley::text {
namespace {

template <class T>
Parsed<T> fail(std::string why) {
    return {{}, std::move(why)};
}

bool printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}

// The number a text begins with, and what follows it.
std::optional<std::pair<double, std::string_view>> leading_number(std::string_view text) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (ec != std::errc{} || !std::isfinite(value)) return std::nullopt;
    return std::pair{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

struct Unit {
    std::string_view name;
    double factor;
};
constexpr std::array<Unit, 6> kTimes{{{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}}};
constexpr std::array<Unit, 8> kSizes{
    {{"", 1}, {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024.0}}};

constexpr auto kDurationHelp = "expected a duration such as 200us, 600ms, 5s, 10m or 1h";
constexpr auto kSizeHelp = "expected a size such as 4096, 64KiB, 8MiB or 1GiB";
constexpr auto kAddressHelp = "expected host:port, for example 127.0.0.1:8080 or [::1]:8080";

std::string lower(std::string_view text) {
    std::string result;
    for (const char c : text) result += c == '-' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return result;
}

// Edit distance with neighbouring characters swapped counting as one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

Parsed<std::uint16_t> parse_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc{} || end != text.data() + text.size() || text.empty() || port > 65535) {
        return fail<std::uint16_t>("the port must be a number from 0 to 65535");
    }
    return {static_cast<std::uint16_t>(port), {}};
}

}  // namespace

Parsed<bool> parse_bool(std::string_view text) {
    if (text == "true") return {true, {}};
    if (text == "false") return {false, {}};
    return fail<bool>("expected true or false");
}

Parsed<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return fail<std::int64_t>("expected a whole number");
    return {value, {}};
}

Parsed<double> parse_number(std::string_view text) {
    const auto number = leading_number(text);
    if (!number || !number->second.empty()) return fail<double>("expected a number");
    return {number->first, {}};
}

Parsed<std::chrono::microseconds> parse_duration(std::string_view text) {
    using Result = std::chrono::microseconds;
    const auto number = leading_number(text);
    if (!number || number->first < 0) return fail<Result>(kDurationHelp);
    if (number->first == 0 && number->second.empty()) return {Result(0), {}};
    for (const auto& unit : kTimes) {
        if (number->second != unit.name) continue;
        const double us = number->first * unit.factor;
        if (us > 1e15) return fail<Result>("the duration is too long");
        return {Result(std::llround(us)), {}};
    }
    return fail<Result>(kDurationHelp);
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
    const auto number = leading_number(text);
    if (!number || number->first < 0) return fail<std::uint64_t>(kSizeHelp);
    for (const auto& unit : kSizes) {
        if (number->second != unit.name) continue;
        const double bytes = number->first * unit.factor;
        if (bytes > 1e15) return fail<std::uint64_t>("the size is too large");
        return {static_cast<std::uint64_t>(std::llround(bytes)), {}};
    }
    return fail<std::uint64_t>(kSizeHelp);
}

Parsed<Address> parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !printable(text)) return fail<Address>(kAddressHelp);
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return fail<Address>(kAddressHelp);
    if (host.find_first_of("/@?#") != std::string_view::npos) return fail<Address>(kAddressHelp);
    auto port = parse_port(text.substr(colon + 1));
    if (!port) return fail<Address>(std::move(port.error));
    return {Address{std::string(host), port.value}, {}};
}

bool is_loopback(std::string_view host) {
    if (host == "::1" || lower(host) == "localhost") return true;
    if (!host.starts_with("127.")) return false;
    return std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

Parsed<Url> parse_url(std::string_view text, std::span<const std::string_view> schemes) {
    std::string expected = "expected an absolute URL beginning with ";
    for (std::size_t i = 0; i < schemes.size(); ++i) expected += (i ? " or " : "") + std::string(schemes[i]) + "://";
    const auto separator = text.find("://");
    if (separator == std::string_view::npos || !printable(text)) return fail<Url>(std::move(expected));
    Url url;
    url.scheme = lower(text.substr(0, separator));
    if (std::find(schemes.begin(), schemes.end(), url.scheme) == schemes.end()) return fail<Url>(std::move(expected));
    std::string_view rest = text.substr(separator + 3);
    if (rest.find('#') != std::string_view::npos) return fail<Url>("the URL must not have a fragment (#…)");
    const auto slash = rest.find_first_of("/?");
    std::string_view authority = rest.substr(0, slash);
    if (slash != std::string_view::npos) url.path = rest.substr(slash);
    if (authority.find('@') != std::string_view::npos) return fail<Url>("the URL must not carry a user name or password");
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return fail<Url>("the URL's host is not valid");
        url.host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
        if (!authority.empty()) {
            if (authority.front() != ':') return fail<Url>("the URL's host is not valid");
            port = authority.substr(1);
        }
    } else {
        const auto colon = authority.find(':');
        url.host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    }
    if (url.host.empty() || url.host.find_first_of("\\%\"<>^`{|}") != std::string::npos) return fail<Url>("the URL's host is not valid");
    if (!port.empty()) {
        auto number = parse_port(port);
        if (!number || number.value == 0) return fail<Url>("the URL's port is not valid");
        url.port = number.value;
    }
    return {std::move(url), {}};
}

std::string to_text(std::chrono::microseconds duration) {
    const auto us = duration.count();
    if (us == 0) return "0s";
    constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> kUnits{{{3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1'000, "ms"}}};
    for (const auto& [size, name] : kUnits) {
        if (us % size == 0) return std::to_string(us / size) + std::string(name);
    }
    return std::to_string(us) + "us";
}

std::string size_to_text(std::uint64_t bytes) {
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 3> kUnits{{{1ULL << 30, "GiB"}, {1ULL << 20, "MiB"}, {1ULL << 10, "KiB"}}};
    for (const auto& [size, name] : kUnits) {
        if (bytes >= size && bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
    }
    return std::to_string(bytes);
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    const std::string wanted = lower(word.substr(0, 64));
    std::string best;
    std::size_t best_distance = std::numeric_limits<std::size_t>::max();
    for (const auto& candidate : candidates) {
        const std::string known = lower(std::string_view(candidate).substr(0, 64));
        const std::size_t d = distance(wanted, known);
        // A third of the letters may be wrong; half if one begins with the other ("retain" for "retain_days").
        const std::size_t longer = std::max(known.size(), wanted.size());
        const bool prefix = wanted.size() >= 3 && (known.starts_with(wanted) || wanted.starts_with(known));
        if (d < best_distance && (d <= std::max<std::size_t>(longer / 3, 1) || prefix)) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
    const std::string best = nearest(word, candidates);
    return best.empty() ? std::string() : ", did you mean '" + best + "'?";
}

}  // namespace parley::text
