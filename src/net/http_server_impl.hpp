#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "address.hpp"
#include "connection.hpp"
#include "http_head.hpp"
#include "parley/net/http_server.hpp"

namespace parley::net {

// Places for connections that have proved nothing yet: few in all, fewer from one address. A ticket gives its place
// back when the last copy goes, on any thread.
class PreauthGate : public std::enable_shared_from_this<PreauthGate> {
public:
    PreauthGate(std::size_t total, std::size_t per_address) : total_limit_(total), address_limit_(per_address) {}
    enum class Full : std::uint8_t { no, total, address };
    // An empty address counts in the total only; `in_total` false counts for the address only.
    [[nodiscard]] std::shared_ptr<void> enter(const std::string& address, bool in_total, Full& full);
    [[nodiscard]] std::size_t size() const;

private:
    struct Place;
    void leave(const std::string& address, bool in_total);
    const std::size_t total_limit_, address_limit_;
    mutable std::mutex mutex_;
    std::size_t total_ = 0;
    std::map<std::string, std::size_t, std::less<>> by_address_;
};

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
    // Apart from the rest, because sessions of other workers keep this object alive while the acceptors' io_context may
    // already be gone: only what is queued in that io_context holds them once stop() was called.
    using Acceptors = std::vector<asio::ip::tcp::acceptor>;
    struct Listener {
        HttpListen config;
        std::uint16_t port = 0;
        std::shared_ptr<const TlsContext> tls;  // under `mutex`
    };
    // A connection between its requests, so that stop() can end those that only wait.
    struct Session {
        asio::any_io_executor executor;
        std::unique_ptr<Connection> connection;
        bool idle = false;
    };

    Impl(asio::any_io_executor acceptor, HttpServerOptions options);
    ~Impl();
    void start();
    void stop();
    void reload();

    void wait_for_connections(std::shared_ptr<Acceptors> listening, std::size_t index);
    void accept_ready(std::shared_ptr<Acceptors> listening, std::size_t index);
    void admit(std::size_t index, int fd, const sockaddr_storage& peer);
    void shed_one(int listening);
    void reject(std::string_view reason) const {
        if (options.rejected) options.rejected(reason);
    }

    Task<> serve(std::shared_ptr<Session> session, std::shared_ptr<const TlsContext> tls, std::shared_ptr<void> ticket);
    Task<> serve_requests(Session& session, std::shared_ptr<void> ticket);
    void hand_over(Session& session, HttpRequest request, std::string pipelined, std::shared_ptr<void> ticket);
    std::string client_of(const HttpRequest& request, const std::string& peer) const;
    // 0 with the head's bytes taken out of `buffer` into `head_bytes`; a status to answer; or -1: the connection is
    // over.
    Task<int> read_head(Session& session, std::string& buffer, bool first, std::string& head_bytes, HttpHead& head);
    Task<int> read_body(Connection& connection, std::string& buffer, const std::string& head_bytes, const HttpHead& head, const HttpRoute& route,
                        std::string& body);
    // Runs the writer behind the response's head.
    Task<> respond_streaming(Connection& connection, const HttpRequest& request, const HttpResponse& response, const HttpWriter& writer);
    Task<bool> respond(Connection& connection, const HttpRequest& request, const HttpResponse& response, bool keep_alive);

    asio::any_io_executor executor;
    HttpServerOptions options;
    HttpHeadLimits head_limits;
    AddressSet trusted;
    std::shared_ptr<PreauthGate> gate;
    mutable std::mutex mutex;
    std::list<Listener> listeners;
    std::shared_ptr<Acceptors> acceptors = std::make_shared<Acceptors>();
    std::map<Session*, std::weak_ptr<Session>> sessions;  // under `mutex`
    std::atomic<std::size_t> live{0};
    std::atomic<bool> stopping{false};
    int reserve_fd = -1;
};

// A response as bytes of the wire; the body is not part of it. Fields that could break the head are left out.
[[nodiscard]] std::string http_response_head(const HttpResponse& response, bool keep_alive, bool http_1_1, bool streamed = false);
// RFC 6455 4.2.1: 0, or 400 or 426; and the answer for it.
[[nodiscard]] int ws_check_upgrade(const HttpRequest& request);
[[nodiscard]] HttpResponse ws_refusal(int status);
// A short constant answer to what was refused.
[[nodiscard]] HttpResponse http_error(int status);
[[nodiscard]] bool http_has_body(int status);

}  // namespace parley::net
