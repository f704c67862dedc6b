// TLS on both sides: S21, N11, N12, N15, N22 of the failure catalogue, and reload without a restart.

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <fstream>

#include "certificates.hpp"
#include "parley/net/http_client.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

void tls_listener(HttpServerOptions& options, const Certificates::Pair& pair) {
    options.listeners[0].certificate_file = pair.certificate;
    options.listeners[0].key_file = pair.key;
}

Task<Result<HttpReply>> fetch(HttpClient& client, std::string url) {
    HttpCall call("GET", std::move(url), std::chrono::seconds(10));
    return client.request(std::move(call));
}

class Tls : public testing::Test {
protected:
    Tls() : pair(certificates.issue("server", "127.0.0.1")) { worker.start(); }
    std::unique_ptr<EchoServer> serve(std::function<void(HttpServerOptions&)> more = {}) {
        return std::make_unique<EchoServer>([&](HttpServerOptions& options) {
            tls_listener(options, pair);
            if (more) more(options);
        });
    }
    static std::string https(const EchoServer& server, std::string_view path) {
        return "https://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
    }
    error_code fetch_error(const EchoServer& server, std::shared_ptr<const TlsContext> context) {
        return run_on<error_code>(worker, [&]() -> Task<error_code> {
            HttpClientOptions options;
            options.tls = context;
            HttpClient client(worker.executor(), options);
            Result<HttpReply> reply = co_await fetch(client, https(server, "/hello"));
            co_return reply ? error_code{} : reply.error();
        });
    }
    Certificates certificates;
    Certificates::Pair pair;
    Worker worker;
};

TEST_F(Tls, https_request_and_reuse) {
    auto server = serve();
    run_on<void>(worker, [&]() -> Task<> {
        HttpClientOptions options;
        options.tls = TlsContext::client(true, certificates.ca());
        HttpClient client(worker.executor(), options);
        for (int i = 0; i < 3; ++i) {
            Result<HttpReply> reply = co_await fetch(client, https(*server, "/hello?x"));
            EXPECT_TRUE(reply.has_value()) << reply.error().message();
            if (!reply) co_return;
            EXPECT_EQ(reply->body, "hello x\n");
            EXPECT_EQ(client.idle_connections(), 1U);
        }
        HttpCall big("POST", https(*server, "/echo"), std::chrono::seconds(10));
        big.body = std::string(60000, 'b');
        Result<HttpReply> reply = co_await client.request(big);
        EXPECT_TRUE(reply.has_value() && reply->body == big.body);
        EXPECT_EQ(server->server().connections(), 1U);
    });
}

TEST_F(Tls, n11_untrusted_wrong_name_and_expired_certificates_are_refused) {
    const auto trusting = TlsContext::client(true, certificates.ca());
    {
        auto server = serve();
        EXPECT_EQ(fetch_error(*server, TlsContext::client(true)),
                  Errc::tls_failed);  // the system does not know this authority
        EXPECT_EQ(fetch_error(*server, TlsContext::client(false)), error_code{});
        EXPECT_EQ(fetch_error(*server, trusting), error_code{});
    }
    pair = certificates.issue("other", "voice.example");
    EXPECT_EQ(fetch_error(*serve(), trusting), Errc::tls_failed);
    pair = certificates.issue("old", "127.0.0.1", -1);
    EXPECT_EQ(fetch_error(*serve(), trusting), Errc::tls_failed);
}

TEST_F(Tls, websocket_over_tls_with_batches_and_large_messages) {
    auto server = serve();
    run_on<void>(worker, [&]() -> Task<> {
        ConnectOptions options("wss://127.0.0.1:" + std::to_string(server->port()) + "/media");
        options.tls = TlsContext::client(true, certificates.ca());
        Result<std::unique_ptr<WebSocket>> connected = co_await ws_connect(std::move(options));
        EXPECT_TRUE(connected.has_value()) << connected.error().message();
        if (!connected) co_return;
        std::unique_ptr<WebSocket> socket = std::move(*connected);
        std::string sent, received;
        socket->begin_batch();
        for (int i = 0; i < 100; ++i) {
            const std::string text = "frame " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, '.');
            EXPECT_TRUE(socket->send(WsOpcode::text, text));
            sent += text;
        }
        const std::string large(64 * 1024, 'l');
        EXPECT_TRUE(socket->send(WsOpcode::binary, large));
        socket->end_batch();
        sent += large;
        while (received.size() < sent.size()) {
            const error_code ec = co_await socket->fill();
            EXPECT_FALSE(ec) << ec.message();
            if (ec) break;
            while (auto message = socket->next()) received.append(message->payload.data(), message->payload.size());
        }
        EXPECT_TRUE(received == sent);
        co_await socket->close(1000, "");
        EXPECT_EQ(socket->closed().code, 1000);
    });
    await_that([&] { return server->sockets_ended == 1; });
    EXPECT_EQ(server->last_close().code, 1000);
}

TEST_F(Tls, n22_a_handshake_that_stalls_is_ended) {
    auto server = serve([](HttpServerOptions& options) { options.limits.tls_handshake = std::chrono::milliseconds(300); });
    RawPeer silent(server->port()), half(server->port());
    half.send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));  // the beginning of a hello
    EXPECT_EQ(silent.receive_all(), "");
    EXPECT_EQ(half.receive_all(), "");
    server->rejected().await("timeout", 2);
    RawPeer plain(server->port());
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)plain.receive_all();  // an alert at most
    server->rejected().await("tls", 1);
    EXPECT_EQ(server->handled, 0);
}

