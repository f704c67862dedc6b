#pragma once
// The carrier's HTTP client: HTTP/1.1 over Beast, plain or TLS, one connection a request, failures told as the
// carrier's own debugger codes.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/net/task.hpp"
#include "parley/sim/url.hpp"

namespace boost::asio::ssl {
class context;
}

namespace parley::sim {

namespace asio = boost::asio;
using net::Task;

struct TlsTrust {
    std::string ca_file;    // PEM; empty: the system's roots
    bool insecure = false;  // no verification at all: for a test certificate
};
// Throws on an unreadable file.
[[nodiscard]] std::shared_ptr<asio::ssl::context> make_client_tls(const TlsTrust& trust);

// A balancer of the simulation's own that has taken TLS off: what is meant for this public host goes in plain to a loopback address.
// Host, path and signatures stay those of the public URL.
struct Balancer {
    std::string public_host;  // e.g. voice.example.com; empty: there is none
    std::string address;      // e.g. 127.0.0.1
    std::uint16_t port = 0;
    [[nodiscard]] bool takes(std::string_view host) const { return !public_host.empty() && host == public_host; }
};

using Headers = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string_view header_of(const Headers& headers,
                                         std::string_view name);  // case-insensitive; empty: none

struct HttpRequest {
    std::string method = "POST";
    std::string url;  // absolute, http or https; fragment and credentials are not sent
    Headers headers;  // in this order, after Host
    std::string body;
    std::size_t body_limit = 64 * 1024;
};

struct HttpReply {
    int failure = 0;  // 0, or the debugger code of why there is no answer (11201, 11202, 11203, 11205, 11206, ...)
    std::string failure_text;
    int status = 0;
    Headers headers;
    std::string body;  // decoded when it came with gzip
    bool chunked = false;
    std::chrono::milliseconds took{0};
};

class HttpClient {
public:
    explicit HttpClient(std::shared_ptr<asio::ssl::context> tls, Balancer balancer = {}) : tls_(std::move(tls)), balancer_(std::move(balancer)) {}
    // One attempt; `overrides` gives the connect, read and total times. Runs on the awaiting coroutine's executor.
    Task<HttpReply> send(HttpRequest request, ConnectionOverrides overrides) const;
    [[nodiscard]] asio::ssl::context& tls() const { return *tls_; }
    [[nodiscard]] const Balancer& balancer() const { return balancer_; }

private:
    std::shared_ptr<asio::ssl::context> tls_;
    Balancer balancer_;
};

// Decodes a gzip member (RFC 1952), at most `limit` bytes; empty optional when it is not one.
[[nodiscard]] bool gunzip(std::string_view packed, std::size_t limit, std::string& out);

}  // namespace parley::sim
