#pragma once
// When a request is sent again, and after how long. Pure: time and chance are arguments.

#include <chrono>
#include <cstdint>
#include <optional>

#include "parley/base/clock.hpp"
#include "parley/rest/client.hpp"

namespace parley::rest {

// How an attempt ended that did not end well. Answers that asking again cannot change (most 4xx) are no such end.
enum class Ended : std::uint8_t {
    unsent,        // no connection: nothing was sent
    throttled,     // 429: nothing was done
    server_error,  // 5xx or 408: nobody knows what was done
    lost           // sent, and no answer
};

class RetryPolicy {
public:
    struct Settings {
        int attempts = 4;
        std::chrono::milliseconds first_pause{250}, longest_pause{8000};
    };
    explicit RetryPolicy(Settings settings) : settings_(settings) {}

    // The pause before the next attempt, `attempt` (from 1) having ended so; nothing: that was the last one. A pause that ends behind the
    // deadline is no pause but the end: waiting would only be waiting. `chance` in [0, 1): full jitter.
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause(Ended ended, Repeat repeat, int attempt, std::optional<std::chrono::milliseconds> retry_after,
                                                                 TimePoint now, TimePoint deadline, double chance) const;

private:
    Settings settings_;
};

// The Retry-After header: seconds, or an HTTP date seen from `now`. At most a day.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, WallClock::time_point now);

}  // namespace parley::rest
