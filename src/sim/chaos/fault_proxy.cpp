#include "parley/sim/fault_proxy.hpp"

#include <algorithm>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <map>
#include <mutex>

#include "connect.hpp"
#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;
using namespace std::chrono_literals;

constexpr std::size_t kKeptText = 256 * 1024, kKeptRecords = 5000;
constexpr std::size_t kMaxAnswer = 64U << 20U;
constexpr auto kConnectWithin = 10s;

bool passed_on(std::string_view name) {
    constexpr std::array<std::string_view, 13> kOurs{"host",
                                                     "connection",
                                                     "keep-alive",
                                                     "te",
                                                     "trailer",
                                                     "transfer-encoding",
                                                     "upgrade",
                                                     "content-length",
                                                     "accept-encoding",
                                                     "sec-websocket-key",
                                                     "sec-websocket-version",
                                                     "sec-websocket-extensions",
                                                     "expect"};
    return std::find(kOurs.begin(), kOurs.end(), name) == kOurs.end();
}

struct ClientHeaders {
    Headers headers;
    std::string host;
    void operator()(websocket::request_type& request) const {
        request.set(http::field::host, host);
        for (const auto& [name, value] : headers) {
            if (passed_on(name)) request.set(name, value);
        }
    }
};

// Cut where server-sent events end.
std::vector<std::string> whole_events(std::string& pending) {
    std::vector<std::string> out;
    for (;;) {
        const auto plain = pending.find("\n\n");
        const auto crlf = pending.find("\r\n\r\n");
        const auto at = std::min(plain == std::string::npos ? plain : plain + 2, crlf == std::string::npos ? crlf : crlf + 4);
        if (at == std::string::npos) return out;
        out.push_back(pending.substr(0, at));
        pending.erase(0, at);
    }
}

class Books {
public:
    std::uint64_t begin(const EmulatorRequest& request) {
        const std::lock_guard lock(mutex_);
        if (records_.size() >= kKeptRecords) records_.erase(records_.begin());
        auto& record = records_[request.number];
        record.number = request.number;
        record.path = request.path;
        record.socket = request.upgrade;
        record.began = Clock::now();
        if (!request.upgrade) record.sent.push_back(request.body.substr(0, kKeptText));
        return request.number;
    }
    template <class Change>
    void change(std::uint64_t number, Change change) {
        const std::lock_guard lock(mutex_);
        if (const auto at = records_.find(number); at != records_.end()) change(at->second);
    }
    [[nodiscard]] std::vector<ProxyRecord> all() const {
        const std::lock_guard lock(mutex_);
        std::vector<ProxyRecord> out;
        for (const auto& one : records_) out.push_back(one.second);
        return out;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, ProxyRecord> records_;
};

// Everything of one exchange that must outlive whoever is waiting for the vendor.
template <class Next>
struct Line {
    template <class... Args>
    explicit Line(Args&&... args) : stream(std::forward<Args>(args)...) {}
    Next stream;
    bool done = false;
};

class Proxy final : public VendorEmulator {
public:
    Proxy(Url upstream, std::shared_ptr<asio::ssl::context> tls, std::string role)
        : upstream_(std::move(upstream)), tls_(std::move(tls)), role_(std::move(role)) {}

    std::string_view name() const override { return "fault proxy"; }
    bool authorised(const EmulatorRequest&) const override { return true; }
    // Only for what the script refuses; every vendor's client must cope with an unknown body.
    ErrorAnswer error(int status, const EmulatorRequest&, std::string_view message) const override {
        ErrorAnswer out;
        out.body = nlohmann::json{{"error", {{"code", status}, {"message", message}}}}.dump();
        return out;
    }
    std::string subprotocol(const EmulatorRequest& request) const override {
        const auto offered = request.header("sec-websocket-protocol");
        return offered.substr(0, offered.find(','));
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        books.begin(request);
        if (upstream_.tls()) {
            auto line = std::make_shared<Line<TlsStream>>(co_await asio::this_coro::executor, *tls_);
            co_await ask(std::move(request), out, std::move(fault), line);
        } else {
            auto line = std::make_shared<Line<PlainStream>>(co_await asio::this_coro::executor);
            co_await ask(std::move(request), out, std::move(fault), line);
        }
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        books.begin(request);
        if (upstream_.tls()) {
            auto line = std::make_shared<Line<websocket::stream<TlsStream>>>(co_await asio::this_coro::executor, *tls_);
            co_await bridge(std::move(request), socket, std::move(fault), line);
        } else {
            auto line = std::make_shared<Line<websocket::stream<PlainStream>>>(co_await asio::this_coro::executor);
            co_await bridge(std::move(request), socket, std::move(fault), line);
        }
    }

