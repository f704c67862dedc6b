// Sessions a client comes back with. The servers here are OpenSSL's own over blocking sockets: ours gives no tickets.

#include <openssl/ssl.h>

#include <thread>

#include "certificates.hpp"
#include "parley/net/http_client.hpp"
#include "session_store.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

// Answers each of its connections with one HTTP response and says which were resumed.
class TicketServer {
public:
    struct Rules {
        int version = TLS1_3_VERSION;
        std::size_t tickets = 2;
        bool forgetful = false;     // new ticket keys for every connection
        bool tickets_once = false;  // only the first connection gets any
        bool polite = true;         // says goodbye
    };
    TicketServer(const Certificates::Pair& pair, Rules rules, int connections)
        : pair_(pair), rules_(rules), thread_([this, connections] { serve(connections); }) {}
    ~TicketServer() { thread_.join(); }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(listener_.port()) + "/"; }
    std::vector<bool> resumed() {
        thread_.join();
        thread_ = std::thread([] {});
        return resumed_;
    }

private:
    SSL_CTX* make() const {
        SSL_CTX* context = SSL_CTX_new(TLS_server_method());
        SSL_CTX_use_certificate_chain_file(context, pair_.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context, pair_.key.c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_set_max_proto_version(context, rules_.version);
        SSL_CTX_set_num_tickets(context, rules_.tickets);
        const unsigned char id[] = "test";
        SSL_CTX_set_session_id_context(context, id, 4);
        return context;
    }
    void serve(int connections) {
        SSL_CTX* context = make();
        for (int i = 0; i < connections; ++i) {
            if (rules_.forgetful && i > 0) {
                SSL_CTX_free(context);
                context = make();
            }
            RawPeer peer = listener_.accept();
            SSL* ssl = SSL_new(context);
            if (rules_.tickets_once && i > 0) SSL_set_num_tickets(ssl, 0);
            SSL_set_fd(ssl, peer.fd());
            if (SSL_accept(ssl) == 1) {
                resumed_.push_back(SSL_session_reused(ssl) == 1);
                char bytes[4096];
                (void)SSL_read(ssl, bytes, sizeof bytes);
                constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                (void)SSL_write(ssl, kReply.data(), static_cast<int>(kReply.size()));
                if (rules_.polite) SSL_shutdown(ssl);
            }
            SSL_free(ssl);
        }
        SSL_CTX_free(context);
    }

    Certificates::Pair pair_;
    Rules rules_;
    RawListener listener_;
    std::vector<bool> resumed_;
    std::thread thread_;
};

class Resumption : public testing::Test {
protected:
    Resumption() : pair(certificates.issue("server", "127.0.0.1")) { worker.start(); }

    // Each request on a connection of its own, one after the other.
    void fetch(std::shared_ptr<const TlsContext> tls, const std::string& url, int times) {
        run_on<void>(worker, [&]() -> Task<> {
            HttpClientOptions options;
            options.tls = tls;
            HttpClient client(worker.executor(), options);
            for (int i = 0; i < times; ++i) {
                HttpCall call("GET", url, std::chrono::seconds(10));
                Result<HttpReply> reply = co_await client.request(std::move(call));
                EXPECT_TRUE(reply.has_value()) << reply.error().message();
                if (reply) EXPECT_EQ(reply->body, "ok");
            }
        });
    }
    std::vector<bool> run(TicketServer::Rules rules, int times) {
        TicketServer server(pair, rules, times);
        context = TlsContext::client(true, certificates.ca());
        fetch(context, server.url(), times);
        return server.resumed();
    }
    Certificates certificates;
    Certificates::Pair pair;
    Worker worker;
    std::shared_ptr<const TlsContext> context;
};

using Seen = std::vector<bool>;

TEST_F(Resumption, tls13_comes_back_with_a_ticket) {
    EXPECT_EQ(run({}, 3), (Seen{false, true, true}));
    EXPECT_EQ(context->handshakes().full, 1U);
    EXPECT_EQ(context->handshakes().resumed, 2U);
}

TEST_F(Resumption, tls12_comes_back_with_its_session) {
    EXPECT_EQ(run({.version = TLS1_2_VERSION}, 3), (Seen{false, true, true}));
}

