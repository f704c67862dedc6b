#pragma once
// Twilio's end of a media socket in the hands of a test, which may break every rule. Blocking; whatever is not over
// after 15 s is cut.

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "gateway_under_test.hpp"
#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/sim/signature.hpp"

namespace parley::scenarios {

class RawStream {
public:
    struct Opening {
        std::string signature_token = kToken;  // empty: no signature
        std::string spoiled;                   // instead of the right signature
        std::string origin;                    // as a browser sends it
        std::string target = "/webhooks/twilio/media";
    };
    explicit RawStream(const GatewayUnderTest& gateway, const Opening& opening) {
        namespace beast = boost::beast;
        ws_.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), gateway.port()});
        ws_.next_layer().set_option(boost::asio::ip::tcp::no_delay(true));
        watchdog_ = std::thread([this] {
            std::unique_lock lock(mutex_);
            if (!wake_.wait_for(lock, std::chrono::seconds(15), [&] { return done_; })) ::shutdown(ws_.next_layer().native_handle(), SHUT_RDWR);
        });
        const auto& target = opening.target;
        auto signature = opening.spoiled;
        if (signature.empty() && !opening.signature_token.empty()) signature = sim::sign(opening.signature_token, std::string("wss://") + kHost + target);
        ws_.set_option(beast::websocket::stream_base::decorator([signature, origin = opening.origin](beast::websocket::request_type& request) {
            if (!signature.empty()) request.set("X-Twilio-Signature", signature);
            if (!origin.empty()) request.set("Origin", origin);
        }));
        ws_.read_message_max(1 << 20);
        beast::websocket::response_type response;
        beast::error_code ec;
        ws_.handshake(response, kHost, target, ec);
        status_ = static_cast<int>(response.result_int());
        open_ = !ec;
    }
    explicit RawStream(const GatewayUnderTest& gateway) : RawStream(gateway, Opening{}) {}
    ~RawStream() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        wake_.notify_all();
        watchdog_.join();
    }
    RawStream(const RawStream&) = delete;
    RawStream& operator=(const RawStream&) = delete;

    [[nodiscard]] int status() const { return status_; }  // HTTP's, of the upgrade
    [[nodiscard]] bool open() const { return open_; }

    void text(const std::string& message) {
        boost::beast::error_code ec;
        ws_.text(true);
        ws_.write(boost::asio::buffer(message), ec);
    }
    void json(const nlohmann::json& message) { text(message.dump()); }
    void binary(const std::string& message) {
        boost::beast::error_code ec;
        ws_.text(false);
        ws_.write(boost::asio::buffer(message), ec);
    }
    void connected() { json({{"event", "connected"}, {"protocol", "Call"}, {"version", "1.0.0"}}); }
    [[nodiscard]] nlohmann::json start_message(const std::string& call_sid, const std::map<std::string, std::string>& parameters) {
        return {{"event", "start"},
                {"sequenceNumber", std::to_string(++sequence_)},
                {"streamSid", stream_sid},
                {"start",
                 {{"accountSid", account_sid},
                  {"streamSid", stream_sid},
                  {"callSid", call_sid},
                  {"tracks", {"inbound"}},
                  {"mediaFormat", {{"encoding", "audio/x-mulaw"}, {"sampleRate", 8000}, {"channels", 1}}},
                  {"customParameters", parameters}}}};
    }
    void start(const std::string& call_sid, const std::map<std::string, std::string>& parameters) {
        connected();
        json(start_message(call_sid, parameters));
    }
    void media(std::uint8_t code, const std::string& sid = {}) {
        const std::vector<std::uint8_t> frame(160, code);
        json({{"event", "media"},
              {"sequenceNumber", std::to_string(++sequence_)},
              {"streamSid", sid.empty() ? stream_sid : sid},
              {"media",
               {{"track", "inbound"},
                {"chunk", std::to_string(++chunk_)},
                {"timestamp", std::to_string(20 * (chunk_ - 1))},
                {"payload", sim::base64(std::span<const std::uint8_t>(frame))}}}});
    }
    void stop(const std::string& call_sid) {
        json({{"event", "stop"},
              {"sequenceNumber", std::to_string(++sequence_)},
              {"streamSid", stream_sid},
              {"stop", {{"accountSid", kAccount}, {"callSid", call_sid}}}});
    }

    // The next message; null when the stream is over.
    [[nodiscard]] nlohmann::json read() {
        boost::beast::flat_buffer buffer;
        boost::beast::error_code ec;
        ws_.read(buffer, ec);
        if (ec) return nullptr;
        return nlohmann::json::parse(boost::beast::buffers_to_string(buffer.data()), nullptr, false);
    }
    // The audio of the next media message; empty when the stream is over.
    [[nodiscard]] std::string next_audio() {
        for (;;) {
            const auto message = read();
            if (message.is_null()) return {};
            if (message.value("event", "") != "media") continue;
            const auto codes = sim::from_base64(message["media"]["payload"].get<std::string>());
            return codes ? std::string(codes->begin(), codes->end()) : std::string{};
        }
    }
    // Reads to the end; the code of the gateway's close, 0 when there was none.
    [[nodiscard]] unsigned close_code() {
        while (!read().is_null()) ++read_before_close;
        return ws_.reason().code;
    }
    void reset() {
        ws_.next_layer().set_option(boost::asio::socket_base::linger(true, 0));
        ws_.next_layer().close();
    }

    std::string stream_sid = sim::make_sid("MZ"), account_sid = kAccount;
    std::size_t read_before_close = 0;

private:
    boost::asio::io_context context_;
    boost::beast::websocket::stream<boost::asio::ip::tcp::socket> ws_{context_};
    int status_ = 0;
    bool open_ = false;
    std::uint64_t sequence_ = 0, chunk_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread watchdog_;
};

}  // namespace parley::scenarios
