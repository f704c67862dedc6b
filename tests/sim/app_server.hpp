#pragma once
// The application under test, as the carrier meets it: a scripted HTTP and WebSocket server on 127.0.0.1, one thread a
// connection.

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "parley/sim/base64.hpp"
#include "parley/sim/form.hpp"
#include "parley/sim/sound.hpp"

namespace parley::sim::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using HttpRequestIn = http::request<http::string_body>;
using HttpResponseOut = http::response<http::string_body>;

// The application's side of one stream.
class StreamPeer {
public:
    explicit StreamPeer(websocket::stream<asio::ip::tcp::socket>& ws) : ws_(ws) {}

    // The next message as JSON; null when the carrier has closed.
    nlohmann::json read() {
        beast::flat_buffer buffer;
        beast::error_code ec;
        ws_.read(buffer, ec);
        if (ec) return nullptr;
        return nlohmann::json::parse(beast::buffers_to_string(buffer.data()));
    }
    // Reads on until a message with this event; null when there is none any more. Everything read is kept in `seen`.
    nlohmann::json read_until(const std::string& event) {
        for (;;) {
            auto message = read();
            if (message.is_null()) return message;
            seen.push_back(message);
            if (message["event"] == event) return message;
        }
    }
    nlohmann::json start() {
        auto message = read_until("start");
        if (!message.is_null()) sid = message.value("streamSid", "");
        return message;
    }
    void send(const nlohmann::json& message) { send_raw(message.dump()); }
    void send_raw(const std::string& text) {
        beast::error_code ec;
        ws_.text(true);
        ws_.write(asio::buffer(text), ec);
    }
    void send_binary(const std::string& bytes) {
        beast::error_code ec;
        ws_.text(false);
        ws_.write(asio::buffer(bytes), ec);
    }
    void media(const Mulaw& codes) { send({{"event", "media"}, {"streamSid", sid}, {"media", {{"payload", base64(std::span<const std::uint8_t>(codes))}}}}); }
    void mark(const std::string& name) { send({{"event", "mark"}, {"streamSid", sid}, {"mark", {{"name", name}}}}); }
    void clear() { send({{"event", "clear"}, {"streamSid", sid}}); }
    void close(std::uint16_t code = 1000) {
        beast::error_code ec;
        ws_.close(websocket::close_reason(code), ec);
    }
    void vanish() {
        beast::error_code ec;
        ws_.next_layer().shutdown(asio::ip::tcp::socket::shutdown_both, ec);
    }
    websocket::stream<asio::ip::tcp::socket>& ws() { return ws_; }

    std::string sid;
    std::vector<nlohmann::json> seen;

private:
    websocket::stream<asio::ip::tcp::socket>& ws_;
};

struct Seen {
    std::string method, target, body;
    std::vector<std::pair<std::string, std::string>> headers;  // in order, names as they came
    Form form;
    [[nodiscard]] std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (beast::iequals(key, name)) return value;
        }
        return {};
    }
    [[nodiscard]] std::string path() const { return target.substr(0, target.find('?')); }
};

inline HttpResponseOut reply(std::string body, std::string type = "text/xml", int status = 200) {
    HttpResponseOut out{static_cast<http::status>(status), 11};
    if (!type.empty()) out.set(http::field::content_type, type);
    out.body() = std::move(body);
    return out;
}
inline HttpResponseOut twiml(const std::string& verbs) {
    return reply("<Response>" + verbs + "</Response>");
}

class AppServer {
public:
    using Http = std::function<HttpResponseOut(const Seen&)>;
    using Stream = std::function<void(StreamPeer&)>;

    AppServer(Http on_http, Stream on_stream = {})
        : on_http_(std::move(on_http)), on_stream_(std::move(on_stream)), acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {
        thread_ = std::thread([this] { accept(); });
    }
    ~AppServer() {
        stopping_ = true;
        beast::error_code ec;
        asio::ip::tcp::socket poke(context_);
        poke.connect(acceptor_.local_endpoint(), ec);
        thread_.join();
        {
            const std::lock_guard lock(mutex_);
            for (auto& connection : connections_) ::shutdown(connection.handle, SHUT_RDWR);
        }
        for (auto& connection : connections_) connection.thread.join();
    }

    [[nodiscard]] std::string url(const std::string& path, const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
    }
    [[nodiscard]] std::vector<Seen> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    [[nodiscard]] std::vector<Seen> requests(const std::string& path) const {
        std::vector<Seen> out;
        for (const auto& one : requests()) {
            if (one.path() == path) out.push_back(one);
        }
        return out;
    }

    // Waits until no stream's script runs any more; what the scripts wrote may then be read.
    void settle() {
        std::unique_lock lock(mutex_);
        settled_.wait(lock, [this] { return scripts_ == 0; });
    }

    // Tweaks the answer to an upgrade (wrong accept, a subprotocol ...).
    std::function<void(websocket::response_type&)> decorate;
    bool refuse_upgrades = false;

private:
    struct Connection {
        std::thread thread;
        int handle;
    };

    void accept() {
        for (;;) {
            asio::ip::tcp::socket socket(context_);
            beast::error_code ec;
            acceptor_.accept(socket, ec);
            if (ec || stopping_) return;
            socket.set_option(asio::ip::tcp::no_delay(true), ec);
            const std::lock_guard lock(mutex_);
            const int handle = ::dup(socket.native_handle());
            connections_.push_back({std::thread([this, s = std::make_shared<asio::ip::tcp::socket>(std::move(socket))] { serve(std::move(*s)); }), handle});
        }
    }
    void serve(asio::ip::tcp::socket socket) {
        beast::flat_buffer buffer;
        beast::error_code ec;
        HttpRequestIn request;
        http::read(socket, buffer, request, ec);
        if (ec) return;
        Seen seen{std::string(request.method_string()), std::string(request.target()), request.body(), {}, {}};
        for (const auto& field : request) seen.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        seen.form =
            decode_form(seen.method == "POST" ? seen.body : (seen.target.find('?') == std::string::npos ? "" : seen.target.substr(seen.target.find('?') + 1)));
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(seen);
        }
        if (websocket::is_upgrade(request) && on_stream_ && !refuse_upgrades) {
            websocket::stream<asio::ip::tcp::socket> ws(std::move(socket));
            if (decorate) ws.set_option(websocket::stream_base::decorator(decorate));
            ws.accept(request, ec);
            if (ec) return;
            {
                const std::lock_guard lock(mutex_);
                ++scripts_;
            }
            StreamPeer peer(ws);
            on_stream_(peer);
            const std::lock_guard lock(mutex_);
            --scripts_;
            settled_.notify_all();
            return;
        }
        auto response = on_http_(seen);
        response.prepare_payload();
        http::write(socket, response, ec);
        socket.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    }

    Http on_http_;
    Stream on_stream_;
    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::condition_variable settled_;
    int scripts_ = 0;
    std::list<Connection> connections_;
    std::vector<Seen> requests_;
};

}  // namespace parley::sim::test