    Books books;

private:
    Task<ConnectResult> reach(PlainStream& stream) {
        auto host = upstream_.host;
        co_return co_await connect_tcp(stream, std::move(host), upstream_.port, Clock::now() + kConnectWithin);
    }
    Task<ConnectResult> reach(TlsStream& stream) {
        auto host = upstream_.host;
        auto result = co_await connect_tcp(beast::get_lowest_layer(stream), host, upstream_.port, Clock::now() + kConnectWithin);
        if (result.ok()) result = co_await handshake_tls(stream, std::move(host), true, Clock::now() + kConnectWithin);
        co_return result;
    }

    static bool is_mulaw(const EmulatorRequest& request) {
        const auto near = [](const std::string& text) { return text.find("ulaw") != std::string::npos; };
        return near(request.target) || near(request.body);
    }

    // While the vendor is waited for, the client may go: then the vendor is told, by the end of the connection.
    template <class LinePtr, class Side>
    static Task<> mind(Side& side, LinePtr line) {
        const auto look = 20ms;
        while (!line->done && co_await side.sleep(look)) {
        }
        error_code ignored;
        beast::get_lowest_layer(line->stream).socket().close(ignored);
    }

    template <class LinePtr>
    Task<> ask(EmulatorRequest request, HttpAnswer& out, Fault fault, LinePtr line) {
        const auto number = request.number;
        const bool mulaw = is_mulaw(request);
        const auto connected = co_await reach(line->stream);
        if (!connected.ok()) {
            std::string type = "text/plain", body = "the vendor cannot be reached: " + connected.ec.message();
            co_await out.whole(502, std::move(type), std::move(body));
            co_return;
        }
        beast::get_lowest_layer(line->stream).expires_never();
        out.spawn(mind(out, line));
        http::request<http::string_body> message{http::string_to_verb(request.method), request.target, 11};
        message.set(http::field::host, upstream_.authority());
        for (const auto& [name, value] : request.headers) {
            if (passed_on(name)) message.insert(name, value);
        }
        message.set(http::field::accept_encoding, "identity");
        message.keep_alive(false);
        message.body() = std::move(request.body);
        message.prepare_payload();
        co_await http::async_write(line->stream, message, net::nothrow);
        co_await answer(number, out, fault, mulaw, line);
        line->done = true;
    }

