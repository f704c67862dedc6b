#pragma once
// Work for one of the store's threads that opens its own transactions (reading a record), awaited on a loop.

#include <functional>
#include <optional>

#include "parley/net/awaited.hpp"
#include "parley/store/database.hpp"

namespace parley::gateway {

// Nothing: the queue was full, the work threw, or did not end within the time.
template <class T>
net::Task<std::optional<T>> on_store(store::Database& database, std::function<T()> work, Duration within) {
    const auto here = co_await boost::asio::this_coro::executor;
    net::Awaited<std::optional<T>> awaited(here);
    const bool queued = database.enqueue([tell = awaited.answer(), work = std::move(work)] {
        std::optional<T> value;
        try {
            value.emplace(work());
        } catch (const std::exception&) {
            value.reset();  // whoever waits is told that there is nothing
        }
        tell(std::move(value));
    });
    if (!queued) co_return std::nullopt;
    auto value = co_await awaited.within(within);
    if (!value) co_return std::nullopt;
    co_return std::move(*value);
}

}  // namespace parley::gateway
