// A frame costs no heap allocation in the steady state, in either direction and either role.

#include <malloc.h>

#include <cstdio>

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
    if (!can_count_allocations()) GTEST_SKIP() << "no counting in this build";
    ASSERT_NE(
        [] {
            start_counting_allocations();
            void* p = ::operator new(1);  // a plain call: a new-expression may be optimised away
            const auto n = stop_counting_allocations();
            ::operator delete(p);
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

#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST(WebSocketMemory, a_quiet_server_side_connection_holds_little) {
    EchoServer server;
    constexpr std::size_t kCalls = 200;
    const auto connect = [&] {
        RawPeer peer(server.port());
        peer.send(kUpgrade);
        (void)peer.receive_until("\r\n\r\n");
        const std::string text(330, 'x');
        for (int i = 0; i < 3; ++i) {
            peer.send(client_frame(0x81, text));
            (void)peer.receive_exactly(text.size() + 4);
        }
        return peer;
    };
    std::vector<RawPeer> peers;
    peers.reserve(kCalls + 20);
    for (int i = 0; i < 20; ++i) peers.push_back(connect());  // pools and caches fill
    const std::size_t before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < kCalls; ++i) peers.push_back(connect());
    await_that([&] { return server.server().connections() == 0; });
    const std::size_t each = (::mallinfo2().uordblks - before) / kCalls;
    RecordProperty("bytes_per_connection", static_cast<int>(each));
    std::printf("%zu bytes a connection\n", each);
    EXPECT_LT(each, 5120U);  // of the call's 8 KiB; a good part is the request the echo keeps
}
#endif

}  // namespace
}  // namespace parley::net::test
