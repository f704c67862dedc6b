#pragma once
// Who may be called, and how often: against toll fraud, and against a loop of ours. Pure; the caller brings the time and locks.

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parley/base/clock.hpp"

namespace parley::control {

// Numbers whose owner is paid by the minute, satellites, and networks without a country: nobody's customer is there.
[[nodiscard]] const std::vector<std::string>& premium_prefixes();

struct DialLimits {
    bool enabled = false;
    double calls_per_second = 1;
    std::uint32_t calls_per_minute = 30;
    std::uint32_t calls_per_day = 500;
    std::uint32_t per_destination_per_hour = 5;
    std::uint32_t at_once = 10;
    // "+49", "sip:desk@example.com", "sip:@example.com" (anybody there), "client:" (any), "client:alice". The longest that fits decides; of two as long the
    // refusal.
    std::vector<std::string> allowed_prefixes;
    std::vector<std::string> denied_prefixes = premium_prefixes();
};

// "+49", "sip:@example.com", …; otherwise why not.
[[nodiscard]] std::string wrong_prefix(std::string_view prefix);
// A number, "sip:user@host" or "client:name" as it can be called; otherwise why not ("is neither a number such as +49…").
[[nodiscard]] std::string wrong_address(std::string_view to);

enum class Blocked : std::uint8_t { disabled, address, prefix, second, minute, day, destination, at_once };
[[nodiscard]] std::string_view name(Blocked why);
[[nodiscard]] std::string sentence(Blocked why, const DialLimits& limits);

class DialGuard {
public:
    explicit DialGuard(DialLimits limits) : limits_(std::move(limits)) {}
    void set(DialLimits limits) { limits_ = std::move(limits); }
    [[nodiscard]] const DialLimits& limits() const { return limits_; }

    // A new call of ours: nothing, and it is counted; or why not. `running`: calls of ours that are not over.
    [[nodiscard]] std::optional<Blocked> take(std::string_view to, std::size_t running, TimePoint now);
    // A further leg for a call that exists (a warm transfer, a third party): the same, but also while calling out is off, and then any number that is not
    // denied.
    [[nodiscard]] std::optional<Blocked> take_leg(std::string_view to, std::size_t running, TimePoint now);
    [[nodiscard]] bool allowed(std::string_view to, bool when_nothing_is_allowed) const;

private:
    [[nodiscard]] std::optional<Blocked> count(std::string_view to, std::size_t running, TimePoint now);
    void forget(TimePoint now);
    [[nodiscard]] std::size_t within(Duration window, TimePoint now) const;

    DialLimits limits_;
    std::deque<TimePoint> day_;  // oldest first
    struct Start {
        TimePoint at;
        std::string to;
    };
    std::deque<Start> hour_;
    std::unordered_map<std::string, std::uint32_t> by_destination_;  // of the last hour
};

}  // namespace parley::control
