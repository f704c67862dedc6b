#include "parley/sim/gate.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "parley/base/clock.hpp"
#include "parley/base/result.hpp"

namespace parley::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// Sends `bytes` to whoever connects and keeps what it is sent, one client after the other, until it is told to stop.
class Server {
public:
    explicit Server(std::size_t bytes) : bytes_(bytes), acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
        accept();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~Server() {
        context_.stop();
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::atomic<std::size_t> received = 0;

private:
    struct Client {
        explicit Client(tcp::socket accepted) : socket(std::move(accepted)) {}
        tcp::socket socket;
        std::string out;
        std::array<char, 4096> in{};
    };
    void accept() {
        acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
            if (ec) return;
            auto client = std::make_shared<Client>(std::move(socket));
            client->out.assign(bytes_, 'd');
            asio::async_write(client->socket, asio::buffer(client->out), [client](error_code, std::size_t) {});
            read(client);
            accept();
        });
    }
    void read(std::shared_ptr<Client> client) {
        client->socket.async_read_some(asio::buffer(client->in), [this, client](error_code ec, std::size_t size) {
            received += size;
            if (!ec) read(client);
        });
    }
    std::size_t bytes_;
    asio::io_context context_;
    tcp::acceptor acceptor_;
    std::thread thread_;
};

struct Got {
    std::size_t bytes = 0;
    error_code ended;  // none: nothing came for `patience`
    double ms = 0;     // until the last byte
};

class GateClient {
public:
    explicit GateClient(const TcpGate& gate) : socket_(context_) { socket_.connect({asio::ip::make_address("127.0.0.1"), gate.port()}); }
    // What a write came to within `patience`: false: it is stuck.
    bool send(std::size_t bytes, std::chrono::milliseconds patience = 2s) {
        out_.assign(bytes, 'u');
        bool done = false;
        asio::async_write(socket_, asio::buffer(out_), [&](error_code ec, std::size_t) { done = !ec; });
        context_.restart();
        context_.run_for(patience);
        if (!done) {
            socket_.cancel();
            context_.restart();
            context_.run();
        }
        return done;
    }
    Got read(std::chrono::milliseconds patience = 300ms) {
        Got got;
        const auto began = Clock::now();
        std::array<char, 65536> piece{};
        for (;;) {
            std::optional<error_code> result;
            socket_.async_read_some(asio::buffer(piece), [&](error_code ec, std::size_t size) {
                got.bytes += size;
                result = ec;
                if (size > 0) got.ms = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
            });
            context_.restart();
            context_.run_for(patience);
            if (!result) {
                socket_.cancel();
                context_.restart();
                context_.run();
                return got;
            }
            if (*result) {
                got.ended = *result;
                return got;
            }
        }
    }

private:
    asio::io_context context_;
    tcp::socket socket_;
    std::string out_;
};

GateOptions to(const Server& server) {
    GateOptions options;
    options.target_port = server.port();
    return options;
}

bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(5ms);
    return holds();
}

