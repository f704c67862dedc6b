// What a hostile or dying WebSocket peer gets: rows M13 to M18, N6, N8, N13, N16 of the failure catalogue, with raw
// peers.

#include <gmock/gmock.h>

#include "support.hpp"

namespace parley::net::test {
namespace {

RawPeer upgraded(const EchoServer& server) {
    RawPeer peer(server.port());
    peer.send(kUpgrade);
    EXPECT_TRUE(peer.receive_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    return peer;
}

struct FaultCase {
    const char* name;
    std::string bytes;
    std::uint16_t code;
    WsFault fault;
};
class WsFaults : public testing::TestWithParam<FaultCase> {};

TEST_P(WsFaults, close_frame_with_code_then_end) {
    EchoServer server;
    RawPeer peer = upgraded(server);
    peer.send(client_frame(0x81, "first") + GetParam().bytes);
    EXPECT_EQ(peer.receive_all(), server_frame(0x81, "first") + server_frame(0x88, close_payload(GetParam().code)));
    await_that([&] { return server.sockets_ended == 1; });
    EXPECT_EQ(server.last_close().code, GetParam().code);
    EXPECT_EQ(server.last_close().fault, GetParam().fault);
    EXPECT_TRUE(server.last_close().by_us);
    RawPeer fresh = upgraded(server);  // the server lives
    fresh.send(client_frame(0x81, "x"));
    EXPECT_EQ(fresh.receive_exactly(3), server_frame(0x81, "x"));
}

std::string many(std::string_view unit, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += unit;
    return all;
}

INSTANTIATE_TEST_SUITE_P(
    table, WsFaults,
    testing::Values(FaultCase{"m13_text_over_the_limit", client_frame(0x81, std::string(64 * 1024 + 1, 'x')), 1009, WsFault::too_big},
                    FaultCase{"m13_announced_gigabytes", std::string("\x81\xff\x00\x00\x00\x7f\x00\x00\x00\x00", 10), 1009, WsFault::too_big},
                    FaultCase{"m14_endless_fragments", client_frame(0x01, "a") + many(client_frame(0x00, std::string(1000, 'b')), 80), 1009, WsFault::too_big},
                    FaultCase{"m14_one_byte_fragments", client_frame(0x02, "a") + many(client_frame(0x00, "b"), 64 * 1024), 1009, WsFault::too_big},
                    FaultCase{"m15_invalid_utf8", client_frame(0x81, "\xed\xa0\x80"), 1007, WsFault::utf8},
                    FaultCase{"m17_unmasked", server_frame(0x81, "x"), 1002, WsFault::framing},
                    FaultCase{"m17_reserved_bit", client_frame(0xc1, "x"), 1002, WsFault::framing},
                    FaultCase{"m17_reserved_opcode", client_frame(0x83, "x"), 1002, WsFault::framing},
                    FaultCase{"m17_long_ping", client_frame(0x89, std::string(126, 'x')), 1002, WsFault::framing},
                    FaultCase{"m17_fragmented_ping", client_frame(0x09, "x"), 1002, WsFault::framing},
                    FaultCase{"m17_bad_close_code", client_frame(0x88, close_payload(1005)), 1002, WsFault::framing}),
    [](const auto& info) { return info.param.name; });

TEST(WebSocketLimits, message_of_exactly_the_limit_passes) {
    EchoServer server;
    RawPeer peer = upgraded(server);
    const std::string text(64 * 1024, 'x');
    peer.send(client_frame(0x81, text));
    const std::string expected = server_frame(0x81, text);
    EXPECT_EQ(peer.receive_exactly(expected.size()), expected);
}

TEST(WebSocketLimits, m18_ten_pings_are_answered_then_1008) {
    EchoServer server;
    RawPeer peer = upgraded(server);
    std::string flood, expected;
    for (int i = 0; i < 1000; ++i) flood += client_frame(0x89, std::to_string(i));
    for (int i = 0; i < 10; ++i) expected += server_frame(0x8a, std::to_string(i));
    peer.send(flood);
    EXPECT_EQ(peer.receive_all(), expected + server_frame(0x88, close_payload(1008)));
    await_that([&] { return server.sockets_ended == 1; });
    EXPECT_EQ(server.last_close().fault, WsFault::flood);
}

TEST(WebSocketLimits, m18_pong_flood_ends_the_same) {
    EchoServer server;
    RawPeer peer = upgraded(server);
    std::string flood;
    for (int i = 0; i < 100; ++i) flood += client_frame(0x8a, "");
    peer.send(flood);
    EXPECT_EQ(peer.receive_all(), server_frame(0x88, close_payload(1008)));
}

TEST(WebSocketLimits, m14_message_that_never_ends_is_ended) {
    WsLimits limits;
    limits.message_time = std::chrono::milliseconds(300);
    EchoServer server({}, limits);
    RawPeer peer = upgraded(server);
    peer.send(client_frame(0x01, "begun"));
    EXPECT_EQ(peer.receive_all(), server_frame(0x88, close_payload(1008)));
    await_that([&] { return server.sockets_ended == 1; });
    EXPECT_EQ(server.last_close().fault, WsFault::fragmentation);
    RawPeer half = upgraded(server);
    half.send(client_frame(0x81, std::string(100, 'x')).substr(0, 50));  // one frame that never ends
    EXPECT_EQ(half.receive_all(), server_frame(0x88, close_payload(1008)));
}

TEST(WebSocketLimits, n13_pings_go_out_on_a_quiet_socket_and_silence_ends_it) {
    WsLimits limits;
    limits.ping_every = std::chrono::milliseconds(200);
    EchoServer server({}, limits);
    RawPeer peer = upgraded(server);
    EXPECT_EQ(peer.receive_exactly(2), server_frame(0x89, ""));
    EXPECT_EQ(peer.receive_exactly(2), server_frame(0x89, ""));
    // The peer answers nothing at all: after twice the interval and a second it is given up.
    while (!peer.receive().empty()) {
    }
    await_that([&] { return server.sockets_ended == 1; });
    EXPECT_EQ(server.last_close().fault, WsFault::idle);
    EXPECT_EQ(server.last_close().code, 1006);
}

TEST(WebSocketLimits, n8_end_without_close_frame_and_n6_reset) {
    EchoServer server;
    {
        RawPeer peer = upgraded(server);
        peer.finish_writing();
        await_that([&] { return server.sockets_ended == 1; });
        EXPECT_EQ(server.last_close().code, 1006);
        EXPECT_EQ(server.last_close().fault, WsFault::connection_lost);
        EXPECT_FALSE(server.last_close().by_us);
    }
    const std::string frame = client_frame(0x81, std::string(200, 'x'));
    for (std::size_t cut = 0; cut <= frame.size(); cut += 13) {
        RawPeer peer = upgraded(server);
        peer.send(frame.substr(0, cut));
        const int before = server.sockets_ended;
        peer.reset();
        await_that([&] { return server.sockets_ended > before; });
        EXPECT_EQ(server.last_close().fault, WsFault::connection_lost);
    }
}

// A server that only talks, until the outbox refuses.
Task<> talk(HttpUpgrade upgrade, WsLimits limits, std::atomic<int>& accepted, std::atomic<bool>& refused, std::atomic<int>& fault,
            std::atomic<std::size_t>& outbox) {
    auto result = ws_accept(std::move(upgrade), limits);
    if (!result) co_return;
    std::unique_ptr<WebSocket> socket = std::move(*result);
    const std::string frame(16000, 'x');
    while (socket->send(WsOpcode::text, frame)) ++accepted;
    outbox = socket->outbox_bytes();
    refused = true;
    while (true) {
        const error_code ec = co_await socket->fill();
        if (ec) break;
    }
    fault = static_cast<int>(socket->closed().fault);
}

TEST(WebSocketLimits, n16_a_peer_that_does_not_read_fills_a_bounded_outbox_and_is_given_up) {
    WsLimits limits;
    limits.send_stall = std::chrono::milliseconds(400);
    std::atomic<int> accepted{0}, fault{-1};
    std::atomic<bool> refused{false};
    std::atomic<std::size_t> outbox{0};
    EchoServer server([&](HttpServerOptions& options) {
        options.upgrade = [&, limits](HttpUpgrade upgrade) -> Task<> { return talk(std::move(upgrade), limits, accepted, refused, fault, outbox); };
    });
    RawPeer peer(server.port());
    peer.send(kUpgrade);
    await_that([&] { return refused.load(); });
    EXPECT_LE(outbox.load(), limits.outbox);
    EXPECT_GT(outbox.load(), limits.outbox - 16010);
    await_that([&] { return fault.load() >= 0; });
    EXPECT_EQ(fault.load(), static_cast<int>(WsFault::send_blocked));
}

TEST(WebSocketLimits, an_outbox_that_filled_is_sent_whole_when_the_peer_reads_again) {
    std::atomic<int> accepted{0}, fault{-1};
    std::atomic<bool> refused{false};
    std::atomic<std::size_t> outbox{0};
    EchoServer server([&](HttpServerOptions& options) {
        options.upgrade = [&](HttpUpgrade upgrade) -> Task<> { return talk(std::move(upgrade), {}, accepted, refused, fault, outbox); };
    });
    RawPeer peer(server.port());
    peer.send(kUpgrade);
    await_that([&] { return refused.load(); });
    (void)peer.receive_until("\r\n\r\n");
    const std::string frame = server_frame(0x81, std::string(16000, 'x'));
    for (int i = 0; i < accepted; ++i) ASSERT_EQ(peer.receive_exactly(frame.size()), frame) << i;
}

}  // namespace
}  // namespace parley::net::test