    template <class LinePtr>
    Task<> answer(std::uint64_t number, HttpAnswer& out, const Fault& fault, bool mulaw, LinePtr line) {
        beast::flat_buffer buffer;
        http::response_parser<http::buffer_body> parser;
        parser.body_limit(kMaxAnswer);
        auto [head_ec, head_size] = co_await http::async_read_header(line->stream, buffer, parser, net::nothrow);
        if (head_ec) co_return;  // the vendor ended without an answer: so do we
        const int status = static_cast<int>(parser.get().result_int());
        books.change(number, [&](ProxyRecord& record) { record.status = status; });
        Headers headers;
        std::string type;
        for (const auto& field : parser.get()) {
            std::string name(field.name_string());
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            if (name == "content-type")
                type = std::string(field.value());
            else if (passed_on(name))
                headers.emplace_back(std::move(name), std::string(field.value()));
        }
        const bool events = type.starts_with("text/event-stream");
        const bool sound = type.starts_with("audio/") || type.starts_with("application/octet-stream");
        const bool streamed = status < 300 && (events || sound || parser.chunked());
        if (streamed && !co_await out.begin(status, type, headers)) co_return;
        std::string pending;
        std::vector<char> piece(sound ? 4096 : 65536);
        int index = 0;
        bool going = true;
        last_words_.clear();
        while (going && !parser.is_done()) {
            parser.get().body().data = piece.data();
            parser.get().body().size = piece.size();
            auto [ec, size] = co_await http::async_read_some(line->stream, buffer, parser, net::nothrow);
            if (ec == http::error::need_buffer) ec = {};
            if (ec) co_return;
            pending.append(piece.data(), piece.size() - parser.get().body().size);
            if (!streamed) continue;
            std::vector<std::string> items;
            if (events)
                items = whole_events(pending);
            else if (!pending.empty())
                items.push_back(std::exchange(pending, {}));
            for (auto& item : items) {
                going = going && co_await pass(number, out, fault, std::move(item), !sound, mulaw, index++);
                if (!going) co_return;
            }
        }
        if (!streamed) {
            auto changed = spoil(fault, std::move(pending), true, mulaw, 0);
            std::string body = changed.empty() ? std::string{} : std::move(changed.front().bytes);
            const auto bytes = body.size();
            if (co_await out.whole(status, std::move(type), std::move(body), std::move(headers)) && status < 300) note(number, bytes);
            co_return;
        }
        if (!pending.empty() && !co_await out.send(std::move(pending))) co_return;
        while (fault.never_ends && !last_words_.empty()) {
            auto again = last_words_;
            if (!co_await out.item(std::move(again))) co_return;
            co_await out.sleep(30ms);
        }
        co_await out.end();
    }

    Task<bool> pass(std::uint64_t number, HttpAnswer& out, const Fault& fault, std::string item, bool text, bool mulaw, int index) {
        if (fault.never_ends && text) {
            const bool words =
                item.find("\"content\":\"") != std::string::npos || item.find("_delta") != std::string::npos || item.find("\"text\":") != std::string::npos;
            const bool end = item.find("[DONE]") != std::string::npos || item.find("finish_reason\":\"") != std::string::npos ||
                             item.find("message_stop") != std::string::npos || item.find("message_delta") != std::string::npos ||
                             item.find("response.completed") != std::string::npos || item.find("finishReason") != std::string::npos;
            if (end) co_return true;
            if (words) last_words_ = item;
        }
        const auto sound = text ? 0 : item.size();
        for (auto& one : spoil(fault, std::move(item), text, mulaw, index)) {
            if (!co_await out.sleep(one.delay)) co_return false;
            if (!co_await out.item(std::move(one.bytes))) co_return false;
            note(number, sound);
        }
        co_return true;
    }

    void note(std::uint64_t number, std::size_t sound) {
        books.change(number, [&](ProxyRecord& record) {
            record.last_item = Clock::now();
            if (record.items++ == 0) record.first_item = record.last_item;
            record.sound_bytes += sound;
        });
    }

    template <class LinePtr>
    Task<> bridge(EmulatorRequest request, EmulatorSocket& socket, Fault fault, LinePtr line) {
        const auto number = request.number;
        const bool mulaw = is_mulaw(request);
        auto& stream = line->stream;
        const auto connected = co_await reach(stream.next_layer());
        if (!connected.ok()) {
            std::string reason = "the vendor cannot be reached";
            co_await socket.close(1011, std::move(reason));
            co_return;
        }
        beast::get_lowest_layer(stream).expires_never();
        auto limits = websocket::stream_base::timeout::suggested(beast::role_type::client);
        limits.idle_timeout = websocket::stream_base::none();
        stream.set_option(limits);
        stream.read_message_max(kMaxAnswer);
        stream.auto_fragment(false);
        const ClientHeaders headers{request.headers, upstream_.authority()};
        stream.set_option(websocket::stream_base::decorator(headers));
        websocket::response_type response;
        const auto host = upstream_.authority();
        auto [ec] = co_await stream.async_handshake(response, host, request.target, net::nothrow);
        const int status = static_cast<int>(response.result_int());
        books.change(number, [&](ProxyRecord& record) { record.status = status; });
        if (ec) {
            std::string reason = "the vendor answered " + std::to_string(status);
            co_await socket.close(status == 401 || status == 403 ? 1008 : 1011, std::move(reason));
            co_return;
        }
        socket.spawn(mind(socket, line));
        socket.spawn(downwards(number, socket, fault, mulaw, line));
        std::size_t kept = 0;
        while (const auto message = co_await socket.receive()) {
            if (message->text && sound_in(message->payload, true) == 0 && kept < kKeptText) {
                kept += message->payload.size();
                books.change(number, [&](ProxyRecord& record) { record.sent.push_back(message->payload); });
            }
            if (fault.ignore_cancel && message->text && looks_cancel(message->payload)) continue;
            stream.text(message->text);
            const auto bytes = asio::buffer(message->payload);
            auto [write_ec, written] = co_await stream.async_write(bytes, net::nothrow);
            if (write_ec) break;
        }
        // Either side may have ended; the reader below tells the client what the vendor said.
        while (!line->done && co_await socket.sleep(20ms)) {
        }
        line->done = true;
    }

