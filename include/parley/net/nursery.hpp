#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/assert.hpp>
#include <exception>
#include <list>

#include "parley/net/task.hpp"

namespace parley::net {

// The children of one coroutine: started here, cancelled together, joined before the owner returns. The first child
// that fails by exception takes its siblings down, and join() rethrows it. All on one executor, so there is no lock.
// join() must have returned before destruction.
class Nursery {
public:
    explicit Nursery(asio::any_io_executor executor) : executor_(std::move(executor)), quiet_(executor_, TimePoint::max()) {}
    ~Nursery() { BOOST_ASSERT_MSG(children_.empty(), "join() first"); }
    Nursery(const Nursery&) = delete;
    Nursery& operator=(const Nursery&) = delete;

    // A child spawned after cancel() is cancelled at its first wait.
    void spawn(Task<> child) {
        const auto place = children_.emplace(children_.end());
        auto finished = [this, place](std::exception_ptr error) {
            children_.erase(place);
            if (error && !closing_) {
                first_error_ = error;
                cancel();
            }
            if (children_.empty()) quiet_.cancel();
        };
        asio::co_spawn(executor_, std::move(child), asio::bind_cancellation_slot(place->slot(), std::move(finished)));
        if (closing_) place->emit(asio::cancellation_type::terminal);
    }

    // Only terminal cancellation reaches a spawned coroutine.
    void cancel() {
        closing_ = true;
        for (auto child = children_.begin(); child != children_.end();) (child++)->emit(asio::cancellation_type::terminal);
    }

    // Waits for every child. When the caller itself is cancelled meanwhile, that is passed on, and the wait goes on.
    Task<> join() {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!children_.empty()) {
            quiet_.expires_at(TimePoint::max());
            co_await quiet_.async_wait(nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) cancel();
        }
        co_await asio::this_coro::throw_if_cancelled(true);
        if (first_error_) std::rethrow_exception(first_error_);
    }

    [[nodiscard]] std::size_t size() const { return children_.size(); }
    [[nodiscard]] bool cancelled() const { return closing_; }

private:
    asio::any_io_executor executor_;
    std::list<asio::cancellation_signal> children_;  // a slot serves one operation: a signal each
    asio::steady_timer quiet_;
    std::exception_ptr first_error_;
    bool closing_ = false;
};

}  // namespace parley::net
