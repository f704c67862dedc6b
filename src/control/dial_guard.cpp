#include "parley/control/dial_guard.hpp"

#include <algorithm>
#include <cmath>

#include "parley/twilio/sid.hpp"

namespace parley::control {
namespace {

using namespace std::chrono_literals;

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127 && c != '<' && c != '>' && c != '"'; });
}

// "sip:user@host:5060;transport=tls?X=1" -> "sip:user@host", lower case.
std::string bare(std::string_view to) {
    std::string out(to.substr(0, to.find_first_of(";?")));
    if (out.starts_with("sip:")) {
        const auto at = out.find('@');
        const auto port = out.find(':', at == std::string::npos ? 4 : at);
        if (port != std::string::npos) out.resize(port);
        std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    }
    return out;
}

// How much of `to` this rule covers; 0: none.
std::size_t covers(std::string_view rule, std::string_view to) {
    if (rule.starts_with("sip:@")) {
        const auto at = to.find('@');
        return to.starts_with("sip:") && at != std::string_view::npos && to.substr(at) == rule.substr(4) ? rule.size() : 0;
    }
    if (rule.starts_with("sip:") || (rule.starts_with("client:") && rule.size() > 7)) return rule == to ? rule.size() : 0;
    return to.starts_with(rule) ? rule.size() : 0;
}

std::size_t longest(const std::vector<std::string>& rules, std::string_view to) {
    std::size_t best = 0;
    for (const auto& rule : rules) best = std::max(best, covers(bare(rule), to));
    return best;
}

}  // namespace

const std::vector<std::string>& premium_prefixes() {
    // ITU-T E.164 list: 979 international premium rate, 870/881 satellites, 882/883 international networks, 888 unassigned; then national premium ranges.
    static const std::vector<std::string> list{"+979",   "+870",   "+881",   "+882",   "+883",   "+888",   "+1900",  "+1976",  "+49900",
                                               "+49137", "+49118", "+4409",  "+449",   "+4487",  "+44118", "+33899", "+3389",  "+43900",
                                               "+43930", "+43939", "+41900", "+41901", "+41906", "+39899", "+39892", "+34803", "+34806",
                                               "+34807", "+31900", "+31906", "+31909", "+32900", "+4821",  "+611900"};
    return list;
}

std::string wrong_prefix(std::string_view prefix) {
    if (prefix.starts_with('+') && prefix.size() >= 2 && prefix.size() <= 16 && prefix[1] != '0' && all_digits(prefix.substr(1))) return {};
    if (prefix.starts_with("client:") && prefix.size() <= 128 && printable(prefix)) return {};
    if (prefix.starts_with("sip:") && prefix.find('@') != std::string_view::npos && !prefix.ends_with('@') && prefix.size() <= 255 && printable(prefix))
        return {};
    return "is neither the beginning of a number (+49), nor sip:user@host, sip:@host or client:";
}

std::string wrong_address(std::string_view to) {
    if (twilio::is_e164(to)) return {};
    if (to.starts_with("client:") && to.size() > 7 && to.size() <= 128 && printable(to)) return {};
    const auto at = to.find('@');
    if (to.starts_with("sip:") && at != std::string_view::npos && at > 4 && at + 1 < to.size() && to.size() <= 255 && printable(to)) return {};
    return "is neither a number in international form (+4930123456), nor sip:user@host or client:name";
}

std::string_view name(Blocked why) {
    switch (why) {
        case Blocked::disabled:
            return "disabled";
        case Blocked::address:
            return "address";
        case Blocked::prefix:
            return "prefix";
        case Blocked::second:
            return "calls_per_second";
        case Blocked::minute:
            return "calls_per_minute";
        case Blocked::day:
            return "calls_per_day";
        case Blocked::destination:
            return "per_destination_per_hour";
        case Blocked::at_once:
            return "at_once";
    }
    return "disabled";
}

