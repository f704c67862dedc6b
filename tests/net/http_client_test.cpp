#include "parley/net/http_client.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "parley/net/deadline.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

std::string reply(const std::string& body, const std::string& fields = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

class HttpClientTest : public testing::Test {
protected:
    HttpClientTest() { worker.start(); }
    ~HttpClientTest() override {
        run_on<void>(worker, [this]() -> Task<> {
            client.reset();
            co_return;
        });
    }
    Result<HttpReply> fetch(HttpCall call) {
        return run_on<Result<HttpReply>>(worker, [&]() -> Task<Result<HttpReply>> {
            if (!client) client = std::make_unique<HttpClient>(worker.executor());
            return client->request(call);
        });
    }
    std::string url(std::string_view path = "/") const { return "http://127.0.0.1:" + std::to_string(peer.port()) + std::string(path); }
    HttpCall get(std::string_view path = "/", Duration within = std::chrono::seconds(10)) const { return HttpCall("GET", url(path), within); }
    // Serves on a thread of its own while `body` runs.
    template <class Script>
    std::jthread script(Script run) {
        return std::jthread(std::move(run));
    }
    RawListener peer;
    Worker worker;
    std::unique_ptr<HttpClient> client;
};

TEST_F(HttpClientTest, sends_what_it_is_told_and_reads_one_byte_segments) {
    std::string seen;
    auto server = script([&] {
        RawPeer connection = peer.accept();
        seen = connection.receive_until("\r\n\r\n") + connection.receive_exactly(5);
        connection.send_bytewise("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    });
    HttpCall call("POST", url("/a?b=c"), std::chrono::seconds(10));
    call.body = "hello";
    call.headers.add("X-Mine", "yes");
    call.headers.add("Evil", "a\r\nX: y");  // left out
    const Result<HttpReply> answer = fetch(call);
    server.join();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, "abcde");
    EXPECT_EQ(answer->headers.get("x-a"), "b");
    EXPECT_EQ(seen, "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) + "\r\nX-Mine: yes\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(HttpClientTest, keeps_connections_and_looks_at_them_before_reuse) {
    std::promise<void> ended;
    auto server = script([&] {
        {
            RawPeer first = peer.accept();
            for (int i = 0; i < 3; ++i) {
                (void)first.receive_until("\r\n\r\n");
                first.send(reply("one"));
            }
        }  // FIN while idle
        ended.set_value();
        RawPeer second = peer.accept();
        (void)second.receive_until("\r\n\r\n");
        second.send(reply("two", "Connection: close\r\n"));
    });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fetch(get())->body, "one");
    ended.get_future().wait();
    HttpCall post("POST", url(),
                  std::chrono::seconds(10));  // not repeatable: the dead connection must be noticed before
    const auto answer = fetch(post);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "two");
    EXPECT_EQ(client->idle_connections(), 0U);
}

TEST_F(HttpClientTest, reuse_race_is_retried_once_when_harmless) {
    int requests = 0;
    auto server = script([&] {
        {
            RawPeer first = peer.accept();
            (void)first.receive_until("\r\n\r\n");
            first.send(reply("one"));
            (void)first.receive_until("\r\n\r\n");  // the second request is read and the connection ends unanswered
            ++requests;
        }
        RawPeer second = peer.accept();
        (void)second.receive_until("\r\n\r\n");
        ++requests;
        second.send(reply("two"));
        (void)second.receive_until("\r\n\r\n");  // a POST
        ++requests;
    });
    EXPECT_EQ(fetch(get())->body, "one");
    EXPECT_EQ(fetch(get())->body, "two");
    EXPECT_EQ(requests, 2);
    const auto lost = fetch(HttpCall("POST", url(), std::chrono::seconds(10)));
    EXPECT_FALSE(lost);
    server.join();
    EXPECT_EQ(requests, 3);  // not sent twice
}

TEST_F(HttpClientTest, what_must_not_be_done_twice_is_never_sent_again) {
    struct Case {
        std::string method;
        bool declared;
        int times;
    };
    for (const auto& [method, declared, times] : std::vector<Case>{
             {"PUT", false, 1}, {"DELETE", false, 1}, {"PATCH", false, 1}, {"POST", false, 1}, {"PUT", true, 2}, {"DELETE", true, 2}, {"POST", true, 2}}) {
        SCOPED_TRACE(method + (declared ? ", declared" : ""));
        std::atomic<int> requests{0};
        auto server = script([&, most = times] {
            {
                RawPeer first = peer.accept();
                (void)first.receive_until("\r\n\r\n");
                first.send(reply("one"));
                if (!first.receive_until("\r\n\r\n").empty()) ++requests;  // read, and the connection ends unanswered
            }
            RawPeer second = peer.accept();
            if (second.receive_until("\r\n\r\n").find(" /last ") == std::string::npos) ++requests;
            second.send(reply("two", "Connection: close\r\n"));
            if (most == 1) return;
            RawPeer third = peer.accept();
            (void)third.receive_until("\r\n\r\n");
            third.send(reply("three", "Connection: close\r\n"));
        });
        EXPECT_EQ(fetch(get())->body, "one");
        HttpCall call(method, url(), std::chrono::seconds(10));
        if (declared) call.headers.add("Idempotency-Key", "k");
        const auto answer = fetch(call);
        EXPECT_EQ(static_cast<bool>(answer), times == 2);
        EXPECT_TRUE(fetch(get("/last")));
        server.join();
        EXPECT_EQ(requests, times);
    }
}

TEST_F(HttpClientTest, deadline_bounds_a_silent_and_a_dripping_server) {
    auto server = script([&] {
        RawPeer silent = peer.accept();
        RawPeer dripping = peer.accept();
        dripping.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        (void)dripping.receive_all();
    });
    EXPECT_EQ(fetch(get("/", std::chrono::milliseconds(200))).error(), Errc::timed_out);
    EXPECT_EQ(fetch(get("/", std::chrono::milliseconds(200))).error(), Errc::timed_out);
    EXPECT_EQ(client->idle_connections(), 0U);
}

TEST_F(HttpClientTest, bounds_and_nonsense) {
    struct Case {
        const char* bytes;
        Errc error;
    };
    const std::string huge_head = "HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x') + "\r\n\r\n";
    const Case cases[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", Errc::too_large},
                          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", Errc::too_large},
                          {"HTTP/1.1 200 OK\r\n\r\n01234567890", Errc::too_large},
                          {huge_head.c_str(), Errc::too_large},
                          {"SSH-2.0-OpenSSH\r\n\r\n", Errc::malformed},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Errc::malformed},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Errc::end_of_stream}};
    for (const Case& c : cases) {
        auto server = script([&] {
            RawPeer connection = peer.accept();
            (void)connection.receive_until("\r\n\r\n");
            connection.send(c.bytes);
        });
        HttpCall call = get();
        call.body_limit = 10;
        const auto answer = fetch(call);
        ASSERT_FALSE(answer) << c.bytes;
        EXPECT_EQ(answer.error(), c.error) << c.bytes << ": " << answer.error().message();
    }
}

TEST_F(HttpClientTest, interim_replies_head_and_bodies_until_the_end) {
    auto server = script([&] {
        RawPeer connection = peer.accept();
        (void)connection.receive_until("\r\n\r\n");
        connection.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
        (void)connection.receive_until("\r\n\r\n");
        connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    HttpCall head("HEAD", url(), std::chrono::seconds(10));
    const auto first = fetch(head);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->body, "");
    const auto second = fetch(get());
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(second->body, "until the end");
}

TEST_F(HttpClientTest, redirects_only_when_allowed_and_without_credentials_abroad) {
    RawListener abroad;
    std::string seen_home, seen_abroad;
    auto server = script([&] {
        RawPeer home = peer.accept();
        for (int i = 0; i < 2; ++i) {
            (void)home.receive_until("\r\n\r\n");
            home.send("HTTP/1.1 302 Found\r\nLocation: next?x=1\r\nContent-Length: 0\r\n\r\n");
        }
        seen_home = home.receive_until("\r\n\r\n");
        home.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + std::to_string(abroad.port()) + "/far\r\nContent-Length: 0\r\n\r\n");
        RawPeer far = abroad.accept();
        seen_abroad = far.receive_until("\r\n\r\n");
        far.send(reply("far"));
    });
    EXPECT_EQ(fetch(get("/a/b"))->status, 302);
    HttpCall call = get("/a/b");
    call.redirects = 2;
    call.headers.add("Authorization", "Bearer secret");
    const auto answer = fetch(call);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "far");
    EXPECT_THAT(seen_home, testing::AllOf(testing::StartsWith("GET /a/next?x=1 "), testing::HasSubstr("Bearer secret")));
    EXPECT_THAT(seen_abroad, testing::Not(testing::HasSubstr("secret")));
}

