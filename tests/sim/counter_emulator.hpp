#pragma once
// A vendor of nobody's for tests, and blocking clients that see what really comes over the wire.

#include <array>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>

#include "parley/sim/vendor_emulator.hpp"
#include "stream_socket.hpp"

namespace parley::sim {

using namespace std::chrono_literals;

inline std::shared_ptr<EmulatorWorld> small_world() {
    WorldSettings settings;
    settings.tones = true;
    settings.phrases = {"good morning"};
    MindRule rule;
    rule.words = {"morning"};
    rule.say = "Good day to you.";
    settings.rules.push_back(rule);
    settings.first_token = settings.token = settings.first_audio = 0ms;
    settings.pace = 0;
    return std::make_shared<EmulatorWorld>(settings);
}

// Answers POST /deltas with five server-sent events, POST /whole with one body, and on a socket each message with five
// items.
class Counter final : public VendorEmulator {
public:
    std::string_view name() const override { return "counter"; }
    bool authorised(const EmulatorRequest& request) const override { return request.upgrade || request.header("authorization") == "Bearer sim-key"; }
    ErrorAnswer error(int status, const EmulatorRequest&, std::string_view message) const override {
        ErrorAnswer out;
        out.body = nlohmann::json{{"oops", status}, {"why", message}}.dump();
        return out;
    }
    std::pair<int, std::string> unauthorised_close(const EmulatorRequest&) const override { return {4001, "no key"}; }
    bool upgrades(const EmulatorRequest& request) const override { return request.path != "/nothing"; }

    static std::string item_text(int i) { return R"({"item":)" + std::to_string(i) + "}"; }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault) override {
        if (request.path == "/whole") {
            co_await out.whole(200, "application/json", R"({"echo":)" + std::to_string(request.body.size()) + "}");
            co_return;
        }
        if (!co_await out.begin(200, "text/event-stream")) co_return;
        for (int i = 0; i < 5; ++i) {
            auto event = "data: " + item_text(i) + "\n\n";
            if (!co_await out.item(std::move(event))) {
                left_early = true;
                co_return;
            }
        }
        if (!co_await out.send("data: [DONE]\n\n")) co_return;
        co_await out.end();
    }

    Task<> socket(EmulatorRequest, EmulatorSocket& socket, Fault) override {
        while (const auto message = co_await socket.receive()) {
            socket.next_response();
            for (int i = 0; i < 5; ++i) {
                auto item = item_text(i);
                if (!co_await socket.item(std::move(item))) co_return;
            }
            if (message->payload == "bye") co_await socket.close(4010, "as asked");
        }
    }

    std::atomic<bool> left_early = false;
};

// A blocking client that sends a request and reads whatever comes until the connection ends or nothing came for
// `patience`.
struct Exchange {
    std::string text;
    bool ended = false, reset = false;
};

inline Exchange exchange(std::uint16_t port, const std::string& request, std::chrono::milliseconds patience = 2s) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), port});
    asio::write(socket, asio::buffer(request));
    Exchange out;
    std::array<char, 65536> piece{};
    for (bool more = true; more;) {
        more = false;
        socket.async_read_some(asio::buffer(piece), [&](error_code ec, std::size_t size) {
            out.text.append(piece.data(), size);
            more = !ec;
            if (ec == asio::error::eof) out.ended = true;
            if (ec == asio::error::connection_reset) out.ended = out.reset = true;
        });
        context.restart();
        context.run_for(patience);
        if (!more) socket.close();
        context.restart();
        context.run();
    }
    return out;
}

inline std::string request_text(const std::string& path, const std::string& key = "sim-key", const std::string& connection = "close") {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\nConnection: " + connection + "\r\nContent-Length: 3\r\n\r\nabc";
}

// A conversation on a socket: says each of `say`, reads until the end or until nothing comes any more.
struct Talk {
    std::vector<std::string> texts;
    StreamEnd end;
    bool opened = false, over = false;  // over: by the other side
    bool patient = true;
};

inline Task<> converse(std::string url, std::vector<std::string> say, Talk& out) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    StreamHandshake handshake;
    handshake.url = std::move(url);
    const Balancer none;
    auto stream = co_await open_stream(std::move(handshake), tls, none);
    out.end = stream.end;
    if (!stream.socket) co_return;
    out.opened = true;
    for (auto& one : say) {
        auto text = one;
        if (!co_await stream.socket->write(std::move(text))) break;
    }
    StreamMessage message;
    while (co_await stream.socket->read(message)) out.texts.push_back(message.payload);
    out.end = stream.socket->end();
    out.over = out.patient;
}

inline Talk talk(const std::string& ws_url, std::vector<std::string> say, const std::string& path = "/socket", std::chrono::milliseconds patience = 2s) {
    asio::io_context context;
    Talk out;
    auto body = converse(ws_url + path, std::move(say), out);
    asio::cancellation_signal stop;
    asio::co_spawn(context, std::move(body), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
    context.run_for(patience);
    out.patient = false;
    stop.emit(asio::cancellation_type::terminal);
    context.restart();
    context.run_for(2s);
    return out;
}

}  // namespace parley::sim
