#pragma once
// From one loop to another and back.

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "parley/net/deadline.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// Runs `work` among `errands`, whose start(Task<>) takes it to their loop and lets no exception out, and brings its answer back to the caller's own. Nothing: it was ended there, or took longer than `within`.
// What is on its way when either loop ends is dropped, and neither side is touched by it.
template <class T, class Errands>
Task<std::optional<T>> on_loop_of(Errands& errands, Task<T> work, Duration within) {
    struct Waiter {
        explicit Waiter(const boost::asio::any_io_executor& executor) : woken(executor) {}
        boost::asio::steady_timer woken;
        std::optional<T> value;
    };
    const auto here = co_await boost::asio::this_coro::executor;
    const auto waiter = std::make_shared<Waiter>(here);
    auto carry = [](Task<T> inner, boost::asio::any_io_executor back, std::weak_ptr<Waiter> to) -> Task<> {
        T value = co_await std::move(inner);
        boost::asio::post(back, [to, value = std::move(value)]() mutable {
            const auto waiting = to.lock();
            if (!waiting) return;
            waiting->value = std::move(value);
            waiting->woken.cancel();
        });
    };
    auto errand = carry(std::move(work), here, std::weak_ptr<Waiter>(waiter));
    errands.start(std::move(errand));
    waiter->woken.expires_after(within);
    co_await waiter->woken.async_wait(nothrow);
    auto value = std::move(waiter->value);
    co_return value;
}

}  // namespace parley::net
