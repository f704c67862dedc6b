#include "parley/sim/gate.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <future>
#include <list>
#include <random>
#include <thread>

#include "parley/net/task.hpp"

namespace parley::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using net::Task;

constexpr std::size_t kPiece = 16 * 1024;
constexpr std::size_t kQueued = 256 * 1024;            // held for latency or bandwidth, each direction
constexpr auto kTick = std::chrono::milliseconds(20);  // of a limited bandwidth

struct Totals {
    std::atomic<std::uint64_t> connections{0}, to_client{0}, to_target{0}, faults{0};
    std::atomic<int> open{0};
};

}  // namespace

class TcpGate::Impl {
public:
    explicit Impl(GateOptions given)
        : options(std::move(given)), random(options.seed), acceptor(context, tcp::endpoint(asio::ip::make_address(options.address), options.port)) {
        port = acceptor.local_endpoint().port();
        asio::co_spawn(context, accept(), asio::detached);
        thread = std::thread([this] { context.run(); });
    }
    ~Impl() { stop(); }

    using Direction = GateFault::Direction;

    struct Held {
        std::string bytes;
        TimePoint due;
    };
    // One direction of one passage.
    struct Lane {
        explicit Lane(asio::any_io_executor executor) : wake(executor, TimePoint::max()), room(executor, TimePoint::max()) {}
        std::deque<Held> held;
        std::size_t queued = 0;
        bool ended = false;  // the source has nothing more
        asio::steady_timer wake, room;
    };
    struct Passage {
        Passage(tcp::socket accepted, asio::any_io_executor executor)
            : client(std::move(accepted)), target(executor), lanes{Lane(executor), Lane(executor)}, over(executor, TimePoint::max()) {}
        tcp::socket client, target;
        std::array<Lane, 2> lanes;  // by Direction
        asio::steady_timer over;
        GateFault fault;
        std::size_t counted = 0;
        bool closed = false, half_open = false;
        int running = 0;
    };

    Task<> accept() {
        for (;;) {
            auto [ec, socket] = co_await acceptor.async_accept(net::nothrow);
            if (ec == asio::error::operation_aborted || !acceptor.is_open()) co_return;
            if (ec) continue;
            ++totals.connections;
            ++totals.open;
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            const auto place = passages.emplace(passages.end(), std::move(socket), context.get_executor());
            ++since_set;
            if (since_set >= from && since_set <= to) place->fault = fault;
            asio::co_spawn(context, pass(*place), [this, place](std::exception_ptr) {
                passages.erase(place);
                --totals.open;
            });
        }
    }

    Task<> pass(Passage& passage) {
        if (passage.fault.swallow) {
            co_await discard(passage.client);
            close(passage);
            co_return;
        }
        tcp::resolver resolver(context);
        auto [resolve_ec, found] = co_await resolver.async_resolve(options.target_host, std::to_string(options.target_port), net::nothrow);
        if (!resolve_ec) {
            auto [ec, endpoint] = co_await asio::async_connect(passage.target, found, net::nothrow);
            resolve_ec = ec;
        }
        if (resolve_ec) {
            close(passage);
            co_return;
        }
        error_code ignored;
        passage.target.set_option(tcp::no_delay(true), ignored);
        for (const auto direction : {Direction::to_client, Direction::to_target}) {
            start(passage, read(passage, direction));
            start(passage, write(passage, direction));
        }
        while (passage.running > 0) co_await passage.over.async_wait(net::nothrow);
        close(passage);
    }

    void start(Passage& passage, Task<> part) {
        ++passage.running;
        asio::co_spawn(context, std::move(part), [&passage](std::exception_ptr) {
            if (--passage.running == 0) passage.over.cancel();
        });
    }

    static Task<> discard(tcp::socket& socket) {
        std::array<char, kPiece> waste{};
        const auto buffer = asio::buffer(waste);
        for (;;) {
            auto [ec, size] = co_await socket.async_read_some(buffer, net::nothrow);
            if (ec) co_return;
        }
    }

    static tcp::socket& source(Passage& passage, Direction direction) { return direction == Direction::to_client ? passage.target : passage.client; }
    static tcp::socket& sink(Passage& passage, Direction direction) { return direction == Direction::to_client ? passage.client : passage.target; }

    Task<> read(Passage& passage, Direction direction) {
        auto& lane = passage.lanes[static_cast<std::size_t>(direction)];
        auto& socket = source(passage, direction);
        std::string piece;
        while (!passage.closed) {
            if (direction == Direction::to_target && passage.fault.stop_reading) {
                co_await passage.over.async_wait(net::nothrow);
                continue;
            }
            while (lane.queued > kQueued && !passage.closed) co_await lane.room.async_wait(net::nothrow);
            piece.resize(kPiece);
            const auto buffer = asio::buffer(piece);
            auto [ec, size] = co_await socket.async_read_some(buffer, net::nothrow);
            if (ec) break;
            if (passage.half_open) continue;
            piece.resize(size);
            auto due = Clock::now() + passage.fault.latency;
            if (passage.fault.jitter.count() > 0) {
                std::uniform_int_distribution<long> spread(-passage.fault.jitter.count(), passage.fault.jitter.count());
                due += std::chrono::milliseconds(spread(random));
            }
            if (!lane.held.empty()) due = std::max(due, lane.held.back().due);
            lane.queued += size;
            lane.held.push_back({std::move(piece), due});
            piece = {};
            lane.wake.cancel();
        }
        lane.ended = true;
        lane.wake.cancel();
        // The client must not see the target go; when the client goes, nobody is left to pretend to.
        if (passage.half_open && direction == Direction::to_target) close(passage);
        while (passage.half_open && !passage.closed) co_await passage.over.async_wait(net::nothrow);
    }

