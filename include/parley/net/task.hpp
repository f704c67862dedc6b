#pragma once
// The coroutine words every socket-bearing room uses. Boost 1.81: name every temporary before a statement that awaits.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/base/clock.hpp"
#include "parley/base/result.hpp"

namespace parley::net {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

// Completion token that answers errors as values instead of throwing them.
inline constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace parley::net