// What a client of the old world gets: OpenSSL over a blocking socket, with a version and cipher list of the test's
// choice.
bool handshake(std::uint16_t port, int low, int high, const char* ciphers, std::string* peer_serial = nullptr) {
    RawPeer raw(port);
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, low);
    SSL_CTX_set_max_proto_version(context, high);
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context, ciphers);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, raw.fd());
    const bool done = SSL_connect(ssl) == 1;
    if (done && peer_serial != nullptr) {
        X509* certificate = SSL_get1_peer_certificate(ssl);
        *peer_serial = std::to_string(ASN1_INTEGER_get(X509_get_serialNumber(certificate)));
        X509_free(certificate);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    return done;
}

TEST_F(Tls, s21_old_versions_and_weak_ciphers_are_refused) {
    auto server = serve();
    EXPECT_TRUE(handshake(server->port(), TLS1_3_VERSION, TLS1_3_VERSION, nullptr));
    EXPECT_TRUE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"));
    EXPECT_TRUE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"));
    EXPECT_FALSE(handshake(server->port(), TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0"));
    EXPECT_FALSE(handshake(server->port(), TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0"));
    EXPECT_FALSE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA"));     // CBC
    EXPECT_FALSE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256"));  // CBC
    EXPECT_FALSE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256"));          // no forward secrecy
    EXPECT_FALSE(handshake(server->port(), TLS1_2_VERSION, TLS1_2_VERSION, "NULL:aNULL:@SECLEVEL=0"));
}

TEST_F(Tls, renegotiation_is_refused) {
    auto server = serve();
    RawPeer raw(server->port());
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, raw.fd());
    ASSERT_EQ(SSL_connect(ssl), 1);
    SSL_renegotiate(ssl);
    EXPECT_NE(SSL_do_handshake(ssl), 1);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

TEST_F(Tls, n15_split_and_coalesced_records) {
    // A relay of one byte at a time between a blocking OpenSSL client (over memory) and the server.
    auto server = serve();
    RawPeer raw(server->port());
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    const auto flush = [&] {
        char bytes[65536];
        const int count = BIO_read(out, bytes, sizeof bytes);
        if (count > 0) raw.send_bytewise({bytes, static_cast<std::size_t>(count)}, 3);
    };
    const auto feed = [&] {
        const std::string bytes = raw.receive(5);
        BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
        return !bytes.empty();
    };
    // The last flight of the handshake and the first request travel together.
    while (SSL_do_handshake(ssl) != 1) {
        flush();
        ASSERT_TRUE(feed());
    }
    std::string request;
    for (int i = 0; i < 3; ++i)
        request = "GET /hello?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n", SSL_write(ssl, request.data(), static_cast<int>(request.size()));
    flush();
    std::string answers;
    while (answers.find("hello 2\n") == std::string::npos) {
        char bytes[4096];
        const int count = SSL_read(ssl, bytes, sizeof bytes);
        if (count > 0) {
            answers.append(bytes, static_cast<std::size_t>(count));
        } else {
            ASSERT_TRUE(feed());
        }
    }
    EXPECT_NE(answers.find("hello 0\n"), std::string::npos);
    EXPECT_NE(answers.find("hello 1\n"), std::string::npos);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

TEST_F(Tls, n12_reload_takes_new_files_and_leaves_live_connections_alone) {
    auto server = serve();
    const auto before = server->server().certificate_not_after();
    std::string serial_before, serial_after;
    ASSERT_TRUE(handshake(server->port(), TLS1_2_VERSION, TLS1_3_VERSION, nullptr, &serial_before));
    run_on<void>(worker, [&]() -> Task<> {
        ConnectOptions options("wss://127.0.0.1:" + std::to_string(server->port()) + "/media");
        options.tls = TlsContext::client(true, certificates.ca());
        Result<std::unique_ptr<WebSocket>> connected = co_await ws_connect(std::move(options));
        EXPECT_TRUE(connected.has_value());
        if (!connected) co_return;
        std::unique_ptr<WebSocket> socket = std::move(*connected);
        EXPECT_TRUE(socket->send(WsOpcode::text, "before"));
        error_code ec = co_await socket->fill();
        EXPECT_FALSE(ec);
        EXPECT_TRUE(socket->next().has_value());

        (void)certificates.issue("server", "127.0.0.1", 90);
        server->server().reload();

        EXPECT_TRUE(socket->send(WsOpcode::text, "after"));
        ec = co_await socket->fill();
        EXPECT_FALSE(ec);
        EXPECT_TRUE(socket->next().has_value());
    });
    ASSERT_TRUE(handshake(server->port(), TLS1_2_VERSION, TLS1_3_VERSION, nullptr, &serial_after));
    EXPECT_NE(serial_before, serial_after);
    EXPECT_GT(server->server().certificate_not_after(), before + std::chrono::hours(24 * 50));

    // A key that does not belong to the certificate: refused, and the old pair goes on.
    std::ofstream(pair.key) << "-----BEGIN NONSENSE-----\n";
    EXPECT_THROW(server->server().reload(), std::runtime_error);
    std::string serial_kept;
    ASSERT_TRUE(handshake(server->port(), TLS1_2_VERSION, TLS1_3_VERSION, nullptr, &serial_kept));
    EXPECT_EQ(serial_kept, serial_after);
}

TEST_F(Tls, context_errors_name_the_file) {
    try {
        (void)TlsContext::server("/nonexistent/a.pem", "/nonexistent/a.key");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("/nonexistent/a.pem"));
    }
    const auto other = certificates.issue("second", "127.0.0.1");
    EXPECT_THROW((void)TlsContext::server(pair.certificate, other.key), std::runtime_error);
    EXPECT_THROW((void)TlsContext::client(true, "/nonexistent/ca.pem"), std::runtime_error);
}

}  // namespace
}  // namespace parley::net::test
