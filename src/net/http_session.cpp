// One connection of the HTTP server: its requests, one after the other.

#include <array>
#include <charconv>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http_server_impl.hpp"

namespace parley::net {
namespace {

constexpr Duration kRateGrace = std::chrono::seconds(2);
constexpr std::size_t kReadAtOnce = 16 * 1024;
constexpr std::size_t kDelayedShrink = 2048;

std::string_view reason_of(int status) {
    switch (status) {
        case 408:
            return "timeout";
        case 411:
            return "length_required";
        case 413:
            return "body_too_large";
        case 414:
            return "target_too_long";
        case 415:
            return "content_type";
        case 431:
            return "head_too_large";
        default:
            return "malformed";
    }
}

bool carries_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

std::string_view media_type(std::string_view value) {
    value = value.substr(0, value.find(';'));
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return value;
}

// What the head alone decides: 0 or the status to refuse with.
int check_head(const HttpHead& head, const HttpRoute& route) {
    const bool body = head.chunked || head.content_length != 0;
    if (head.upgrade && head.request.headers.has_token("upgrade", "websocket")) {
        return body || !head.request.http_1_1 || head.request.method != "GET" ? 400 : 0;
    }
    if (carries_body(head.request.method) && !head.has_length && !head.chunked) return 411;
    if (head.content_length > route.body_limit) return 413;
    if (body && !route.content_type.empty() && !equal_no_case(media_type(head.request.headers.get("content-type")), route.content_type)) return 415;
    return 0;
}

}  // namespace

bool http_has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

HttpResponse http_error(int status) {
    HttpResponse response(status, "text/plain", std::string(http_reason(status)) + "\n");
    response.close = true;
    return response;
}

std::string http_response_head(const HttpResponse& response, bool keep_alive, bool http_1_1, bool streamed) {
    std::string head = http_1_1 ? "HTTP/1.1 " : "HTTP/1.0 ";
    head += std::to_string(response.status);
    head += ' ';
    head += http_reason(response.status);
    head += "\r\n";
    if (!response.content_type.empty() && http_field_value(response.content_type)) head += "Content-Type: " + response.content_type + "\r\n";
    for (const auto& [name, value] : response.headers) {
        if (!http_token(name) || !http_field_value(value)) continue;
        if (equal_no_case(name, "content-length") || equal_no_case(name, "connection") || equal_no_case(name, "transfer-encoding")) continue;
        head += name + ": " + value + "\r\n";
    }
    if (streamed) {
        if (http_1_1) head += "Transfer-Encoding: chunked\r\n";  // an older peer reads until the end
    } else if (http_has_body(response.status)) {
        head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    }
    if (!keep_alive) {
        head += "Connection: close\r\n";
    } else if (!http_1_1) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

Task<bool> HttpServer::Impl::respond(Connection& connection, const HttpRequest& request, const HttpResponse& response, bool keep_alive) {
    const std::string head = http_response_head(response, keep_alive, request.http_1_1);
    const bool with_body = http_has_body(response.status) && request.method != "HEAD";
    if (!connection.write(head, with_body ? std::string_view(response.body) : std::string_view{}, SIZE_MAX)) co_return false;
    const error_code ec = co_await connection.drained(Clock::now() + options.limits.write_time);
    co_return !ec;
}

namespace {

class StreamedBody final : public HttpBody {
public:
    StreamedBody(Connection& connection, Duration write_time, bool chunked, const std::atomic<bool>& stopping)
        : connection_(connection), write_time_(write_time), chunked_(chunked), stopping_(stopping) {}
    Task<bool> write(std::string_view bytes) override {
        if (bytes.empty()) co_return open();
        std::string framed;
        if (chunked_) {
            std::array<char, 18> size{};
            const auto [end, ec] = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
            framed.assign(size.data(), end);
            framed += "\r\n";
            framed += bytes;
            framed += "\r\n";
            bytes = framed;
        }
        if (!connection_.write(bytes)) co_return false;
        const error_code ec = co_await connection_.drained(Clock::now() + write_time_);
        co_return !ec;
    }
    [[nodiscard]] bool open() const override { return !stopping_ && connection_.is_open() && connection_.quiet(); }

private:
    Connection& connection_;
    Duration write_time_;
    bool chunked_;
    const std::atomic<bool>& stopping_;
};

}  // namespace

Task<> HttpServer::Impl::respond_streaming(Connection& connection, const HttpRequest& request, const HttpResponse& response, const HttpWriter& writer) {
    const std::string head = http_response_head(response, false, request.http_1_1, true);
    if (!connection.write(head)) co_return;
    if (request.method == "HEAD") co_return;
    StreamedBody body(connection, options.limits.write_time, request.http_1_1, stopping);
    bool failed = false;
    try {
        co_await writer(body);
    } catch (const std::exception&) {
        failed = true;
    }
    // Cut off in the middle, the peer knows that something is missing.
    if (failed) {
        reject("handler");
        connection.close_now();
    } else if (request.http_1_1 && connection.write("0\r\n\r\n")) {
        (void)co_await connection.drained(Clock::now() + options.limits.write_time);
    }
}

Task<int> HttpServer::Impl::read_head(Session& session, std::string& buffer, bool first, std::string& head_bytes, HttpHead& head) {
    Connection& connection = *session.connection;
    bool begun = first || !buffer.empty();
    TimePoint deadline = Clock::now() + (begun ? options.limits.head_time : options.limits.idle);
    std::size_t seen = 0;
    while (true) {
        const std::size_t from = seen > 3 ? seen - 3 : 0;
        const auto end = buffer.find("\r\n\r\n", from);
        if (end != std::string::npos) {
            head_bytes = buffer.substr(0, end + 4);
            buffer.erase(0, end + 4);
            co_return parse_http_head(head_bytes, head_limits, head);
        }
        if (const int status = check_partial_head(buffer, seen, head_limits); status != 0) co_return status;
        seen = buffer.size();
        session.idle = seen == 0;
        if (session.idle && stopping && !first) co_return -1;
        const error_code ec = co_await connection.receive(buffer, kReadAtOnce, deadline);
        session.idle = false;
        if (ec == Errc::timed_out) co_return begun && !buffer.empty() ? 408 : -2;
        if (ec) co_return -1;
        if (!begun) {
            begun = true;
            deadline = Clock::now() + options.limits.head_time;
        }
    }
}

// Beast decodes the body; it also reads the head a second time, and a difference of opinion with the strict reader is
// refused.
Task<int> HttpServer::Impl::read_body(Connection& connection, std::string& buffer, const std::string& head_bytes, const HttpHead& head, const HttpRoute& route,
                                      std::string& body) {
    const std::size_t limit = route.body_limit;
    const Duration body_time = route.body_time == Duration{} ? options.limits.body_time : route.body_time;
    namespace http = boost::beast::http;
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    parser.body_limit(limit);
    parser.header_limit(static_cast<std::uint32_t>(options.limits.head_bytes));
    error_code ec;
    std::size_t fed = 0;
    while (fed < head_bytes.size() && !parser.is_header_done()) {
        const std::size_t used = parser.put(asio::buffer(head_bytes.data() + fed, head_bytes.size() - fed), ec);
        fed += used;
        if (ec == http::error::need_more) ec = {};
        if (ec == http::error::body_limit) co_return 413;
        if (ec || used == 0) co_return 400;
    }
    if (!parser.is_header_done() || fed != head_bytes.size() || parser.chunked() != head.chunked) co_return 400;
    if (parser.content_length().value_or(0) != head.content_length) co_return 400;

    const TimePoint began = Clock::now();
    std::size_t raw = 0;
    const std::size_t raw_limit = 2 * limit + options.limits.head_bytes;  // chunk heads and trailers must not dwarf the body
    while (!parser.is_done()) {
        if (!buffer.empty()) {
            const std::size_t used = parser.put(asio::buffer(buffer.data(), buffer.size()), ec);
            buffer.erase(0, used);
            raw += used;
            if (ec == http::error::body_limit || raw > raw_limit) co_return 413;
            if (ec && ec != http::error::need_more) co_return 400;
            if (parser.is_done()) break;
            if (used != 0 && !buffer.empty() && !ec) continue;
        }
        if (buffer.size() > options.limits.head_bytes + limit) co_return 413;
        const auto earned = std::chrono::seconds(options.limits.body_rate != 0 ? raw / options.limits.body_rate : 3600);
        const TimePoint deadline = began + std::min<Duration>(body_time, kRateGrace + earned);
        ec = co_await connection.receive(buffer, kReadAtOnce, deadline);
        if (ec == Errc::timed_out) co_return 408;
        if (ec) co_return -1;
    }
    body = std::move(parser.get().body());
    co_return 0;
}

std::string HttpServer::Impl::client_of(const HttpRequest& request, const std::string& peer) const {
    if (trusted.empty()) return peer;
    std::vector<std::string_view> forwarded;
    for (const auto& [name, value] : request.headers) {
        if (equal_no_case(name, "x-forwarded-for")) forwarded.push_back(value);
    }
    return client_address(peer, forwarded, trusted);
}

void HttpServer::Impl::hand_over(Session& session, HttpRequest request, std::string pipelined, std::shared_ptr<void> ticket) {
    HttpUpgrade upgrade(std::move(request), std::move(session.connection), std::move(pipelined), std::move(ticket));
    if (!options.upgrade) {
        reject("upgrade");
        upgrade.refuse(http_error(400));
        return;
    }
    auto task = options.upgrade(std::move(upgrade));
    asio::co_spawn(session.executor, std::move(task), [self = shared_from_this()](std::exception_ptr error) {
        if (error) self->reject("handler");
    });
}

Task<> HttpServer::Impl::serve(std::shared_ptr<Session> session, std::shared_ptr<const TlsContext> tls, std::shared_ptr<void> ticket) {
    if (tls) {
        const error_code ec = co_await session->connection->start_tls(std::move(tls), true, {}, Clock::now() + options.limits.tls_handshake);
        if (ec) {
            reject(ec == Errc::timed_out ? "timeout" : "tls");
            co_return;
        }
    }
    co_await serve_requests(*session, std::move(ticket));
}

Task<> HttpServer::Impl::serve_requests(Session& session, std::shared_ptr<void> ticket) {
    Connection& connection = *session.connection;
    const std::string peer = connection.remote();
    const bool proxy = trusted.contains(peer);
    std::string buffer, head_bytes;
    for (std::size_t count = 0; count < options.limits.requests_per_connection; ++count) {
        HttpHead head;
        int status = co_await read_head(session, buffer, count == 0, head_bytes, head);
        if (status < 0) {
            if (status == -2 && count == 0) reject("timeout");
            break;
        }
        HttpRequest& request = head.request;
        HttpRoute route;
        std::shared_ptr<void> client_ticket;
        if (status == 0) {
            request.peer_address = peer;
            request.remote_address = client_of(request, peer);
            request.tls = connection.encrypted();
            if (options.route) route = options.route(request);
            status = check_head(head, route);
            if (status == 0 && proxy && ticket && request.remote_address != peer) {
                PreauthGate::Full full;
                client_ticket = gate->enter(request.remote_address, false, full);
                if (!client_ticket) {
                    reject("preauth_address");
                    const HttpResponse busy = http_error(429);
                    (void)co_await respond(connection, request, busy, false);
                    break;
                }
            }
        }
        if (status == 0 && head.upgrade && request.headers.has_token("upgrade", "websocket")) {
            if (const int wrong = ws_check_upgrade(request); wrong != 0) {
                reject("upgrade");
                const HttpResponse refusal = ws_refusal(wrong);
                (void)co_await respond(connection, request, refusal, false);
                break;
            }
            auto both = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(std::move(ticket), std::move(client_ticket));
            hand_over(session, std::move(request), std::move(buffer), std::move(both));
            co_return;
        }
        if (status == 0) {
            if (head.expect_continue && (head.chunked || head.content_length != 0)) (void)connection.write("HTTP/1.1 100 Continue\r\n\r\n");
            status = co_await read_body(connection, buffer, head_bytes, head, route, request.body);
            if (status < 0) break;
        }
        if (status != 0) {
            reject(reason_of(status));
            const HttpResponse refusal = http_error(status);
            (void)co_await respond(connection, request, refusal, false);
            break;
        }
        HttpResponse response(404);
        bool failed = false;
        if (options.handle) {
            try {
                response = co_await options.handle(request);
            } catch (const std::exception&) {
                failed = true;
            }
        }
        if (failed) {
            reject("handler");
            response = http_error(500);
        }
        if (response.vouched) ticket.reset();
        const bool last = count + 1 == options.limits.requests_per_connection;
        const bool keep = head.keep_alive && !response.close && !last && !stopping;
        HttpWriter writer;
        if (!failed && options.writer) writer = options.writer(request);
        if (writer) {
            co_await respond_streaming(connection, request, response, writer);
            break;
        }
        const bool written = co_await respond(connection, request, response, keep);
        if (!written || !keep) break;
        if (buffer.empty() && buffer.capacity() > kDelayedShrink) std::string().swap(buffer);
        std::string().swap(head_bytes);
    }
    connection.close_politely();
}

// --- upgrade
// ----------------------------------------------------------------------------------------------------------------

HttpUpgrade::HttpUpgrade(HttpRequest asked, std::unique_ptr<Connection> connection, std::string pipelined, std::shared_ptr<void> ticket)
    : request(std::move(asked)), connection_(std::move(connection)), pipelined_(std::move(pipelined)), ticket_(std::move(ticket)) {}
HttpUpgrade::HttpUpgrade(HttpUpgrade&&) noexcept = default;
HttpUpgrade& HttpUpgrade::operator=(HttpUpgrade&&) noexcept = default;
HttpUpgrade::~HttpUpgrade() = default;

std::unique_ptr<Connection> HttpUpgrade::take_connection() {
    return std::move(connection_);
}

void HttpUpgrade::refuse(const HttpResponse& response) {
    if (!connection_) return;
    const std::string head = http_response_head(response, false, request.http_1_1);
    (void)connection_->write(head, http_has_body(response.status) ? std::string_view(response.body) : std::string_view{}, SIZE_MAX);
    connection_->close_politely();
    connection_.reset();
}

}  // namespace parley::net
