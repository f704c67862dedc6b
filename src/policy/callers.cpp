#include "parley/policy/callers.hpp"

#include <algorithm>
#include <array>

namespace parley::policy {
namespace {

constexpr std::size_t kMostPattern = 255;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

bool digits_only(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool on(const std::vector<std::string>& list, std::string_view from) {
    return std::ranges::any_of(list, [&](const std::string& pattern) { return covers(pattern, from); });
}

}  // namespace

bool withheld(std::string_view from) {
    // ANONYMOUS, UNAVAILABLE, RESTRICTED, BLOCKED, UNKNOWN as they are dialled on the keys; carriers pass the words on as well.
    constexpr std::array<std::string_view, 5> kNumbers{"266696687", "86282452253", "7378742833", "2562533", "8656696"};
    constexpr std::array<std::string_view, 7> kWords{"anonymous", "unavailable", "restricted", "blocked", "unknown", "private", "withheld"};
    const auto begins = from.find_first_not_of(' ');
    if (begins == std::string_view::npos) return true;
    from = from.substr(begins, from.find_last_not_of(' ') - begins + 1);
    if (const auto bare = from.starts_with('+') ? from.substr(1) : from; std::ranges::find(kNumbers, bare) != kNumbers.end()) return true;
    auto word = lower(from);
    if (word.starts_with("sip:")) {
        word.erase(0, 4);
        word.resize(std::min(word.size(), word.find('@')));
    }
    return word.empty() || std::ranges::find(kWords, word) != kWords.end();
}

std::string wrong_caller_pattern(std::string_view pattern) {
    constexpr const char* kExpected = "expected a number (+4930123456), the beginning of one (+4930*), sip:… or client:…";
    if (pattern.size() > kMostPattern) return "is longer than 255 characters";
    auto bare = pattern;
    const bool open = bare.ends_with('*');
    if (open) bare.remove_suffix(1);
    if (bare.find('*') != std::string_view::npos) return "has a * that is not at its end";
    if (bare.starts_with('+')) {
        const auto number = bare.substr(1);
        if (!digits_only(number) || number.starts_with('0') || number.size() > 15 || (open ? number.empty() : number.size() < 2)) return kExpected;
        return {};
    }
    for (const std::string_view scheme : {"sip:", "client:"})
        if (bare.starts_with(scheme) && (open || bare.size() > scheme.size()) && std::ranges::all_of(bare, [](char c) { return c > ' ' && c < 127; }))
            return {};
    return kExpected;
}

bool covers(std::string_view pattern, std::string_view from) {
    const auto same = [](std::string_view a, std::string_view b) { return lower(a) == lower(b); };
    if (!pattern.ends_with('*')) return !pattern.empty() && same(pattern, from);
    pattern.remove_suffix(1);
    return !pattern.empty() && from.size() >= pattern.size() && same(pattern, from.substr(0, pattern.size()));
}

Decision decide(const PolicySettings& policy, std::string_view from, const flows::Hours* hours, flows::Second now) {
    Decision decision;
    const auto refuse = [&](const char* detail) {
        decision.allowed = false;
        decision.reason = "policy";
        decision.detail = detail;
    };
    const bool hidden = withheld(from);
    // A number that stands for "withheld" is nobody's: no list can mean it.
    if (!hidden && on(policy.block, from))
        refuse("blocked");
    else if (!policy.allow.empty() && (hidden || !on(policy.allow, from)))
        refuse(hidden ? "anonymous" : "not_allowed");
    else if (hidden && !policy.anonymous)
        refuse("anonymous");
    decision.closed = hours != nullptr && !hours->open_at(now);
    return decision;
}

}  // namespace parley::policy
