#pragma once
// From one loop to another and back.

#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "parley/net/awaited.hpp"

namespace parley::net {

// Runs `work` among `errands`, whose start(Task<>) takes it to their loop and lets no exception out, and brings its answer back to the caller's own. Nothing:
// it was ended there, or took longer than `within`. What is on its way when either loop ends is dropped, and neither side is touched by it.
template <class T, class Errands>
Task<std::optional<T>> on_loop_of(Errands& errands, Task<T> work, Duration within) {
    const auto here = co_await boost::asio::this_coro::executor;
    Awaited<T> awaited(here);
    auto carry = [](Task<T> inner, typename Awaited<T>::Answer tell) -> Task<> {
        T value = co_await std::move(inner);
        tell(std::move(value));
    };
    auto errand = carry(std::move(work), awaited.answer());
    errands.start(std::move(errand));
    auto value = co_await awaited.within(within);
    co_return value;
}

}  // namespace parley::net
