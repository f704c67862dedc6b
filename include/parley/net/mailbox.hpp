#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "parley/net/error.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// Bounded queue with one consumer, both ends on one worker. Waiting consumes nothing, so a race against a deadline or
// another wait loses no item.
template <class T>
class Mailbox {
public:
    Mailbox(asio::any_io_executor executor, std::size_t bound) : wake_(std::move(executor)), bound_(bound) {}

    // False: full or closed; the caller counts it.
    [[nodiscard]] bool push(T item) {
        if (closed_ || items_.size() >= bound_) return false;
        items_.push_back(std::move(item));
        wake_.cancel();
        return true;
    }
    // What is inside can still be taken.
    void close() {
        closed_ = true;
        wake_.cancel();
    }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] T take() {
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    // No error: at least one item. Errc::timed_out, Errc::closed (empty and closed), Errc::cancelled.
    Task<error_code> wait(TimePoint deadline = TimePoint::max()) {
        while (items_.empty()) {
            if (closed_) co_return make_error_code(Errc::closed);
            wake_.expires_at(deadline);
            auto [ec] = co_await wake_.async_wait(nothrow);
            if (!items_.empty()) break;
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return make_error_code(Errc::cancelled);
            if (!ec) co_return make_error_code(Errc::timed_out);
        }
        co_return error_code{};
    }

private:
    std::deque<T> items_;
    asio::steady_timer wake_;
    std::size_t bound_;
    bool closed_ = false;
};

}  // namespace parley::net
