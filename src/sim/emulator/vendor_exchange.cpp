// Requests and upgrades: what the host decides before an emulator sees them, and the faults that belong there.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <cstdlib>

#include "parley/sim/scenario.hpp"
#include "vendor_connection.hpp"

namespace parley::sim {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;

constexpr std::size_t kMaxBody = 64U << 20U;
constexpr std::size_t kBombBytes = 16U << 20U;
constexpr auto kIdle = std::chrono::seconds(75);

std::string unescaped(std::string_view text, bool plus_is_blank) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto hex = [&](std::size_t at) {
            const auto place = std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(static_cast<unsigned char>(text[at]))));
            return place == std::string_view::npos ? -1 : static_cast<int>(place);
        };
        if (text[i] == '%' && i + 2 < text.size() && hex(i + 1) >= 0 && hex(i + 2) >= 0) {
            out.push_back(static_cast<char>(hex(i + 1) * 16 + hex(i + 2)));
            i += 2;
        } else {
            out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

EmulatorRequest read_request(const http::request<http::string_body>& message, std::uint64_t connection) {
    EmulatorRequest request;
    request.connection = connection;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    const auto mark = std::min(request.target.find('?'), request.target.size());
    request.path = unescaped(std::string_view(request.target).substr(0, mark), false);
    for (std::size_t at = mark + 1; at < request.target.size();) {
        const auto end = std::min(request.target.find('&', at), request.target.size());
        const auto pair = std::string_view(request.target).substr(at, end - at);
        const auto equals = std::min(pair.find('='), pair.size());
        request.query.emplace_back(unescaped(pair.substr(0, equals), true), equals < pair.size() ? unescaped(pair.substr(equals + 1), true) : std::string{});
        at = end + 1;
    }
    for (const auto& field : message) {
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    request.body = message.body();
    request.upgrade = websocket::is_upgrade(message);
    return request;
}

const std::string& bomb() {
    static const auto made = gzip_bomb(kBombBytes);
    return made;
}

struct HandshakeHeaders {
    Headers headers;
    void operator()(websocket::response_type& response) const {
        for (const auto& [name, value] : headers) response.set(name, value);
    }
};

nlohmann::ordered_json log_json(const LogEntry& entry) {
    constexpr const char* kNames[] = {"request", "upgrade", "text", "binary", "closed"};
    nlohmann::ordered_json out{
        {"kind", kNames[static_cast<int>(entry.kind)]}, {"request", entry.number}, {"connection", entry.connection}, {"at_ms", entry.at.count()}};
    if (!entry.method.empty()) out["method"] = entry.method;
    if (!entry.target.empty()) out["target"] = entry.target;
    for (const auto& [name, value] : entry.headers) out["headers"][name] = value;
    if (!entry.body.empty()) out["body"] = entry.body;
    out["bytes"] = entry.bytes;
    if (entry.messages > 1) out["messages"] = entry.messages;
    if (entry.close_code != 0) out["close_code"] = entry.close_code;
    return out;
}

}  // namespace

Task<> EmulatorConnection::serve() {
    while (!over_) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(kMaxBody);
        stream_->expires_after(kIdle);
        auto [ec, size] = co_await http::async_read(*stream_, buffer_, parser, net::nothrow);
        if (ec) break;
        stream_->expires_never();
        auto message = parser.release();
        const bool keep = message.keep_alive();
        auto request = read_request(message, number_);
        if (request.path.starts_with("/sim/")) {
            begin(Fault{});
            const bool answered = co_await control(request);
            if (!answered || !keep) break;
            continue;
        }
        request.number = parts_.books.request(request);
        auto fault = parts_.script.next(request.target);
        begin(fault);
        if (request.upgrade) {
            co_await serve_upgrade(std::move(request), std::move(message), std::move(fault));
            break;
        }
        const bool answered = co_await serve_http(std::move(request), std::move(fault));
        if (!answered || !keep) break;
    }
    over();
    co_await join();
    co_await linger();
    parts_.books.closed();
}

