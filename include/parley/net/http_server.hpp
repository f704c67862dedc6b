#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"
#include "parley/net/tls_context.hpp"

namespace parley::net {

class Connection;

// A request that asked for another protocol, with its connection. Whoever holds it owns the connection: ws_accept takes
// it, refuse answers and ends it, destruction closes it.
class HttpUpgrade {
public:
    HttpUpgrade(HttpRequest request, std::unique_ptr<Connection> connection, std::string pipelined, std::shared_ptr<void> ticket);
    HttpUpgrade(HttpUpgrade&&) noexcept;
    HttpUpgrade& operator=(HttpUpgrade&&) noexcept;
    ~HttpUpgrade();

    HttpRequest request;
    void refuse(const HttpResponse& response);
    // The connection's place under the pre-authentication caps. Keep it until the peer has proved who it is, then let
    // it go.
    [[nodiscard]] std::shared_ptr<void> take_ticket() { return std::move(ticket_); }

    // For the WebSocket side of this room.
    [[nodiscard]] std::unique_ptr<Connection> take_connection();
    [[nodiscard]] std::string take_pipelined() { return std::move(pipelined_); }

private:
    std::unique_ptr<Connection> connection_;
    std::string pipelined_;
    std::shared_ptr<void> ticket_;
};

struct HttpRoute {
    std::size_t body_limit = 64 * 1024;  // beyond it 413, unread when the length was announced
    Duration body_time{};                // for the whole body; zero: HttpLimits::body_time
    std::string_view content_type;       // when set, a body of another type is answered 415; must outlive the server
};

struct HttpLimits {
    std::size_t head_bytes = 16 * 1024;   // 431
    std::size_t target_bytes = 8 * 1024;  // 414
    std::size_t header_fields = 100;      // 431
    Duration tls_handshake = std::chrono::seconds(5);
    Duration head_time = std::chrono::seconds(5);  // from the first byte of a request (from accept for the first)
    Duration body_time = std::chrono::seconds(10);
    std::size_t body_rate = 500;               // bytes/s demanded after the first two seconds
    Duration idle = std::chrono::seconds(60);  // between requests
    Duration write_time = std::chrono::seconds(10);
    std::size_t requests_per_connection = 1000;
    std::size_t preauth_total = 256;  // connections that have proved nothing yet
    std::size_t preauth_per_address = 16;
    std::size_t connections = 8192;
};

struct HttpListen {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;                  // 0: the kernel chooses, see HttpServer::port
    std::string certificate_file, key_file;  // both set: TLS
};

// The rest of a response, written as it comes.
class HttpBody {
public:
    virtual ~HttpBody() = default;
    // Sends it off. False: the peer is gone, or did not take it within the server's write_time.
    virtual Task<bool> write(std::string_view bytes) = 0;
    // The peer is there still, as far as can be seen without asking, and the server is not stopping.
    [[nodiscard]] virtual bool open() const = 0;
};
using HttpWriter = std::function<Task<>(HttpBody& body)>;

struct HttpServerOptions {
    std::vector<HttpListen> listeners;
    HttpLimits limits;
    std::vector<std::string> trusted_proxies;  // addresses or prefixes (10.0.0.0/8) whose X-Forwarded-For is believed
    // Decides the bounds of a request before its body is read. None: the defaults.
    std::function<HttpRoute(const HttpRequest& head)> route;
    std::function<Task<HttpResponse>(HttpRequest& request)> handle;
    // Asked when `handle` has answered: what writes the body instead, on the connection's worker, until it returns; the connection ends with it. None, or
    // nothing: the response has its body. Not run for HEAD.
    std::function<HttpWriter(const HttpRequest& request)> writer;
    // Takes WebSocket upgrades that follow RFC 6455 (others are answered 400 or 426 before). None: answered 400.
    std::function<Task<>(HttpUpgrade upgrade)> upgrade;
    // Counts what was turned away; any worker's thread. Reasons: malformed, head_too_large, target_too_long,
    // body_too_large, length_required, content_type, timeout, preauth_total, preauth_address, connections, fd, tls,
    // upgrade, handler.
    std::function<void(std::string_view reason)> rejected;
    // The executor (one io_context each, run by one thread) that serves the next connection. Called on the acceptor's
    // thread.
    std::function<asio::any_io_executor()> place;
};

// HTTP/1.1 server, plain and TLS. Error bodies are constant and say nothing of the program. The handler runs as a
// coroutine on the connection's worker; the server must outlive those executors' work, or be stopped and they be
// drained first.
class HttpServer {
public:
    // Binds at once; throws std::system_error or std::runtime_error (certificate) with the address or file in its text.
    HttpServer(asio::any_io_executor acceptor, HttpServerOptions options);
    ~HttpServer();

    void start();
    // No new connections; idle ones end; requests in progress are finished. Upgraded connections are not touched. Any
    // thread.
    void stop();
    // Reads certificates and keys of all TLS listeners again; throws and keeps the old ones when one is bad. Live
    // connections keep theirs. Any thread.
    void reload();

    [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;
    [[nodiscard]] WallClock::time_point certificate_not_after(std::size_t listener = 0) const;
    [[nodiscard]] std::size_t connections() const;  // accepted and not yet over or upgraded
    [[nodiscard]] std::size_t preauth() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace parley::net