    Task<> write(Passage& passage, Direction direction) {
        auto& lane = passage.lanes[static_cast<std::size_t>(direction)];
        asio::steady_timer timer(context);
        while (!passage.closed) {
            if (lane.held.empty()) {
                if (lane.ended) break;
                co_await lane.wake.async_wait(net::nothrow);
                continue;
            }
            auto held = std::move(lane.held.front());
            lane.held.pop_front();
            if (held.due > Clock::now()) {
                timer.expires_at(held.due);
                co_await timer.async_wait(net::nothrow);
            }
            co_await forward(passage, direction, held.bytes, timer);
            lane.queued -= std::min(lane.queued, held.bytes.size());
            lane.room.cancel();
        }
        error_code ignored;
        if (!passage.closed && !passage.half_open) sink(passage, direction).shutdown(tcp::socket::shutdown_send, ignored);
    }

    Task<> forward(Passage& passage, Direction direction, const std::string& bytes, asio::steady_timer& timer) {
        auto& socket = sink(passage, direction);
        for (std::size_t at = 0; at < bytes.size() && !passage.closed && !passage.half_open;) {
            auto size = bytes.size() - at;
            const auto rate = passage.fault.bytes_per_second;
            if (rate > 0) size = std::min(size, std::max<std::size_t>(1, rate * static_cast<std::size_t>(kTick.count()) / 1000));
            const auto limit = limit_of(passage.fault);
            const bool watched = limit && passage.fault.counted == direction;
            if (watched) size = std::min(size, *limit - std::min(*limit, passage.counted));
            if (size > 0) {
                const auto buffer = asio::buffer(bytes.data() + at, size);
                auto [ec, written] = co_await asio::async_write(socket, buffer, net::nothrow);
                (direction == Direction::to_client ? totals.to_client : totals.to_target) += written;
                if (ec) {
                    close(passage);
                    co_return;
                }
                at += written;
                if (passage.fault.counted == direction) passage.counted += written;
            }
            if (watched && passage.counted >= *limit) {
                strike_now(passage);
                co_return;
            }
            if (rate > 0) {
                timer.expires_after(kTick);
                co_await timer.async_wait(net::nothrow);
            }
        }
    }

    static std::optional<std::size_t> limit_of(const GateFault& fault) {
        std::optional<std::size_t> out;
        for (const auto& one : {fault.half_open_after, fault.reset_after, fault.end_after}) {
            if (one && (!out || *one < *out)) out = one;
        }
        return out;
    }

    void strike_now(Passage& passage) {
        const auto limit = limit_of(passage.fault);
        if (!limit || passage.closed || passage.half_open) return;
        ++totals.faults;
        if (passage.fault.half_open_after == limit) {
            passage.half_open = true;
            for (auto& lane : passage.lanes) {
                lane.held.clear();
                lane.queued = 0;
                lane.room.cancel();
            }
            return;
        }
        error_code ignored;
        for (auto* socket : {&passage.client, &passage.target}) {
            if (!socket->is_open()) continue;
            if (passage.fault.reset_after == limit) {
                socket->set_option(asio::socket_base::linger(true, 0), ignored);
            } else {
                socket->shutdown(tcp::socket::shutdown_send, ignored);
            }
        }
        // Unread bytes would turn the end into a reset: without one, whoever is still talking is heard out.
        if (passage.fault.reset_after == limit) {
            close(passage);
        } else {
            passage.half_open = true;
        }
    }

    static void close(Passage& passage) {
        passage.closed = true;
        error_code ignored;
        passage.client.close(ignored);
        passage.target.close(ignored);
        for (auto& lane : passage.lanes) {
            lane.wake.cancel();
            lane.room.cancel();
        }
        passage.over.cancel();
    }

    // Done when it returns, so that whoever connects next meets it.
    template <class Work>
    void there(Work work) {
        if (stopped) return;
        std::promise<void> done;
        asio::post(context, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    void set(GateFault wanted, int first, int last) {
        there([this, wanted, first, last] {
            fault = wanted;
            from = first;
            to = last;
            since_set = 0;
        });
    }

    void strike(GateFault wanted) {
        there([this, wanted] {
            fault = wanted;
            from = 1;
            to = 1 << 30;
            since_set = 0;
            for (auto& passage : passages) {
                passage.fault = wanted;
                passage.counted = 0;
                if (limit_of(wanted) == std::size_t{0}) strike_now(passage);
            }
        });
    }

    void stop() {
        if (stopped.exchange(true)) return;
        asio::post(context, [this] {
            error_code ignored;
            acceptor.close(ignored);
            for (auto& passage : passages) close(passage);
        });
        thread.join();
    }

    GateOptions options;
    std::mt19937_64 random;
    asio::io_context context{1};
    tcp::acceptor acceptor;
    std::uint16_t port = 0;
    GateFault fault;
    int from = 1, to = 1 << 30, since_set = 0;
    std::list<Passage> passages;  // on the thread only
    Totals totals;
    std::atomic<bool> stopped = false;
    std::thread thread;
};

TcpGate::TcpGate(GateOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
TcpGate::~TcpGate() = default;
std::uint16_t TcpGate::port() const {
    return impl_->port;
}
void TcpGate::set(GateFault fault, int from, int to) {
    impl_->set(fault, from, to);
}
void TcpGate::strike(GateFault fault) {
    impl_->strike(fault);
}
TcpGate::Counts TcpGate::counts() const {
    const auto& totals = impl_->totals;
    return {totals.connections, totals.open, totals.to_client, totals.to_target, totals.faults};
}
void TcpGate::stop() {
    impl_->stop();
}

}  // namespace parley::sim
