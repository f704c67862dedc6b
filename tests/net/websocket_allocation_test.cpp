// A frame costs no heap allocation in the steady state, in either direction and either role.

#include "allocation_count.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

// `begun` runs after the first exchange, when the coroutine itself is set up.
Task<> exchange(WebSocket& socket, std::string_view frame, int count, std::function<void()> begun) {
    for (int i = 0; i < count; ++i) {
        if (i == 1 || count == 1) begun();
        EXPECT_TRUE(socket.send(WsOpcode::text, frame));
        const error_code ec = co_await socket.fill();
        EXPECT_FALSE(ec) << ec.message();
        if (ec) co_return;
        auto message = socket.next();
        EXPECT_TRUE(message.has_value());
        if (message) EXPECT_EQ(message->payload.size(), frame.size());
    }
}

TEST(WebSocketAllocations, none_over_a_thousand_frames_each_way) {
    ASSERT_NE(
        [] {
            start_counting_allocations();
            auto* p = new int(1);
            const auto n = stop_counting_allocations();
            delete p;
            return n;
        }(),
        0U)
        << "the counter counts";
    EchoServer server;
    Worker worker;
    worker.start();
    const std::string frame(330, 'm');
    const auto total = run_on<std::uint64_t>(worker, [&]() -> Task<std::uint64_t> {
        ConnectOptions options(server.ws_url());
        Result<std::unique_ptr<WebSocket>> connected = co_await ws_connect(std::move(options));
        EXPECT_TRUE(connected.has_value());
        std::unique_ptr<WebSocket> socket = std::move(*connected);
        std::uint64_t count = 0, server_count = 0;
        co_await exchange(*socket, frame, 200, [] {});  // caches fill
        co_await exchange(*socket, frame, 1, [&] {
            std::promise<void> armed;
            server.worker().post([&] {
                start_counting_allocations();
                armed.set_value();
            });
            armed.get_future().wait();
        });
        co_await exchange(*socket, frame, 1001, [] { start_counting_allocations(); });
        count = stop_counting_allocations();
        std::promise<std::uint64_t> theirs;
        server.worker().post([&] { theirs.set_value(stop_counting_allocations()); });
        server_count = theirs.get_future().get();
        EXPECT_EQ(count, 0U) << "client role";
        EXPECT_EQ(server_count, 0U) << "server role, batching";
        co_return count + server_count;
    });
    EXPECT_EQ(total, 0U);
}

}  // namespace
}  // namespace parley::net::test
