#include "pace.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "parley/net/deadline.hpp"
#include "parley/rest/client.hpp"

namespace parley::rest {

TokenBucket::TokenBucket(double per_second) {
    if (per_second <= 0) return;
    interval_ = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1.0 / per_second));
    depth_ = std::max<Duration>(std::chrono::seconds(1) - interval_, Duration(0));
}

std::optional<TimePoint> TokenBucket::take(TimePoint now, TimePoint deadline) {
    if (interval_ == Duration(0)) return now;
    const TimePoint begin = std::max(full_at_, now);
    const TimePoint allowed = std::max(now, begin - depth_);
    if (allowed > deadline) return {};
    full_at_ = begin + interval_;
    return allowed;
}

// The timer is touched on its own executor only; `granted` under the pace's mutex.
struct Pace::Waiter {
    explicit Waiter(net::asio::any_io_executor executor) : timer(std::move(executor)) {}
    net::asio::steady_timer timer;
    bool granted = false;
};

net::Task<Pace::Place> Pace::enter(TimePoint deadline) {
    std::optional<TimePoint> when;
    {
        const std::lock_guard lock(mutex_);
        when = bucket_.take(Clock::now(), deadline);
    }
    if (!when) co_return Place();
    if (*when > Clock::now()) {
        const bool waited = co_await net::sleep_until(*when);
        if (!waited) co_return Place();
    }
    auto executor = co_await net::asio::this_coro::executor;
    auto waiter = std::make_shared<Waiter>(executor);
    waiter->timer.expires_at(deadline);
    {
        const std::lock_guard lock(mutex_);
        if (under_way_ < at_once_) {
            ++under_way_;
            co_return Place(this);
        }
        waiting_.push_back(waiter);
    }
    co_await waiter->timer.async_wait(net::nothrow);
    bool granted = false;
    {
        const std::lock_guard lock(mutex_);
        granted = waiter->granted;
        if (!granted) std::erase(waiting_, waiter);
    }
    if (!granted) co_return Place();
    co_return Place(this);  // given back at once by a coroutine that was cancelled meanwhile
}

void Pace::leave() {
    std::shared_ptr<Waiter> next;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            --under_way_;
            return;
        }
        next = std::move(waiting_.front());
        waiting_.pop_front();
        next->granted = true;  // the place goes from hand to hand
    }
    auto executor = next->timer.get_executor();
    net::asio::post(executor, [next = std::move(next)] { next->timer.expires_at(Clock::now()); });
}

std::shared_ptr<Pace> make_pace(double requests_per_second, std::uint32_t at_once) {
    return std::make_shared<Pace>(requests_per_second, at_once);
}

}  // namespace parley::rest