// Whether the client goes away while it is being answered. What it sends ahead is left where it is.
Task<> EmulatorConnection::watch_client() {
    auto& socket = stream_->socket();
    auto [ec] = co_await socket.async_wait(asio::ip::tcp::socket::wait_read, net::nothrow);
    if (ec) co_return;
    char one = 0;
    const auto got = ::recv(socket.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) over();
}

Task<bool> EmulatorConnection::refuse(int status, const EmulatorRequest& request, std::string message, const Fault& fault) {
    auto error = parts_.emulator.error(status, request, message);
    if (fault.retry_after) {
        auto seconds = std::to_string(*fault.retry_after);
        seconds.erase(std::max(seconds.find_last_not_of('0') + 1, seconds.find('.') + 2));
        if (seconds.ends_with(".0")) seconds.resize(seconds.size() - 2);
        error.headers.emplace_back("retry-after", std::move(seconds));
    }
    refusing_ = true;
    HttpAnswer out(*this, Fault{});
    const bool sent = co_await out.whole(status, std::move(error.content_type), std::move(error.body), std::move(error.headers));
    co_return sent;
}

// What the script answers in the emulator's place. True: it has (or nothing is to be answered any more).
Task<bool> EmulatorConnection::refused(const EmulatorRequest& request, const Fault& fault) {
    if (!co_await sleep(fault.accept_delay)) co_return true;
    if (fault.half_open_after == 0 && fault.at_response <= 1 && !request.upgrade) {
        co_await freeze();
        co_return true;
    }
    if (fault.close_after == 0 && fault.at_response <= 1 && !request.upgrade) {
        co_await end_by_script();
        co_return true;
    }
    if (fault.status != 0) {
        std::string why = "as the script says";
        co_await refuse(fault.status, request, std::move(why), fault);
        co_return true;
    }
    if (!fault.redirect.empty() || fault.gzip_bomb) {
        refusing_ = true;
        HttpAnswer out(*this, Fault{});
        Headers headers;
        if (fault.gzip_bomb) {
            headers.emplace_back("content-encoding", "gzip");
        } else {
            headers.emplace_back("location", fault.redirect);
        }
        std::string type = "application/json", body = fault.gzip_bomb ? bomb() : "{}";
        const int status = fault.gzip_bomb ? 200 : 307;
        co_await out.whole(status, std::move(type), std::move(body), std::move(headers));
        co_return true;
    }
    co_return false;
}

Task<bool> EmulatorConnection::serve_http(EmulatorRequest request, Fault fault) {
    HttpAnswer out(*this, fault);  // outlives the emulator's children, which are joined below
    spawn(watch_client());
    if (!co_await refused(request, fault)) {
        if (!parts_.emulator.authorised(request)) {
            std::string why = "the key is missing or wrong";
            co_await refuse(401, request, std::move(why), fault);
        } else {
            std::string failed;
            try {
                co_await parts_.emulator.http(request, out, fault);
            } catch (const std::exception& e) {
                failed = e.what();
            }
            if (!failed.empty()) {
                std::fprintf(stderr, "emulated %s: %s\n", std::string(parts_.emulator.name()).c_str(), failed.c_str());
                if (!out.begun()) co_await refuse(500, request, failed, fault);
                over();
            }
            // An emulator that returned in the middle of an answer has been told that the client is gone, or has
            // forgotten the end.
            if (!out.ended()) over();
        }
    }
    error_code ignored;
    if (stream_->socket().is_open()) stream_->socket().cancel(ignored);
    co_await join();
    co_return !over_;
}

Task<bool> EmulatorConnection::accept(const EmulatorRequest& request, const Message& message) {
    HandshakeHeaders decorate{parts_.emulator.handshake_headers(request)};
    if (auto chosen = parts_.emulator.subprotocol(request); !chosen.empty()) decorate.headers.emplace_back("sec-websocket-protocol", std::move(chosen));
    ws_.emplace(std::move(*stream_));
    ws_->next_layer().expires_never();
    auto limits = websocket::stream_base::timeout::suggested(beast::role_type::server);
    limits.idle_timeout = websocket::stream_base::none();
    ws_->set_option(limits);
    ws_->read_message_max(kMaxBody);
    ws_->auto_fragment(false);
    ws_->set_option(websocket::stream_base::decorator(decorate));
    auto [ec] = co_await ws_->async_accept(message, net::nothrow);
    co_return !ec;
}

