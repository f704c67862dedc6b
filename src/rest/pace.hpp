#pragma once
// A token bucket and a limit on requests at once, shared by the clients of an account whatever their threads.

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/clock.hpp"
#include "parley/net/task.hpp"

namespace parley::rest {

// The bucket alone, in anybody's time. Holds one second's worth of requests.
class TokenBucket {
public:
    explicit TokenBucket(double per_second);
    // When the next request may go; takes its place. Nothing: not before the deadline, and nothing was taken.
    [[nodiscard]] std::optional<TimePoint> take(TimePoint now, TimePoint deadline);

private:
    Duration interval_{0}, depth_{0};
    TimePoint full_at_{};  // when the bucket will be full again
};

class Pace {
public:
    Pace(double per_second, std::uint32_t at_once) : bucket_(per_second), at_once_(at_once == 0 ? 1 : at_once) {}

    // One request's place among those under way, given back when it goes.
    class Place {
    public:
        Place() = default;
        explicit Place(Pace* pace) : pace_(pace) {}
        Place(Place&& other) noexcept : pace_(std::exchange(other.pace_, nullptr)) {}
        Place& operator=(Place&& other) noexcept {
            release();
            pace_ = std::exchange(other.pace_, nullptr);
            return *this;
        }
        ~Place() { release(); }
        void release() {
            if (Pace* pace = std::exchange(pace_, nullptr)) pace->leave();
        }
        [[nodiscard]] explicit operator bool() const { return pace_ != nullptr; }

    private:
        Pace* pace_ = nullptr;
    };
    // Empty: the deadline came first, or the coroutine was cancelled.
    net::Task<Place> enter(TimePoint deadline);

private:
    struct Waiter;
    void leave();

    std::mutex mutex_;
    TokenBucket bucket_;
    std::uint32_t at_once_, under_way_ = 0;
    std::deque<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace parley::rest
