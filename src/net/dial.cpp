#include "dial.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "parley/net/resolver.hpp"

namespace parley::net {
namespace {

using asio::ip::tcp;

constexpr Duration kNextAddress = std::chrono::milliseconds(250);  // RFC 8305 5: Connection Attempt Delay
constexpr std::size_t kMaxAddresses = 8;

// Attempts under way. Handlers share it, so a late one finds it alive.
struct Race {
    explicit Race(const asio::any_io_executor& executor) : wake(executor) {}
    std::vector<std::unique_ptr<tcp::socket>> sockets;
    std::size_t failed = 0;
    std::ptrdiff_t winner = -1;
    asio::steady_timer wake;
};

// RFC 8305 4: families alternate, so a family without a route costs one step.
std::vector<tcp::endpoint> in_turn(const Resolver::Addresses& found, std::uint16_t port) {
    std::vector<tcp::endpoint> first, second, mixed;
    for (const asio::ip::address& address : found) {
        const bool like_first = first.empty() || address.is_v6() == first.front().address().is_v6();
        (like_first ? first : second).emplace_back(address, port);
    }
    for (std::size_t i = 0; mixed.size() < kMaxAddresses && (i < first.size() || i < second.size()); ++i) {
        if (i < first.size()) mixed.push_back(first[i]);
        if (i < second.size()) mixed.push_back(second[i]);
    }
    return mixed;
}

Task<Result<int>> connect(std::vector<tcp::endpoint> addresses, TimePoint deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto race = std::make_shared<Race>(executor);
    std::size_t next = 0;
    bool cancelled = false;
    while (race->winner < 0 && !cancelled && Clock::now() < deadline) {
        if (next < addresses.size()) {
            const auto index = static_cast<std::ptrdiff_t>(race->sockets.size());
            tcp::socket& socket = *race->sockets.emplace_back(std::make_unique<tcp::socket>(executor));
            socket.async_connect(addresses[next++], [race, index](error_code ec) {
                if (ec) {
                    ++race->failed;
                } else if (race->winner < 0) {
                    race->winner = index;
                }
                race->wake.cancel();
            });
        } else if (race->failed == race->sockets.size()) {
            break;
        }
        const std::size_t failed = race->failed;
        const TimePoint step = next < addresses.size() ? std::min(deadline, Clock::now() + kNextAddress) : deadline;
        race->wake.expires_at(step);
        co_await race->wake.async_wait(nothrow);  // whatever ended the wait is seen in the race
        const auto state = co_await asio::this_coro::cancellation_state;
        cancelled = state.cancelled() != asio::cancellation_type::none && race->winner < 0 && race->failed == failed;
    }
    error_code result = make_error_code(Errc::connect_failed);
    int fd = -1;
    if (race->winner >= 0) {
        error_code ec;
        fd = race->sockets[static_cast<std::size_t>(race->winner)]->release(ec);
        if (ec) fd = -1;
    } else if (cancelled) {
        result = Errc::cancelled;
    } else if (Clock::now() >= deadline) {
        result = Errc::timed_out;
    }
    for (auto& socket : race->sockets) {
        error_code ignored;
        if (socket->is_open()) socket->close(ignored);
    }
    if (fd < 0) co_return result;
    co_return fd;
}

}  // namespace

std::shared_ptr<const TlsContext> default_client_tls() {
    static const std::shared_ptr<const TlsContext> context = TlsContext::client();
    return context;
}

Task<Result<std::unique_ptr<Connection>>> dial(std::string host, std::uint16_t port, std::shared_ptr<const TlsContext> tls, TimePoint deadline,
                                               std::vector<asio::ip::address> known) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::vector<tcp::endpoint> addresses;
    error_code ec;
    const asio::ip::address literal = asio::ip::make_address(host, ec);
    if (!known.empty()) {
        addresses = in_turn(known, port);
    } else if (!ec) {
        addresses.emplace_back(literal, port);
    } else {
        const Result<Resolver::Addresses> found = co_await Resolver::process().resolve(host, deadline);
        if (!found) co_return found.error();
        addresses = in_turn(*found, port);
    }
    const std::string where = addresses.front().address().to_string();
    Result<int> fd = co_await connect(std::move(addresses), deadline);
    if (!fd) {
        if (fd.error() != Errc::cancelled) Resolver::process().doubt(host);
        co_return fd.error();
    }
    auto connection = std::make_unique<Connection>(executor, *fd, where);
    if (tls) {
        std::string peer = host + ":" + std::to_string(port);
        ec = co_await connection->start_tls(std::move(tls), false, std::move(host), deadline, std::move(peer));
        if (ec) co_return ec;
    }
    co_return std::move(connection);
}

}  // namespace parley::net