TEST_F(HttpClientTest, refused_connection_and_bad_urls) {
    std::uint16_t free_port;
    {
        RawListener gone;
        free_port = gone.port();
    }
    EXPECT_EQ(fetch(HttpCall("GET", "http://127.0.0.1:" + std::to_string(free_port) + "/", std::chrono::seconds(5))).error(), Errc::connect_failed);
    EXPECT_EQ(fetch(HttpCall("GET", "ws://127.0.0.1/", std::chrono::seconds(5))).error(), Errc::bad_url);
    EXPECT_EQ(fetch(HttpCall("G T", url(), std::chrono::seconds(5))).error(), Errc::malformed);
}

TEST_F(HttpClientTest, many_at_once_share_the_pool) {
    EchoServer echo;
    run_on<void>(worker, [&]() -> Task<> {
        client = std::make_unique<HttpClient>(worker.executor());
        std::size_t done = 0;
        auto one = [](HttpClient& http, std::string where, std::size_t& count) -> Task<> {
            HttpCall call("GET", std::move(where), std::chrono::seconds(10));
            Result<HttpReply> answer = co_await http.request(std::move(call));
            EXPECT_TRUE(answer && answer->status == 200);
            ++count;
        };
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 50; ++i) asio::co_spawn(worker.executor(), one(*client, echo.http_url("/hello"), done), [](std::exception_ptr) {});
            while (done < 50U * static_cast<std::size_t>(round + 1)) (void)co_await sleep_until(Clock::now() + std::chrono::milliseconds(5));
            EXPECT_EQ(client->idle_connections(), 8U);
        }
    });
}

