#pragma once
// Bounding one asynchronous operation in time.

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <tuple>

#include "parley/net/error.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// Runs `op(token)`, whose handler is void(error_code, T), until it ends or `deadline` passes: then the operation is
// cancelled and the error is Errc::timed_out. An operation that ended keeps its result even if the timer was due. The
// timer is the caller's, so that a loop reuses one. Not for the frame path: one allocation each.
template <class T, class Op>
Task<std::tuple<error_code, T>> until(asio::steady_timer& timer, TimePoint deadline, Op op) {
    namespace ax = asio::experimental;
    timer.expires_at(deadline);
    auto both = ax::make_parallel_group(op(asio::deferred), timer.async_wait(asio::deferred));
    auto [order, ec, value, timer_ec] = co_await both.async_wait(ax::wait_for_one(), asio::use_awaitable);
    if (ec && order[0] == 1 && !timer_ec) ec = Errc::timed_out;
    std::tuple<error_code, T> result(ec, std::move(value));
    co_return result;
}

// Waits until `when`; false when the coroutine was cancelled meanwhile.
inline Task<bool> sleep_until(TimePoint when) {
    asio::steady_timer timer(co_await asio::this_coro::executor, when);
    auto [ec] = co_await timer.async_wait(nothrow);
    co_return !ec;
}

}  // namespace parley::net
