// The HTTP server under raw peers: rows W7, S4, S7, S8, S9, S27, S33, R8, M33 and M34 of the failure catalogue.

#include "parley/net/http_server.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <dirent.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "support.hpp"

namespace parley::net::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string exchange(std::uint16_t port, std::string_view bytes) {
    RawPeer peer(port);
    peer.send(bytes);
    peer.finish_writing();
    return peer.receive_all();
}

TEST(HttpServer, answers_and_keeps_the_connection) {
    EchoServer server;
    RawPeer peer(server.port());
    for (int i = 0; i < 3; ++i) {
        peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        const std::string response = peer.receive_response();
        EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(response, testing::EndsWith("\r\n\r\nhello"));
        EXPECT_THAT(response, Not(HasSubstr("Server:")));
    }
    EXPECT_EQ(server.handled, 3);
}

TEST(HttpServer, one_byte_segments_and_pipelined_requests) {
    EchoServer server;
    RawPeer slow(server.port());
    slow.send_bytewise(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
        "1\r\n\r\n");
    EXPECT_THAT(slow.receive_response(), testing::EndsWith("\r\n\r\nabcde"));
    RawPeer fast(server.port());
    std::string all;
    for (int i = 0; i < 20; ++i) all += "GET /hello?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    fast.send(all);
    for (int i = 0; i < 20; ++i) EXPECT_THAT(fast.receive_response(), testing::EndsWith("hello " + std::to_string(i) + "\n"));
}

