#include "connect.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace parley::sim {
namespace {

// Cancels a resolver at a time. The state outlives this object, because the timer's handler may already be queued.
class ResolveGuard {
public:
    ResolveGuard(asio::ip::tcp::resolver& resolver, TimePoint deadline)
        : timer_(resolver.get_executor(), deadline), target_(std::make_shared<asio::ip::tcp::resolver*>(&resolver)) {
        timer_.async_wait([target = target_](error_code ec) {
            if (!ec && *target != nullptr) (*target)->cancel();
        });
    }
    ~ResolveGuard() { *target_ = nullptr; }
    ResolveGuard(const ResolveGuard&) = delete;
    ResolveGuard& operator=(const ResolveGuard&) = delete;

private:
    asio::steady_timer timer_;
    std::shared_ptr<asio::ip::tcp::resolver*> target_;
};

}  // namespace

net::Task<ConnectResult> connect_tcp(beast::tcp_stream& stream, std::string host, std::uint16_t port, TimePoint deadline) {
    ConnectResult result;
    asio::ip::tcp::resolver::results_type endpoints;
    {
        asio::ip::tcp::resolver resolver(stream.get_executor());
        ResolveGuard guard(resolver, deadline);
        const std::string service = std::to_string(port);
        auto [ec, found] = co_await resolver.async_resolve(host, service, net::nothrow);
        if (ec) {
            result.stage = ConnectResult::Stage::resolve;
            result.ec = ec;
            result.timed_out = ec == asio::error::operation_aborted;
            co_return result;
        }
        endpoints = std::move(found);
    }
    stream.expires_at(deadline);
    auto [ec, endpoint] = co_await stream.async_connect(endpoints, net::nothrow);
    if (ec) {
        result.stage = ConnectResult::Stage::connect;
        result.ec = ec;
        result.timed_out = ec == beast::error::timeout || ec == asio::error::timed_out;
        co_return result;
    }
    error_code ignored;
    stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return result;
}

net::Task<ConnectResult> handshake_tls(TlsStream& stream, std::string host, bool sni, TimePoint deadline) {
    ConnectResult result;
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (sni && not_an_address) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    if ((SSL_get_verify_mode(stream.native_handle()) & SSL_VERIFY_PEER) != 0) {
        stream.set_verify_callback(asio::ssl::host_name_verification(host));
    }
    beast::get_lowest_layer(stream).expires_at(deadline);
    auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, net::nothrow);
    if (ec) {
        result.stage = ConnectResult::Stage::tls;
        result.ec = ec;
        result.timed_out = ec == beast::error::timeout;
    }
    co_return result;
}

}  // namespace parley::sim