TEST(Gate, passes_everything_both_ways_and_counts) {
    Server server(300'000);
    TcpGate gate(to(server));
    {
        GateClient client(gate);
        EXPECT_TRUE(client.send(200'000));
        const auto got = client.read();
        EXPECT_EQ(got.bytes, 300'000u);
        EXPECT_FALSE(got.ended);
        EXPECT_TRUE(eventually([&] { return server.received == 200'000u; }));
        EXPECT_EQ(gate.counts().open, 1);
    }
    EXPECT_TRUE(eventually([&] { return gate.counts().open == 0; }));
    EXPECT_EQ(gate.counts().to_client, 300'000u);
    EXPECT_EQ(gate.counts().to_target, 200'000u);
}

struct EndCase {
    const char* name;
    GateFault fault;
    std::size_t bytes;
    error_code ended;
};
GateFault resetting(std::size_t after) {
    GateFault fault;
    fault.reset_after = after;
    return fault;
}
GateFault ending(std::size_t after) {
    GateFault fault;
    fault.end_after = after;
    return fault;
}
GateFault half_open(std::size_t after) {
    GateFault fault;
    fault.half_open_after = after;
    return fault;
}
GateFault swallowing() {
    GateFault fault;
    fault.swallow = true;
    return fault;
}

class GateEnds : public testing::TestWithParam<EndCase> {};
TEST_P(GateEnds, after_exactly_so_many_bytes) {
    Server server(100'000);
    TcpGate gate(to(server));
    gate.set(GetParam().fault);
    GateClient client(gate);
    const auto got = client.read();
    // Bytes that a reset overtakes are lost with it.
    if (GetParam().ended == asio::error::connection_reset)
        EXPECT_LE(got.bytes, GetParam().bytes);
    else
        EXPECT_EQ(got.bytes, GetParam().bytes);
    EXPECT_EQ(got.ended, GetParam().ended);
}
INSTANTIATE_TEST_SUITE_P(cases, GateEnds,
                         testing::Values(EndCase{"reset", resetting(777), 777, asio::error::connection_reset},
                                         EndCase{"reset_at_once", resetting(0), 0, asio::error::connection_reset},
                                         EndCase{"fin", ending(12345), 12345, asio::error::eof}, EndCase{"fin_at_once", ending(0), 0, asio::error::eof},
                                         EndCase{"half_open", half_open(50'001), 50'001, {}}, EndCase{"swallow", swallowing(), 0, {}}),
                         [](const auto& one) { return one.param.name; });

TEST(Gate, half_open_still_takes_what_the_client_sends) {
    Server server(10);
    TcpGate gate(to(server));
    gate.set(half_open(5));
    GateClient client(gate);
    EXPECT_EQ(client.read().bytes, 5u);
    EXPECT_TRUE(client.send(8'000'000));
    EXPECT_EQ(server.received, 0u);
    EXPECT_EQ(gate.counts().faults, 1u);
}

TEST(Gate, that_stops_reading_lets_writes_get_stuck) {
    Server server(1000);
    TcpGate gate(to(server));
    GateFault fault;
    fault.stop_reading = true;
    gate.set(fault);
    GateClient client(gate);
    EXPECT_FALSE(client.send(32'000'000, 500ms));
    EXPECT_EQ(client.read().bytes, 1000u);
}

TEST(Gate, counts_the_other_direction_too) {
    Server server(0);
    TcpGate gate(to(server));
    auto fault = resetting(3000);
    fault.counted = GateFault::Direction::to_target;
    gate.set(fault);
    GateClient client(gate);
    (void)client.send(2999);
    EXPECT_FALSE(client.read(200ms).ended);
    (void)client.send(1);
    EXPECT_EQ(client.read().ended, asio::error::connection_reset);
    EXPECT_EQ(gate.counts().to_target, 3000u);
}

TEST(Gate, limits_bandwidth_and_delays) {
    Server server(3000);
    TcpGate gate(to(server));
    GateFault slow;
    slow.bytes_per_second = 6000;
    slow.latency = 200ms;
    slow.jitter = 50ms;
    gate.set(slow);
    GateClient client(gate);
    const auto got = client.read(1s);
    EXPECT_EQ(got.bytes, 3000u);
    EXPECT_GE(got.ms, 550);  // 150 to 250 of latency, 25 ticks of 20 for the bytes
}

TEST(Gate, strikes_open_connections_on_command_and_spares_those_not_meant) {
    Server server(100);
    TcpGate gate(to(server));
    GateClient open(gate);
    EXPECT_EQ(open.read().bytes, 100u);
    gate.strike(ending(0));
    EXPECT_EQ(open.read().ended, asio::error::eof);
    gate.set(resetting(0), 2, 2);
    GateClient first(gate);
    EXPECT_EQ(first.read().bytes, 100u);
    GateClient second(gate);
    EXPECT_TRUE(second.read().ended);
    GateClient third(gate);
    EXPECT_EQ(third.read().bytes, 100u);
}

TEST(Gate, closes_what_it_cannot_connect) {
    GateOptions nowhere;
    {
        Server gone(0);
        nowhere.target_port = gone.port();
    }
    TcpGate gate(nowhere);
    GateClient client(gate);
    EXPECT_TRUE(client.read().ended);
}

}  // namespace
}  // namespace parley::sim
