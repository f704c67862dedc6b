#include "parley/rest/retry.hpp"

#include <algorithm>

#include "parley/rest/dates.hpp"

namespace parley::rest {

using std::chrono::milliseconds;

std::optional<milliseconds> RetryPolicy::pause(Ended ended, Repeat repeat, int attempt, std::optional<milliseconds> retry_after, TimePoint now,
                                               TimePoint deadline, double chance) const {
    if (attempt >= settings_.attempts) return {};
    if (repeat == Repeat::never && (ended == Ended::server_error || ended == Ended::lost)) return {};
    const int doublings = std::clamp(attempt - 1, 0, 20);
    const milliseconds bound = std::min<milliseconds>(settings_.longest_pause, settings_.first_pause * (1L << doublings));
    auto pause = milliseconds(static_cast<milliseconds::rep>(static_cast<double>(bound.count()) * std::clamp(chance, 0.0, 1.0)));
    if (retry_after) {
        // Everybody who was turned away was told the same time; a little more than that spreads them.
        const auto spread = std::min(milliseconds(1000), settings_.first_pause);
        pause = std::max(*retry_after, milliseconds(0)) +
                milliseconds(static_cast<milliseconds::rep>(static_cast<double>(spread.count()) * std::clamp(chance, 0.0, 1.0)));
    }
    if (now + pause >= deadline) return {};
    return pause;
}

std::optional<milliseconds> parse_retry_after(std::string_view text, WallClock::time_point now) {
    constexpr auto kMost = std::chrono::hours(24);
    if (text.empty() || text.size() > 40) return {};
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        std::int64_t seconds = 0;
        for (const char c : text) seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), 86'400);
        return std::chrono::seconds(seconds);
    }
    const auto when = parse_rfc2822(text);
    if (!when) return {};
    const auto left = std::chrono::duration_cast<milliseconds>(*when - now);
    return std::clamp<milliseconds>(left, milliseconds(0), kMost);
}

}  // namespace parley::rest