    template <class LinePtr>
    Task<> downwards(std::uint64_t number, EmulatorSocket& socket, Fault fault, bool mulaw, LinePtr line) {
        auto& stream = line->stream;
        beast::flat_buffer buffer;
        int index = 0;
        for (;;) {
            buffer.consume(buffer.size());
            auto [ec, size] = co_await stream.async_read(buffer, net::nothrow);
            if (ec) break;
            const bool text = stream.got_text();
            auto item = beast::buffers_to_string(buffer.data());
            const auto sound = sound_in(item, text);
            const bool counted = is_item(role_, item, text);
            bool sent = true;
            for (auto& one : spoil(fault, std::move(item), text, mulaw, index)) {
                sent = sent && co_await socket.sleep(one.delay);
                if (!sent) break;
                if (!counted && text)
                    sent = co_await socket.send_text(std::move(one.bytes));
                else if (!counted)
                    sent = co_await socket.send_binary(std::move(one.bytes));
                else if (text)
                    sent = co_await socket.item(std::move(one.bytes));
                else
                    sent = co_await socket.item_binary(std::move(one.bytes));
                if (sent && counted) note(number, sound);
            }
            if (sound > 0 || index > 0) ++index;
            if (!sent) break;
        }
        const auto code = static_cast<int>(stream.reason().code);
        std::string reason(stream.reason().reason.c_str());
        co_await socket.close(code == 0 ? 1011 : code, std::move(reason));
        line->done = true;
    }

    Url upstream_;
    std::shared_ptr<asio::ssl::context> tls_;
    std::string role_, last_words_;
};

Url upstream_of(const std::string& text) {
    auto url = parse_url(text);
    if (!url) throw std::invalid_argument("not a URL: " + text);
    return *url;
}

std::shared_ptr<EmulatorWorld> no_world() {
    WorldSettings settings;
    settings.tones = true;
    settings.pace = 0;
    return std::make_shared<EmulatorWorld>(settings);
}

}  // namespace

class FaultProxy::Impl {
public:
    explicit Impl(const FaultProxyOptions& options)
        : proxy(std::make_shared<Proxy>(upstream_of(options.upstream), make_client_tls(options.tls), options.role)),
          host(proxy, no_world(), host_options(options)) {}

    static VendorHostOptions host_options(const FaultProxyOptions& options) {
        VendorHostOptions out;
        out.port = options.port;
        return out;
    }

    std::shared_ptr<Proxy> proxy;
    VendorHost host;
};

FaultProxy::FaultProxy(FaultProxyOptions options) : impl_(std::make_unique<Impl>(options)) {}
FaultProxy::~FaultProxy() = default;
std::uint16_t FaultProxy::port() const {
    return impl_->host.port();
}
void FaultProxy::script(std::vector<FaultRule> rules) {
    impl_->host.script(std::move(rules));
}
std::vector<ProxyRecord> FaultProxy::records() const {
    return impl_->proxy->books.all();
}
int FaultProxy::most_connections() const {
    return impl_->host.counts().most_connections;
}
void FaultProxy::stop() {
    impl_->host.stop();
}

}  // namespace parley::sim
