#include "stream_socket.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "connect.hpp"

namespace parley::sim {
namespace {

namespace websocket = beast::websocket;
namespace http = beast::http;

constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;
constexpr auto kCloseWait = std::chrono::seconds(2);

StreamEnd failed(int error, std::string text) {
    return {.error = error, .text = std::move(text)};
}

StreamEnd connect_failure(const ConnectResult& result) {
    if (result.timed_out) return failed(31901, "connect timed out");
    if (result.stage == ConnectResult::Stage::resolve) return failed(31904, "host not resolved");
    if (result.stage == ConnectResult::Stage::tls) return failed(31910, "TLS: " + result.ec.message());
    if (result.ec == asio::error::connection_refused) return failed(31902, "connection refused");
    return failed(31904, result.ec.message());
}

// The carrier writes header names in lower case and in this order; Beast's own request is taken apart for it.
struct HandshakeHeaders {
    std::string host;
    std::string signature;

    void operator()(websocket::request_type& request) const {
        const std::string key(request[http::field::sec_websocket_key]);
        const std::string target(request.target());
        request.base().clear();
        request.method(http::verb::get);
        request.target(target);
        request.insert("host", host);
        request.insert("upgrade", "websocket");
        request.insert("connection", "Upgrade");
        request.insert("sec-websocket-version", "13");
        request.insert("sec-websocket-key", key);
        request.insert("user-agent", "Twilio.TmeWs/1.0");
        if (!signature.empty()) request.insert("x-twilio-signature", signature);
        request.insert("accept-encoding", "gzip");
    }
};

template <class Next>
class Socket final : public StreamSocket {
public:
    template <class... Args>
    explicit Socket(Args&&... args) : ws_(std::forward<Args>(args)...) {}

    websocket::stream<Next>& stream() { return ws_; }

    Task<StreamEnd> shake_hands(std::string host, std::string target, std::string signature, Duration timeout) {
        beast::get_lowest_layer(ws_).expires_never();
        auto limits = websocket::stream_base::timeout::suggested(beast::role_type::client);
        limits.handshake_timeout = timeout;
        limits.idle_timeout = websocket::stream_base::none();
        ws_.set_option(limits);
        ws_.read_message_max(kMaxMessage);
        ws_.auto_fragment(false);
        ws_.text(true);
        HandshakeHeaders headers{host, std::move(signature)};
        ws_.set_option(websocket::stream_base::decorator(headers));
        websocket::response_type response;
        auto [ec] = co_await ws_.async_handshake(response, host, target, net::nothrow);
        if (ec == beast::error::timeout || ec == websocket::error::closed) co_return failed(31901, "handshake timed out");
        if (ec) {
            std::string text = "handshake: " + ec.message();
            if (response.result_int() != 0 && response.result() != http::status::switching_protocols) {
                text = "handshake answered with " + std::to_string(response.result_int());
            }
            co_return failed(31920, std::move(text));
        }
        if (response.count(http::field::sec_websocket_protocol) != 0) co_return failed(31924, "subprotocol that was not offered");
        if (response.count(http::field::sec_websocket_extensions) != 0) co_return failed(31924, "extension that was not offered");
        co_return StreamEnd{};
    }

    Task<bool> read(StreamMessage& message) override {
        buffer_.consume(buffer_.size());
        auto [ec, size] = co_await ws_.async_read(buffer_, net::nothrow);
        if (ec) {
            note(ec);
            co_return false;
        }
        message.text = ws_.got_text();
        message.payload = beast::buffers_to_string(buffer_.data());
        co_return true;
    }

    Task<bool> write(std::string message) override {
        const auto bytes = asio::buffer(message);
        auto [ec, size] = co_await ws_.async_write(bytes, net::nothrow);
        if (ec) note(ec);
        co_return !ec;
    }