Task<> EmulatorConnection::serve_upgrade(EmulatorRequest request, Message message, Fault fault) {
    if (co_await refused(request, fault)) co_return;
    const bool known = parts_.emulator.authorised(request);
    auto close_with = std::pair<int, std::string>(0, {});
    if (!known) close_with = parts_.emulator.unauthorised_close(request);
    if (!known && close_with.first == 0) {
        std::string why = "the key is missing or wrong";
        co_await refuse(401, request, std::move(why), fault);
        co_return;
    }
    if (!parts_.emulator.upgrades(request)) {
        std::string why = "there is no socket here";
        co_await refuse(404, request, std::move(why), fault);
        co_return;
    }
    if (!co_await accept(request, message)) co_return;
    spawn(read_socket(request));
    if (close_with.first != 0) {
        co_await close(close_with.first, std::move(close_with.second));
        co_return;
    }
    if (fault.session_limit.count() > 0) spawn(limit_session());
    if (!co_await settle()) co_return;
    EmulatorSocket socket(*this, fault);
    std::string failed;
    try {
        co_await parts_.emulator.socket(request, socket, fault);
    } catch (const std::exception& e) {
        failed = e.what();
    }
    if (!failed.empty()) {
        std::fprintf(stderr, "emulated %s: %s\n", std::string(parts_.emulator.name()).c_str(), failed.c_str());
        std::string reason = "internal error";
        co_await close(1011, std::move(reason));
    }
    // The emulator's children still hold the wrapper; an emulator that returns without closing has said all it had to
    // say.
    if (!over_) {
        std::string reason;
        co_await close(1000, std::move(reason));
    }
    over();
    co_await join();
}

// What the emulator's own mouth makes of a text, for clients that need something to say.
Task<int> EmulatorConnection::say(const EmulatorRequest& request, std::string& body) {
    const std::map<std::string, WireFormat::Encoding> known{
        {"mulaw", WireFormat::Encoding::mulaw}, {"alaw", WireFormat::Encoding::alaw}, {"linear16", WireFormat::Encoding::linear16}};
    const auto encoding = known.find(request.parameter("encoding"));
    const int rate = std::atoi(request.parameter("rate").c_str());
    if (encoding == known.end() || rate < 4000 || rate > 192000) {
        body = R"({"error":"wanted: text, encoding = mulaw, alaw or linear16, rate = 4000 to 192000"})";
        co_return 400;
    }
    const WireFormat format{encoding->second, rate};
    auto text = request.parameter("text");
    body = co_await parts_.world.speak(std::move(text), format, Fault{});
    co_return 200;
}

Task<bool> EmulatorConnection::control(const EmulatorRequest& request) {
    HttpAnswer out(*this, Fault{});
    std::string type = "application/json", body;
    int status = 200;
    if (request.path == "/sim/health") {
        const auto counts = parts_.books.counts();
        nlohmann::ordered_json json{{"vendor", parts_.emulator.name()},
                                    {"requests", counts.requests},
                                    {"connections", counts.connections},
                                    {"most_connections", counts.most_connections},
                                    {"paths", nlohmann::ordered_json::object()}};
        for (const auto& [path, count] : counts.paths) json["paths"][path] = count;
        body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else if (request.path == "/sim/log") {
        auto json = nlohmann::ordered_json::array();
        for (const auto& entry : parts_.books.log()) json.push_back(log_json(entry));
        body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else if (request.path == "/sim/say") {
        status = co_await say(request, body);
        type = status == 200 ? "application/octet-stream" : "application/json";
    } else if (request.path == "/sim/script" && request.method == "PUT") {
        try {
            parts_.script.set(parse_fault_rules(request.body, "script"));
            body = "{}";
        } catch (const std::exception& e) {
            status = 400;
            body = nlohmann::json{{"error", e.what()}}.dump();
        }
    } else {
        status = 404;
        body = R"({"error":"GET /sim/health, GET /sim/log, GET /sim/say, PUT /sim/script"})";
    }
    co_return co_await out.whole(status, std::move(type), std::move(body));
}

}  // namespace parley::sim
