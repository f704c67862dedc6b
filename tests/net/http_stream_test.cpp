#include "parley/net/http_stream.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "support.hpp"

namespace parley::net::test {
namespace {

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class HttpStreamTest : public testing::Test {
protected:
    HttpStreamTest() { worker.start(); }

    // Reads until the end and answers the pieces and the error; calls `got` after each piece.
    Task<error_code> read_all(std::vector<std::string>& pieces, std::function<void()> got) {
        HttpClient client(worker.executor());
        HttpCall call("GET", "http://127.0.0.1:" + std::to_string(peer.port()) + "/", std::chrono::seconds(10));
        auto opened = co_await client.open(std::move(call));
        if (!opened) co_return opened.error();
        auto stream = std::move(*opened);
        got();
        while (true) {
            auto piece = co_await stream->read(Clock::now() + std::chrono::seconds(10));
            if (!piece) co_return piece.error();
            pieces.push_back(std::move(*piece));
            got();
        }
    }
    RawListener peer;
    Worker worker;
};

TEST_F(HttpStreamTest, what_has_come_does_not_wait_for_what_comes_next) {
    std::vector<std::string> pieces;
    std::promise<void> reached[3];
    std::size_t at = 0;
    bool in_time = true;
    // Each step is sent only when the one before has been given to the reader.
    std::jthread server([&] {
        RawPeer connection = peer.accept();
        connection.receive_until("\r\n\r\n");
        const auto wait = [&](std::size_t step) {
            in_time = in_time && reached[step].get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
        };
        connection.send(kHead);
        wait(0);
        connection.send("5\r\nfirst\r\n");
        wait(1);
        connection.send("6\r\nsecond\r\n");
        wait(2);
        connection.send("0\r\n\r\n");
    });
    const auto end = run_on<error_code>(worker, [&]() -> Task<error_code> {
        return read_all(pieces, [&] {
            if (at < 3) reached[at++].set_value();
        });
    });
    server.join();
    EXPECT_TRUE(in_time);
    EXPECT_EQ(end, Errc::end_of_stream);
    EXPECT_THAT(pieces, testing::ElementsAre("first", "second"));
}

TEST_F(HttpStreamTest, a_connection_that_ends_too_early_is_not_the_end_of_the_body) {
    for (const std::string body : {"5\r\nfirst\r\n", "5\r\nfirst\r\n6\r\nsec", "", "HTTP/1.1"}) {
        std::vector<std::string> pieces;
        std::jthread server([&] {
            RawPeer connection = peer.accept();
            connection.receive_until("\r\n\r\n");
            connection.send(std::string(kHead) + body);
        });
        const auto end = run_on<error_code>(worker, [&]() -> Task<error_code> { return read_all(pieces, [] {}); });
        EXPECT_TRUE(end) << body;
        EXPECT_NE(end, Errc::end_of_stream) << body;
    }
}

TEST_F(HttpStreamTest, a_body_without_length_ends_with_the_connection) {
    std::vector<std::string> pieces;
    std::jthread server([&] {
        RawPeer connection = peer.accept();
        connection.receive_until("\r\n\r\n");
        connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
    });
    const auto end = run_on<error_code>(worker, [&]() -> Task<error_code> { return read_all(pieces, [] {}); });
    EXPECT_EQ(end, Errc::end_of_stream);
    std::string whole;
    for (const auto& piece : pieces) whole += piece;
    EXPECT_EQ(whole, "all of it");
}

}  // namespace
}  // namespace parley::net::test