TEST(HttpServer, head_and_http_1_0_and_close) {
    EchoServer server;
    EXPECT_THAT(exchange(server.port(), "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                testing::AllOf(HasSubstr("Content-Length: 7"), testing::EndsWith("\r\n\r\n")));
    const std::string old = exchange(server.port(), "GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_THAT(old, testing::AllOf(StartsWith("HTTP/1.0 200 "), HasSubstr("Connection: close")));
}

// A response that comes as it is made: three pieces, then as it was told.
void streaming(HttpServerOptions& options, std::atomic<int>& left) {
    options.handle = [](HttpRequest&) -> Task<HttpResponse> { co_return HttpResponse(200, "text/event-stream", "never sent"); };
    options.writer = [&left](const HttpRequest& request) -> HttpWriter {
        const bool fails = request.path() == "/fails", waits = request.path() == "/waits";
        return [fails, waits, &left](HttpBody& body) -> Task<> {
            for (int i = 0; i < 3; ++i) {
                const std::string piece = "piece " + std::to_string(i) + "\n";
                (void)co_await body.write(piece);
            }
            if (fails) throw std::runtime_error("secret detail");
            asio::steady_timer pause(co_await asio::this_coro::executor);
            while (waits && body.open()) {
                pause.expires_after(std::chrono::milliseconds(5));
                co_await pause.async_wait(nothrow);
            }
            ++left;
        };
    };
}

TEST(HttpServer, a_response_is_streamed_in_chunks_and_ends_the_connection) {
    std::atomic<int> left{0};
    EchoServer server([&](HttpServerOptions& options) { streaming(options, left); });
    const auto answer = exchange(server.port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"), HasSubstr("Connection: close\r\n"),
                                       Not(HasSubstr("Content-Length")), Not(HasSubstr("never sent"))));
    EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n0\r\n\r\n"));
    // An older peer reads until the end; HEAD gets the head alone.
    EXPECT_THAT(exchange(server.port(), "GET / HTTP/1.0\r\n\r\n"),
                testing::AllOf(testing::EndsWith("\r\n\r\npiece 0\npiece 1\npiece 2\n"), Not(HasSubstr("chunked"))));
    EXPECT_THAT(exchange(server.port(), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), testing::EndsWith("\r\n\r\n"));
    EXPECT_EQ(left, 2);
}

TEST(HttpServer, a_stream_that_fails_is_cut_off_and_one_whose_peer_goes_ends) {
    std::atomic<int> left{0};
    EchoServer server([&](HttpServerOptions& options) { streaming(options, left); });
    const auto answer = exchange(server.port(), "GET /fails HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, testing::AllOf(Not(HasSubstr("secret")), Not(testing::EndsWith("0\r\n\r\n"))));
    {
        RawPeer peer(server.port());
        peer.send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
        peer.receive_until("piece 2");
        EXPECT_EQ(left, 0);
    }
    for (int i = 0; i < 2000 && left == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(left, 1);
}

TEST(HttpServer, expect_continue_is_answered_before_the_body_is_sent) {
    EchoServer server;
    RawPeer peer(server.port());
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(peer.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("ok");
    EXPECT_THAT(peer.receive_response(), testing::EndsWith("\r\n\r\nok"));
}

TEST(HttpServer, s33_an_exception_says_nothing) {
    EchoServer server;
    const std::string answer = exchange(server.port(), "GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(answer, Not(HasSubstr("secret")));
    EXPECT_EQ(server.rejected().of("handler"), 1);
}

struct RefusalCase {
    const char* name;
    std::string bytes;
    int status;
    const char* reason;
};
class HttpRefusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(HttpRefusals, w7_status_then_end_and_no_second_request) {
    EchoServer server([](HttpServerOptions& options) {
        options.route = [](const HttpRequest&) {
            HttpRoute route;
            route.body_limit = 1000;
            route.content_type = "application/x-www-form-urlencoded";
            return route;
        };
    });
    RawPeer peer(server.port());
    // What follows a refused request is never understood as a request of its own.
    peer.send(GetParam().bytes + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = peer.receive_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_EQ(server.rejected().of(GetParam().reason), 1);
    EXPECT_EQ(server.handled, 0);
}

std::string post(const std::string& fields, const std::string& body = {}) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n" + fields + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    table, HttpRefusals,
    testing::Values(
        RefusalCase{"s8_length_and_encoding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "malformed"},
        RefusalCase{"s8_two_lengths", post("Content-Length: 0\r\nContent-Length: 5\r\n"), 400, "malformed"},
        RefusalCase{"s8_te_variant", post("Transfer-Encoding: chunked, identity\r\n"), 400, "malformed"},
        RefusalCase{"s8_te_unknown", post("Transfer-Encoding: cow\r\n"), 501, "malformed"},
        RefusalCase{"s8_bare_lf", "GET /hello HTTP/1.1\nHost: a\n\n", 400, "malformed"},
        RefusalCase{"s8_bare_lf_before_colon_line", "GET /hello HTTP/1.1\r\nX: a\nHost: a\r\n\r\n", 400, "malformed"},
        RefusalCase{"s8_fold", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, "malformed"},
        RefusalCase{"s8_space_before_colon", post("Content-Length : 5\r\n", "hello"), 400, "malformed"},
        RefusalCase{"s8_nul", std::string("GET /hello HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 39), 400, "malformed"},
        RefusalCase{"s8_two_hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed"},
        RefusalCase{"s8_absolute_uri", "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed"},
        RefusalCase{"s8_chunk_size_bad", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), 400, "malformed"},
        RefusalCase{"s8_chunk_size_huge", post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nabc"), 400, "malformed"},
        RefusalCase{"s8_chunk_no_crlf", post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), 400, "malformed"},
        RefusalCase{"s8_chunk_bare_lf", post("Transfer-Encoding: chunked\r\n", "3\nabc\n0\n\n"), 400, "malformed"},
        RefusalCase{"w7_length_over_limit", post("Content-Length: 1001\r\n"), 413, "body_too_large"},
        RefusalCase{"w7_ten_mebibytes", post("Content-Length: 10485760\r\n"), 413, "body_too_large"},
        RefusalCase{"w7_chunked_over_limit", post("Transfer-Encoding: chunked\r\n", "3e9\r\n" + std::string(1001, 'x')), 413, "body_too_large"},
        RefusalCase{"w7_missing_length", post(""), 411, "length_required"},
        RefusalCase{"w7_wrong_type", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 415, "content_type"},
        RefusalCase{"w7_no_type", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 415, "content_type"},
        RefusalCase{"s9_header_of_a_mebibyte", "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n", 431, "head_too_large"},
        RefusalCase{"s9_uri_of_a_mebibyte", "GET /" + std::string(1 << 20, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "target_too_long"},
        RefusalCase{"s9_many_headers",
                    "GET /hello HTTP/1.1\r\nHost: a\r\n" +
                        [] {
                            std::string all;
                            for (int i = 0; i < 200; ++i) all += "X: y\r\n";
                            return all;
                        }() +
                        "\r\n",
                    431, "head_too_large"},
        RefusalCase{"tls_on_the_plain_port", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00", 8), 400, "malformed"},
        RefusalCase{"m33_upgrade_with_body",
                    "GET /media HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: "
                    "3\r\n\r\nabc",
                    400, "malformed"},
        RefusalCase{"m33_upgrade_by_post", "POST /media HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", 400,
                    "malformed"}),
    [](const auto& info) { return info.param.name; });

TEST(HttpServer, chunk_overhead_must_not_dwarf_the_body) {
    EchoServer server([](HttpServerOptions& options) {
        options.route = [](const HttpRequest&) {
            HttpRoute route;
            route.body_limit = 100;
            return route;
        };
    });
    RawPeer peer(server.port());
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunk = "1;" + std::string(1000, 'e') + "\r\nx\r\n";
    for (int i = 0; i < 60; ++i) peer.send(chunk);
    EXPECT_THAT(peer.receive_all(), testing::AnyOf(StartsWith("HTTP/1.1 413 "), StartsWith("HTTP/1.1 400 ")));
}

HttpServerOptions& impatient(HttpServerOptions& options) {
    options.limits.head_time = std::chrono::milliseconds(300);
    options.limits.body_time = std::chrono::milliseconds(300);
    options.limits.idle = std::chrono::milliseconds(300);
    options.limits.tls_handshake = std::chrono::milliseconds(300);
    return options;
}

TEST(HttpServer, s7_slow_heads_and_bodies_and_silence) {
    EchoServer server([](HttpServerOptions& options) { impatient(options); });
    RawPeer silent(server.port()), slow_head(server.port()), slow_body(server.port()), idle(server.port());
    slow_head.send("GET /hello HTTP/1.1\r\nHo");
    slow_body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(silent.receive_all(), "");
    EXPECT_THAT(slow_head.receive_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(slow_body.receive_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(idle.receive_all(), testing::EndsWith("hello \n"));
    EXPECT_EQ(server.rejected().of("timeout"), 3);
    await_that([&] { return server.server().connections() == 0; });
}

TEST(HttpServer, s7_a_body_below_the_minimum_rate_is_refused_before_its_deadline) {
    EchoServer server([](HttpServerOptions& options) {
        options.limits.body_time = std::chrono::hours(1);
        options.limits.body_rate = 1000000;
    });
    RawPeer peer(server.port());
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServer, s4_preauthentication_caps_by_address_and_in_all) {
    EchoServer server([](HttpServerOptions& options) {
        options.limits.preauth_per_address = 4;
        options.limits.preauth_total = 6;
    });
    std::vector<RawPeer> silent;
    for (int i = 0; i < 4; ++i) silent.emplace_back(server.port());
    await_that([&] { return server.server().preauth() == 4; });
    EXPECT_EQ(RawPeer(server.port()).receive_all(), "");
    server.rejected().await("preauth_address", 1);
    silent.pop_back();
    await_that([&] { return server.server().preauth() == 3; });
    EXPECT_THAT(exchange(server.port(), "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, a_vouched_request_and_a_released_upgrade_ticket_leave_the_caps) {
    EchoServer server([](HttpServerOptions& options) {
        options.limits.preauth_per_address = 2;
        options.handle = [](HttpRequest&) -> Task<HttpResponse> {
            HttpResponse response(204);
            response.vouched = true;
            co_return response;
        };
    });
    std::vector<RawPeer> kept;
    for (int i = 0; i < 10; ++i) {
        RawPeer& peer = kept.emplace_back(server.port());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_THAT(peer.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 204 "));
        await_that([&] { return server.server().preauth() == 0; });
    }
}

TEST(HttpServer, connection_cap) {
    EchoServer server([](HttpServerOptions& options) { options.limits.connections = 3; });
    std::vector<RawPeer> peers;
    for (int i = 0; i < 3; ++i) peers.emplace_back(server.port());
    await_that([&] { return server.server().connections() == 3; });
    EXPECT_EQ(RawPeer(server.port()).receive_all(), "");
    server.rejected().await("connections", 1);
}

TEST(HttpServer, s27_forwarded_for_is_believed_from_proxies_only) {
    const auto who = [](const EchoServer& server, const std::string& fields) {
        const std::string answer = exchange(server.port(), "GET /who HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    EchoServer open;
    EXPECT_EQ(who(open, "X-Forwarded-For: 203.0.113.9\r\n"), "127.0.0.1");
    EchoServer behind([](HttpServerOptions& options) { options.trusted_proxies = {"127.0.0.0/8", "10.0.0.1"}; });
    EXPECT_EQ(who(behind, ""), "127.0.0.1");
    EXPECT_EQ(who(behind, "X-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    EXPECT_EQ(who(behind, "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.1\r\n"),
              "203.0.113.9");  // what the client wrote itself is not read
    EXPECT_EQ(who(behind, "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    EXPECT_EQ(who(behind, "X-Forwarded-For: 1.1.1.1, nonsense\r\n"), "127.0.0.1");
}

TEST(HttpServer, behind_a_proxy_the_address_cap_counts_the_client) {
    EchoServer server([&](HttpServerOptions& options) {
        options.trusted_proxies = {"127.0.0.1"};
        options.limits.preauth_per_address = 2;
        options.upgrade = [](HttpUpgrade upgrade) -> Task<> {
            const bool keep = upgrade.request.headers.get("X-Proof").empty();
            auto ticket = upgrade.take_ticket();
            auto socket = ws_accept(std::move(upgrade));
            if (!socket) co_return;
            if (!keep) ticket.reset();  // has proved who it is
            (void)co_await (*socket)->fill();
        };
    });
    const auto from = [](const std::string& fields) {
        std::string bytes(kUpgrade);
        bytes.insert(bytes.size() - 2, fields);
        return bytes;
    };
    std::vector<RawPeer> peers;
    const auto status = [&](const std::string& fields) {
        RawPeer& peer = peers.emplace_back(server.port());
        peer.send(from(fields));
        return peer.receive_until("\r\n").substr(9, 3);
    };
    for (int i = 0; i < 5; ++i) EXPECT_EQ(status("X-Forwarded-For: 203.0.113.9\r\nX-Proof: 1\r\n"), "101");
    EXPECT_EQ(status("X-Forwarded-For: 203.0.113.9\r\n"), "101");
    EXPECT_EQ(status("X-Forwarded-For: 203.0.113.9\r\n"), "101");
    EXPECT_EQ(status("X-Forwarded-For: 203.0.113.9\r\n"), "429");
    EXPECT_EQ(status("X-Forwarded-For: 203.0.113.10\r\n"), "101");
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count - 3;  // ., .. and the directory itself
}

TEST(HttpServer, r8_without_descriptors_new_peers_are_turned_away_and_live_ones_served) {
    EchoServer server;
    RawPeer live(server.port());
    live.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(live.receive_response(), StartsWith("HTTP/1.1 200 "));
    RawPeer waiting(server.port());
    waiting.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(waiting.receive_response(), StartsWith("HTTP/1.1 200 "));

    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    // One descriptor for the test's own socket, none for the server's side of it.
    int probe = ::dup(0);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(probe) + 1;
    ::close(probe);
    ::setrlimit(RLIMIT_NOFILE, &tight);
    {
        RawPeer late(server.port());
        EXPECT_EQ(late.receive_all(), "");
        live.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_THAT(live.receive_response(), StartsWith("HTTP/1.1 200 "));
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_GE(server.rejected().of("fd"), 1);
    EXPECT_THAT(exchange(server.port(), "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, descriptors_are_back_where_they_were_after_a_thousand_rude_peers) {
    EchoServer server;
    (void)exchange(server.port(), "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    await_that([&] { return server.server().connections() == 0; });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 1000; ++i) {
        RawPeer peer(server.port());
        peer.send(std::string_view(kUpgrade).substr(0, static_cast<std::size_t>(i) % (kUpgrade.size() + 1)));
        if (i % 2 == 0) peer.reset();
    }
    await_that([&] { return server.server().connections() == 0 && open_descriptors() <= before; });
    EXPECT_EQ(server.server().preauth(), 0U);
}

TEST(HttpServer, stop_ends_idle_connections_and_finishes_the_request_in_progress) {
    EchoServer server;
    RawPeer idle(server.port()), busy(server.port());
    idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(idle.receive_response(), StartsWith("HTTP/1.1 200 "));
    busy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(busy.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
    server.server().stop();
    EXPECT_EQ(idle.receive_all(), "");
    busy.send("done");
    EXPECT_THAT(busy.receive_all(), testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close"), testing::EndsWith("done")));
    EXPECT_THROW(RawPeer(server.port()).send(""), std::runtime_error);
}

TEST(HttpServer, refuses_to_start_on_a_taken_port_or_bad_certificate) {
    EchoServer server;
    HttpServerOptions options;
    options.listeners.emplace_back();
    options.listeners[0].port = server.port();
    EXPECT_THROW(HttpServer(server.worker().executor(), options), std::system_error);
    options.listeners[0].port = 0;
    options.listeners[0].certificate_file = "/nonexistent/cert.pem";
    options.listeners[0].key_file = "/nonexistent/key.pem";
    EXPECT_THROW(HttpServer(server.worker().executor(), options), std::runtime_error);
    options.listeners[0] = HttpListen{};
    options.listeners[0].address = "not an address";
    EXPECT_THROW(HttpServer(server.worker().executor(), options), std::runtime_error);
}

// --- the upgrade
// ------------------------------------------------------------------------------------------------------------

struct UpgradeCase {
    const char* name;
    std::string from, to;  // replaced in a good request
    int status;
};
class Upgrades : public testing::TestWithParam<UpgradeCase> {};

TEST_P(Upgrades, m33_status) {
    EchoServer server;
    std::string request(kUpgrade);
    if (!GetParam().from.empty()) request.replace(request.find(GetParam().from), GetParam().from.size(), GetParam().to);
    RawPeer peer(server.port());
    peer.send(request);
    const std::string head = peer.receive_until("\r\n\r\n");
    EXPECT_THAT(head, testing::HasSubstr("HTTP/1."));
    EXPECT_THAT(head.substr(9), StartsWith(std::to_string(GetParam().status) + " ")) << head;
    if (GetParam().status == 400 || GetParam().status == 426) {
        server.rejected().await(std::string(GetParam().name) == "http_1_0" ? "malformed" : "upgrade", 1);
        EXPECT_EQ(server.sockets_open, 0);
    }
    if (GetParam().status == 426) EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Version: 13"));
    EXPECT_THAT(head, Not(HasSubstr("Sec-WebSocket-Extensions")));
    EXPECT_THAT(head, Not(HasSubstr("Sec-WebSocket-Protocol")));
}
INSTANTIATE_TEST_SUITE_P(
    table, Upgrades,
    testing::Values(UpgradeCase{"good", "", "", 101}, UpgradeCase{"no_key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
                    UpgradeCase{"short_key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub24=", 400},
                    UpgradeCase{"bad_key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j*Q==", 400},
                    UpgradeCase{"no_version", "Sec-WebSocket-Version: 13\r\n", "", 400}, UpgradeCase{"version_8", "Version: 13", "Version: 8", 426},
                    UpgradeCase{"version_text", "Version: 13", "Version: 13x", 426},
                    UpgradeCase{"two_versions", "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n", 400},
                    UpgradeCase{"http_1_0", "HTTP/1.1", "HTTP/1.0", 400},
                    UpgradeCase{"case_blind", "Upgrade: websocket\r\nConnection: Upgrade", "UPGRADE: WebSocket\r\nCONNECTION: keep-alive, UPGRADE", 101},
                    UpgradeCase{"no_connection_token", "Connection: Upgrade", "Connection: keep-alive", 404},
                    UpgradeCase{"other_protocol", "Upgrade: websocket", "Upgrade: h2c", 404},
                    UpgradeCase{"m34_deflate_offered", "Sec-WebSocket-Version",
                                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15\r\nSec-WebSocket-Version", 101},
                    UpgradeCase{"subprotocol_offered", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol: audio\r\nSec-WebSocket-Version", 101}),
    [](const auto& info) { return info.param.name; });

TEST(Upgrade, m34_a_compressed_frame_is_a_protocol_error) {
    EchoServer server;
    RawPeer peer(server.port());
    peer.send(kUpgrade);
    (void)peer.receive_until("\r\n\r\n");
    peer.send(client_frame(0xc1, std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7)));
    EXPECT_EQ(peer.receive_all(), server_frame(0x88, close_payload(1002)));
}

TEST(Upgrade, without_a_hook_is_refused) {
    EchoServer server([](HttpServerOptions& options) { options.upgrade = nullptr; });
    EXPECT_THAT(exchange(server.port(), kUpgrade), StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(server.rejected().of("upgrade"), 1);
}

TEST(Upgrade, a_hook_may_refuse) {
    EchoServer server([](HttpServerOptions& options) {
        options.upgrade = [](HttpUpgrade upgrade) -> Task<> {
            upgrade.refuse(HttpResponse(403));
            co_return;
        };
    });
    EXPECT_THAT(exchange(server.port(), kUpgrade), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
}

}  // namespace
}  // namespace parley::net::test