    Task<> close(std::uint16_t code, std::string text) override {
        closing_ = true;
        auto limits = websocket::stream_base::timeout::suggested(beast::role_type::client);
        limits.handshake_timeout = kCloseWait;  // Beast's closing handshake uses the same limit
        limits.idle_timeout = websocket::stream_base::none();
        ws_.set_option(limits);
        const websocket::close_reason reason(static_cast<websocket::close_code>(code), beast::string_view(text.data(), text.size()));
        co_await ws_.async_close(reason, net::nothrow);
        abort(false);
    }

    void abort(bool reset) override {
        closing_ = true;
        auto& socket = beast::get_lowest_layer(ws_).socket();
        error_code ignored;
        if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
    }

    [[nodiscard]] const StreamEnd& end() const override { return end_; }

private:
    void note(error_code ec) {
        if (ended_) return;
        ended_ = true;
        if (closing_) return;  // we ended it; what the server answers to that is not its doing
        if (ec == websocket::error::closed) {
            end_.close_code = ws_.reason().code;
            if (end_.close_code != websocket::close_code::normal) {
                end_.error = 31921;
                end_.text = "server closed with " + std::to_string(end_.close_code) + " " + std::string(ws_.reason().reason.c_str());
            }
            return;
        }
        if (ec.category() == make_error_code(websocket::error::closed).category()) {
            end_ = failed(31924, "protocol error: " + ec.message());
        } else {
            end_ = failed(31903, "connection lost: " + ec.message());
        }
    }

    websocket::stream<Next> ws_;
    beast::flat_buffer buffer_{kMaxMessage};
    StreamEnd end_;
    bool ended_ = false, closing_ = false;
};

}  // namespace

Task<StreamOpened> open_stream(StreamHandshake handshake, asio::ssl::context& tls, const Balancer& balancer) {
    StreamOpened out;
    const auto url = parse_url(handshake.url);
    if (!url) {
        const bool other_scheme = handshake.url.find("://") != std::string::npos && !handshake.url.starts_with("ws");
        out.end = failed(other_scheme ? 31922 : 31923, "URL " + handshake.url.substr(0, 200));
        co_return out;
    }
    if (url->scheme != "wss" && !(url->scheme == "ws" && handshake.plain_allowed)) {
        out.end = failed(31922, "scheme " + url->scheme);
        co_return out;
    }
    if (!handshake.query_allowed && url->target.find('?') != std::string::npos) {
        out.end = failed(31920, "query string in the stream URL");
        co_return out;
    }
    const auto deadline = Clock::now() + handshake.timeout;
    auto executor = co_await asio::this_coro::executor;
    const std::string host = url->authority();
    const bool behind = balancer.takes(url->host);
    if (url->tls() && !behind) {
        auto socket = std::make_unique<Socket<TlsStream>>(executor, tls);
        auto& next = socket->stream().next_layer();
        auto connected = co_await connect_tcp(beast::get_lowest_layer(next), url->host, url->port, deadline);
        if (connected.ok()) connected = co_await handshake_tls(next, url->host, true, deadline);
        if (!connected.ok()) {
            out.end = connect_failure(connected);
            co_return out;
        }
        out.end = co_await socket->shake_hands(host, url->target, handshake.signature, handshake.timeout);
        out.socket = std::move(socket);
    } else {
        auto socket = std::make_unique<Socket<PlainStream>>(executor);
        const std::string address = behind ? balancer.address : url->host;
        const auto connected = co_await connect_tcp(socket->stream().next_layer(), address, behind ? balancer.port : url->port, deadline);
        if (!connected.ok()) {
            out.end = connect_failure(connected);
            co_return out;
        }
        out.end = co_await socket->shake_hands(host, url->target, handshake.signature, handshake.timeout);
        out.socket = std::move(socket);
    }
    if (out.end.error != 0) {
        out.socket->abort(false);
        out.socket.reset();
    }
    co_return out;
}

}  // namespace parley::sim