std::string sentence(Blocked why, const DialLimits& limits) {
    switch (why) {
        case Blocked::disabled:
            return "Calling out is switched off: set outbound.enabled to true.";
        case Blocked::address:
            return "That cannot be called: it takes a number in international form (+4930123456), sip:user@host or client:name.";
        case Blocked::prefix:
            return "This number may not be called: outbound.allowed_prefixes does not cover it, or outbound.denied_prefixes does.";
        case Blocked::second:
            return "Too many calls in a moment: outbound.calls_per_second allows no more now. Try again in a few seconds.";
        case Blocked::minute:
            return "Too many calls within a minute: outbound.calls_per_minute is " + std::to_string(limits.calls_per_minute) + ".";
        case Blocked::day:
            return "Too many calls within a day: outbound.calls_per_day is " + std::to_string(limits.calls_per_day) + ".";
        case Blocked::destination:
            return "This destination was called too often within an hour: outbound.per_destination_per_hour is " +
                   std::to_string(limits.per_destination_per_hour) + ".";
        case Blocked::at_once:
            return "Too many calls at once: outbound.at_once is " + std::to_string(limits.at_once) + ".";
    }
    return {};
}

bool DialGuard::allowed(std::string_view to, bool when_nothing_is_allowed) const {
    const auto address = bare(to);
    const auto denied = longest(limits_.denied_prefixes, address);
    const auto allowed = longest(limits_.allowed_prefixes, address);
    if (limits_.allowed_prefixes.empty() && when_nothing_is_allowed) return denied == 0;
    return allowed > denied;
}

void DialGuard::forget(TimePoint now) {
    while (!day_.empty() && now - day_.front() >= 24h) day_.pop_front();
    for (; !hour_.empty() && now - hour_.front().at >= 1h; hour_.pop_front()) {
        const auto found = by_destination_.find(hour_.front().to);
        if (found != by_destination_.end() && --found->second == 0) by_destination_.erase(found);
    }
}

std::size_t DialGuard::within(Duration window, TimePoint now) const {
    std::size_t n = 0;
    for (auto it = day_.rbegin(); it != day_.rend() && now - *it < window; ++it) ++n;
    return n;
}

std::optional<Blocked> DialGuard::count(std::string_view to, std::size_t running, TimePoint now) {
    forget(now);
    if (running >= limits_.at_once) return Blocked::at_once;
    if (day_.size() >= limits_.calls_per_day) return Blocked::day;
    if (within(1min, now) >= limits_.calls_per_minute) return Blocked::minute;
    // Below one a second the window grows until it holds one.
    const double rate = std::max(limits_.calls_per_second, 1e-6);
    const double seconds = std::max(1.0, 1.0 / rate);
    const auto most = static_cast<std::size_t>(std::max(1.0, std::floor(rate * seconds + 1e-9)));
    if (within(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)), now) >= most) return Blocked::second;
    auto address = bare(to);
    const auto found = by_destination_.find(address);
    if (found != by_destination_.end() && found->second >= limits_.per_destination_per_hour) return Blocked::destination;
    if (limits_.per_destination_per_hour == 0) return Blocked::destination;
    day_.push_back(now);
    ++by_destination_[address];
    hour_.push_back({now, std::move(address)});
    return std::nullopt;
}

std::optional<Blocked> DialGuard::take(std::string_view to, std::size_t running, TimePoint now) {
    if (!limits_.enabled) return Blocked::disabled;
    if (!wrong_address(to).empty()) return Blocked::address;
    if (!allowed(to, false)) return Blocked::prefix;
    return count(to, running, now);
}

std::optional<Blocked> DialGuard::take_leg(std::string_view to, std::size_t running, TimePoint now) {
    if (!wrong_address(to).empty()) return Blocked::address;
    if (!allowed(to, !limits_.enabled)) return Blocked::prefix;
    return count(to, running, now);
}

}  // namespace parley::control
