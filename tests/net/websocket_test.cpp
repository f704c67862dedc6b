// WebSocket over real sockets: both roles against each other and against raw peers.

#include "parley/net/websocket.hpp"

#include <vector>

#include "parley/net/nursery.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

Task<std::vector<std::string>> read_messages(WebSocket& socket, std::size_t count) {
    std::vector<std::string> messages;
    while (messages.size() < count) {
        const error_code ec = co_await socket.fill();
        if (ec) break;
        while (auto message = socket.next()) messages.emplace_back(message->payload.data(), message->payload.size());
    }
    co_return messages;
}

Task<std::unique_ptr<WebSocket>> connected(std::string url) {
    ConnectOptions options(std::move(url));
    Result<std::unique_ptr<WebSocket>> result = co_await ws_connect(std::move(options));
    if (!result) throw std::runtime_error("connect: " + result.error().message());
    co_return std::move(*result);
}

TEST(WebSocket, echoes_both_ways_and_closes_cleanly) {
    EchoServer server;
    Worker worker;
    worker.start();
    run_on<void>(worker, [&]() -> Task<> {
        auto socket = co_await connected(server.ws_url());
        EXPECT_TRUE(socket->open());
        EXPECT_EQ(socket->remote_address(), "127.0.0.1");
        EXPECT_TRUE(socket->send(WsOpcode::text, "hello"));
        EXPECT_TRUE(socket->send(WsOpcode::binary, std::string(70000 - 10000, 'x')));
        const auto messages = co_await read_messages(*socket, 2);
        EXPECT_EQ(messages.size(), 2U);
        EXPECT_EQ(messages.at(0), "hello");
        EXPECT_EQ(messages.at(1), std::string(60000, 'x'));
        co_await socket->close(1000, "done");
        co_await socket->close(1000, "again");
        EXPECT_FALSE(socket->open());
        EXPECT_EQ(socket->closed().code, 1000);
        EXPECT_TRUE(socket->closed().by_us);
        EXPECT_FALSE(socket->send(WsOpcode::text, "late"));
        const error_code ec = co_await socket->fill();
        EXPECT_EQ(ec, Errc::closed);
    });
    await_that([&] { return server.sockets_ended == 1; });
    EXPECT_EQ(server.last_close().code, 1000);
    EXPECT_EQ(server.last_close().fault, WsFault::closed_by_peer);
    EXPECT_FALSE(server.last_close().by_us);
}

TEST(WebSocket, delivers_all_messages_of_one_segment) {
    EchoServer server;
    RawPeer peer(server.port());
    std::string burst(kUpgrade);  // even those pipelined behind the upgrade
    for (int i = 0; i < 50; ++i) burst += client_frame(0x81, "message " + std::to_string(i));
    peer.send(burst);
    const std::string head = peer.receive_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 "));
    EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    std::string expected;
    for (int i = 0; i < 50; ++i) expected += server_frame(0x81, "message " + std::to_string(i));
    EXPECT_EQ(peer.receive_exactly(expected.size()), expected);
}

TEST(WebSocket, survives_one_byte_segments) {
    EchoServer server;
    RawPeer peer(server.port());
    peer.send_bytewise(kUpgrade);
    EXPECT_TRUE(peer.receive_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    const std::string text(300, 'a');
    peer.send_bytewise(client_frame(0x01, text.substr(0, 100)) + client_frame(0x89, "beat") + client_frame(0x80, text.substr(100)));
    const std::string expected = server_frame(0x8a, "beat") + server_frame(0x81, text);
    EXPECT_EQ(peer.receive_exactly(expected.size()), expected);
    peer.send_bytewise(client_frame(0x88, close_payload(1000)));
    EXPECT_EQ(peer.receive_all(), server_frame(0x88, close_payload(1000)));
}

}  // namespace
}  // namespace parley::net::test