TEST(WsConnect, refuses_wrong_answers) {
    struct Case {
        const char* bytes;
        Errc error;
        int status;
    };
    const Case cases[] = {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Errc::refused, 403},
                          {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                           "Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
                           Errc::malformed, 101},
                          {"HTTP/1.1 101 Switching Protocols\r\n\r\n", Errc::malformed, 101},
                          {"nonsense\r\n\r\n", Errc::malformed, 0},
                          {"", Errc::end_of_stream, 0}};
    Worker worker;
    worker.start();
    for (const Case& c : cases) {
        RawListener listener;
        std::jthread server([&] {
            RawPeer peer = listener.accept();
            (void)peer.receive_until("\r\n\r\n");
            peer.send(c.bytes);
        });
        run_on<void>(worker, [&]() -> Task<> {
            HttpReply answer;
            ConnectOptions options("ws://127.0.0.1:" + std::to_string(listener.port()) + "/x");
            Result<std::unique_ptr<WebSocket>> socket = co_await ws_connect(std::move(options), {}, &answer);
            EXPECT_FALSE(socket.has_value());
            EXPECT_EQ(socket.error(), c.error) << c.bytes;
            EXPECT_EQ(answer.status, c.status);
        });
    }
    run_on<void>(worker, [&]() -> Task<> {
        RawListener mute;
        ConnectOptions options("ws://127.0.0.1:" + std::to_string(mute.port()) + "/x");
        options.deadline = std::chrono::milliseconds(200);
        Result<std::unique_ptr<WebSocket>> socket = co_await ws_connect(std::move(options));
        EXPECT_EQ(socket.error(), Errc::timed_out);
    });
}

}  // namespace
}  // namespace parley::net::test