TEST_F(Resumption, a_peer_that_leaves_without_goodbye_is_come_back_to) {
    EXPECT_EQ(run({.polite = false}, 3), (Seen{false, true, true}));
    EXPECT_EQ(run({.version = TLS1_2_VERSION, .polite = false}, 2), (Seen{false, true}));
}

TEST_F(Resumption, a_server_that_forgot_its_tickets_shakes_hands_anew) {
    EXPECT_EQ(run({.forgetful = true}, 3), (Seen{false, false, false}));
    EXPECT_EQ(run({.version = TLS1_2_VERSION, .forgetful = true}, 3), (Seen{false, false, false}));
    EXPECT_EQ(context->handshakes().resumed, 0U);
}

TEST_F(Resumption, a_tls13_ticket_is_used_once) {
    EXPECT_EQ(run({.tickets = 1, .tickets_once = true}, 3), (Seen{false, true, false}));
    EXPECT_EQ(run({.tickets = 2, .tickets_once = true}, 4), (Seen{false, true, true, false}));
}

TEST_F(Resumption, without_tickets_nothing_is_resumed) {
    EXPECT_EQ(run({.tickets = 0}, 2), (Seen{false, false}));
}

TEST_F(Resumption, another_server_or_context_gets_no_session) {
    TicketServer first(pair, {}, 2), second(pair, {}, 1);
    const auto one = TlsContext::client(true, certificates.ca());
    fetch(one, first.url(), 1);
    fetch(one, second.url(), 1);
    fetch(TlsContext::client(true, certificates.ca()), first.url(), 1);
    EXPECT_EQ(first.resumed(), (Seen{false, false}));
    EXPECT_EQ(second.resumed(), (Seen{false}));
}

SSL_SESSION* session(int version, long lifetime = 7200) {
    SSL_SESSION* made = SSL_SESSION_new();
    SSL_SESSION_set_protocol_version(made, version);
    const unsigned char id[] = "0123456789";
    SSL_SESSION_set1_id(made, id, 10);
    SSL_SESSION_set_timeout(made, lifetime);
    return made;
}

TEST(SessionStore, bounded_each_and_all) {
    SessionStore store;
    SSL_SESSION* const last = session(TLS1_3_VERSION);
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(store.keep("a:1", session(TLS1_3_VERSION)));
    ASSERT_TRUE(store.keep("a:1", last));
    EXPECT_EQ(store.size(), SessionStore::kMaxEach);
    SSL_SESSION* taken = store.take("a:1");
    EXPECT_EQ(taken, last);  // the newest first
    SSL_SESSION_free(taken);
    EXPECT_EQ(store.size(), SessionStore::kMaxEach - 1);
    for (std::size_t i = 0; i < 300; ++i) ASSERT_TRUE(store.keep("b:" + std::to_string(i), session(TLS1_3_VERSION)));
    EXPECT_EQ(store.size(), SessionStore::kMaxSessions);
    EXPECT_EQ(store.take("a:1"), nullptr);  // the oldest went
    EXPECT_EQ(store.take("b:0"), nullptr);
    store.forget("b:299");
    EXPECT_EQ(store.take("b:299"), nullptr);
    EXPECT_EQ(store.size(), SessionStore::kMaxSessions - 1);
}

TEST(SessionStore, tls12_sessions_stay_and_expired_ones_go) {
    SessionStore store;
    ASSERT_TRUE(store.keep("a:1", session(TLS1_2_VERSION)));
    for (int i = 0; i < 3; ++i) {
        SSL_SESSION* taken = store.take("a:1");
        ASSERT_NE(taken, nullptr);
        SSL_SESSION_free(taken);
    }
    ASSERT_TRUE(store.keep("b:1", session(TLS1_3_VERSION, 0)));
    EXPECT_EQ(store.take("b:1"), nullptr);
    EXPECT_EQ(store.size(), 1U);
}

TEST(SessionStore, used_by_many_threads) {
    SessionStore store;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&store, t] {
            for (int i = 0; i < 2000; ++i) {
                const std::string peer = "p:" + std::to_string((i * 7 + t) % 90);
                SSL_SESSION* made = session(i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
                if (!store.keep(peer, made)) SSL_SESSION_free(made);
                SSL_SESSION_free(store.take(peer));
                if (i % 50 == 0) store.forget(peer);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(store.size(), SessionStore::kMaxSessions);
}

}  // namespace
}  // namespace parley::net::test
