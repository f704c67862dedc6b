#pragma once
// Connecting, shared by the HTTP client and the stream's socket.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <string>

#include "parley/net/task.hpp"
#include "parley/sim/url.hpp"

namespace parley::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// Where a connection attempt ended.
struct ConnectResult {
    enum class Stage : unsigned char { none, resolve, connect, tls } stage = Stage::none;
    error_code ec;
    bool timed_out = false;
    [[nodiscard]] bool ok() const { return !ec; }
};

net::Task<ConnectResult> connect_tcp(beast::tcp_stream& stream, std::string host, std::uint16_t port, TimePoint deadline);
net::Task<ConnectResult> handshake_tls(TlsStream& stream, std::string host, bool sni, TimePoint deadline);

}  // namespace parley::sim
