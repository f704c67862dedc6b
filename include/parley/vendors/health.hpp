#pragma once
// What is known of a vendor's health: breaker, retry budget, latencies. Pure: time is given. Not thread-safe by themselves; HealthBook is.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/base/clock.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

struct BreakerSettings {
    std::uint32_t failures = 5;   // in a row
    std::uint32_t share_of = 20;  // or half of at least so many
    Duration window = std::chrono::seconds(10);
    Duration probe_every = std::chrono::seconds(10);  // ± 20 %
    std::uint32_t close_after = 2;                    // successful probes
};

enum class BreakerState : std::uint8_t { closed, open, half_open };
[[nodiscard]] std::string_view name(BreakerState state);

// Open: nobody asks this vendor, but for one probe now and then. A wrong credential keeps it open for good (until a new configuration).
class Breaker {
public:
    explicit Breaker(BreakerSettings settings = {}) : settings_(settings) {}

    // May a request go out now? While not closed a yes is the probe: it must be answered by success() or failure().
    [[nodiscard]] bool allow(TimePoint now, double jitter = 0.5);  // jitter 0..1
    void success(TimePoint now);
    void failure(TimePoint now, FailureKind kind);
    [[nodiscard]] BreakerState state() const { return state_; }
    [[nodiscard]] bool locked() const { return locked_; }

private:
    void open(TimePoint now);

    BreakerSettings settings_;
    BreakerState state_ = BreakerState::closed;
    bool locked_ = false, probing_ = false;
    std::uint32_t in_a_row_ = 0, good_probes_ = 0;
    TimePoint next_probe_{}, probe_began_{};
    double jitter_ = 0.5;
    std::deque<std::pair<TimePoint, bool>> recent_;  // true: failed
};

// Retries are at most a tenth of requests, with a handful to begin with.
class RetryBudget {
public:
    explicit RetryBudget(double share = 0.1, double reserve = 5) : share_(share), most_(reserve * 2), tokens_(reserve) {}
    void request() { tokens_ = std::min(most_, tokens_ + share_); }
    [[nodiscard]] bool take() {
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

private:
    double share_, most_, tokens_;
};

// The last hundred times to the first byte.
class LatencyWindow {
public:
    void add(Duration latency);
    // Nothing below 20 observations.
    [[nodiscard]] std::optional<Duration> p95() const;

private:
    std::array<Duration, 100> values_{};
    std::size_t count_ = 0, next_ = 0;
};

// One use of one vendor, shared by all calls and workers. Thread-safe.
class Health {
public:
    explicit Health(BreakerSettings settings = {}) : breaker_(settings) {}
    [[nodiscard]] bool allow(TimePoint now);
    void success(TimePoint now, std::optional<Duration> first_byte = std::nullopt);
    // Also for what does not speak against the vendor; then it counts as an answered probe.
    void failure(TimePoint now, const Failure& failure);
    [[nodiscard]] bool take_retry();
    void request();
    [[nodiscard]] std::optional<Duration> p95() const;
    [[nodiscard]] BreakerState state() const;

private:
    mutable std::mutex mutex_;
    Breaker breaker_;
    RetryBudget retries_;
    LatencyWindow latencies_;
};

// By role and configured name.
class HealthBook {
public:
    explicit HealthBook(BreakerSettings settings = {}) : settings_(settings) {}
    [[nodiscard]] std::shared_ptr<Health> of(std::string_view role, std::string_view endpoint);
    template <class F>
    void each(F&& visit) const {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, health] : book_) visit(key.first, key.second, health->state());
    }

private:
    BreakerSettings settings_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::shared_ptr<Health>> book_;
};

}  // namespace parley::vendors
