#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>

#include "parley/net/task.hpp"

namespace parley::sim {

// "Something changed, look again": wakes every coroutine that waits. One worker only. A waiter checks its condition,
// waits, and checks again; nothing can be lost in between because nothing else runs on the worker meanwhile.
class Pulse {
public:
    explicit Pulse(net::asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    void notify() {
        for (auto* timer : waiters_) timer->cancel();
    }

    // Until the next notify() or the deadline, whichever is first.
    net::Task<> wait(TimePoint deadline = TimePoint::max()) {
        net::asio::steady_timer timer(executor_, deadline);
        const auto place = waiters_.insert(waiters_.end(), &timer);
        co_await timer.async_wait(net::nothrow);
        waiters_.erase(place);
    }

private:
    net::asio::any_io_executor executor_;
    std::list<net::asio::steady_timer*> waiters_;
};

}  // namespace parley::sim
