#pragma once
// Work for one of the store's threads that opens its own transactions (reading a record), awaited on a loop.

#include <functional>
#include <memory>
#include <optional>

#include "parley/store/database.hpp"

namespace parley::gateway {

// Nothing: the queue was full, the work threw, or did not end within the time.
template <class T>
net::Task<std::optional<T>> on_store(store::Database& database, std::function<T()> work, Duration within) {
    struct Waiter {
        explicit Waiter(const boost::asio::any_io_executor& executor) : woken(executor) {}
        boost::asio::steady_timer woken;
        std::optional<T> value;
    };
    const auto here = co_await boost::asio::this_coro::executor;
    const auto waiter = std::make_shared<Waiter>(here);
    const bool queued = database.enqueue([here, to = std::weak_ptr<Waiter>(waiter), work = std::move(work)] {
        std::optional<T> value;
        try {
            value.emplace(work());
        } catch (const std::exception&) {
            value.reset();  // whoever waits is told that there is nothing
        }
        boost::asio::post(here, [to, value = std::move(value)]() mutable {
            const auto waiting = to.lock();
            if (!waiting) return;
            waiting->value = std::move(value);
            waiting->woken.cancel();
        });
    });
    if (!queued) co_return std::nullopt;
    waiter->woken.expires_after(within);
    co_await waiter->woken.async_wait(net::nothrow);
    auto value = std::move(waiter->value);
    co_return value;
}

}  // namespace parley::gateway
