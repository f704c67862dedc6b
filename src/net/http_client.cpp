#include "parley/net/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <map>
#include <vector>

#include "dial.hpp"
#include "http_head.hpp"

namespace parley::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReplyHead = 64 * 1024;
constexpr std::size_t kReadAtOnce = 64 * 1024;

bool harmless_twice(const HttpCall& call) {
    return call.method == "GET" || call.method == "HEAD" || call.method == "PUT" || call.method == "DELETE" ||
           call.method == "OPTIONS" || call.headers.has("idempotency-key");
}

std::string origin_of(const Url& url) {
    return url.scheme + "://" + url.host + ":" + std::to_string(url.port);
}

bool redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string head_of(const HttpCall& call, const Url& url) {
    std::string head = call.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\n";
    for (const auto& [name, value] : call.headers) {
        if (!http_token(name) || !http_field_value(value)) continue;
        if (equal_no_case(name, "host") || equal_no_case(name, "content-length") || equal_no_case(name, "connection"))
            continue;
        if (equal_no_case(name, "transfer-encoding")) continue;
        head += name + ": " + value + "\r\n";
    }
    if (!call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH") {
        head += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
    }
    head += "\r\n";
    return head;
}

// The target of a Location relative to where it was found.
std::string resolve(const Url& base, std::string_view location) {
    if (location.find("://") != std::string_view::npos) return std::string(location);
    const std::string origin = base.scheme + "://" + base.host_header();
    if (location.starts_with("//")) return base.scheme + ":" + std::string(location);
    if (location.starts_with('/')) return origin + std::string(location);
    const std::string path = base.target.substr(0, base.target.find('?'));
    return origin + path.substr(0, path.rfind('/') + 1) + std::string(location);
}

struct Outcome {
    error_code ec;
    bool heard = false;  // any byte of a reply came
    bool reusable = false;
};

}  // namespace

struct HttpClient::Impl {
    struct Idle {
        std::unique_ptr<Connection> connection;
        TimePoint since;
    };

    Impl(asio::any_io_executor ex, HttpClientOptions given) : executor(std::move(ex)), options(std::move(given)) {}

    std::unique_ptr<Connection> take(const std::string& origin);
    void keep(const std::string& origin, std::unique_ptr<Connection> connection);
    void expire();
    Task<Result<HttpReply>> once(HttpCall& call, const Url& url);
    Task<Outcome> exchange(Connection& connection, const HttpCall& call, const std::string& head, HttpReply& reply);

    asio::any_io_executor executor;
    HttpClientOptions options;
    std::map<std::string, std::vector<Idle>, std::less<>> pool;
};

void HttpClient::Impl::expire() {
    const TimePoint now = Clock::now();
    for (auto it = pool.begin(); it != pool.end();) {
        std::erase_if(it->second, [&](const Idle& idle) { return now - idle.since >= options.idle_time; });
        it = it->second.empty() ? pool.erase(it) : std::next(it);
    }
}

std::unique_ptr<Connection> HttpClient::Impl::take(const std::string& origin) {
    expire();
    const auto found = pool.find(origin);
    if (found == pool.end()) return nullptr;
    while (!found->second.empty()) {
        std::unique_ptr<Connection> connection =
            std::move(found->second.back().connection);  // the youngest is the likeliest alive
        found->second.pop_back();
        if (connection->quiet()) return connection;
    }
    return nullptr;
}

void HttpClient::Impl::keep(const std::string& origin, std::unique_ptr<Connection> connection) {
    expire();
    auto& idle = pool[origin];
    if (idle.size() >= options.idle_per_origin) idle.erase(idle.begin());
    connection->pause_reading();
    idle.push_back({std::move(connection), Clock::now()});
}

Task<Outcome> HttpClient::Impl::exchange(Connection& connection, const HttpCall& call, const std::string& head,
                                         HttpReply& reply) {
    Outcome outcome;
    std::string buffer;
    if (!connection.write(head, call.body, SIZE_MAX)) {
        outcome.ec = Errc::closed;
        co_return outcome;
    }
    while (true) {  // interim replies (1xx) are passed over
        http::response_parser<http::string_body> parser;
        parser.eager(true);
        parser.header_limit(kReplyHead);
        parser.body_limit(call.body_limit);
        if (call.method == "HEAD") parser.skip(true);
        while (!parser.is_done()) {
            error_code ec;
            if (!buffer.empty()) {
                const std::size_t used = parser.put(asio::buffer(buffer.data(), buffer.size()), ec);
                buffer.erase(0, used);
                if (ec == http::error::body_limit || ec == http::error::header_limit) {
                    outcome.ec = Errc::too_large;
                    co_return outcome;
                }
                if (ec && ec != http::error::need_more) {
                    outcome.ec = Errc::malformed;
                    co_return outcome;
                }
                if (parser.is_done() || (used != 0 && !buffer.empty() && !ec)) continue;
            }
            ec = co_await connection.receive(buffer, kReadAtOnce, call.deadline);
            if (!ec) {
                outcome.heard = true;
                continue;
            }
            if (ec == Errc::end_of_stream && parser.got_some() && parser.need_eof()) {
                parser.put_eof(ec);
                if (!ec) break;
            }
            outcome.ec = ec;
            co_return outcome;
        }
        auto& message = parser.get();
        const int status = static_cast<int>(message.result_int());
        if (status >= 100 && status < 200) continue;
        reply.status = status;
        reply.headers = {};
        for (const auto& field : message)
            reply.headers.add(std::string(field.name_string()), std::string(field.value()));
        reply.body = std::move(message.body());
        outcome.reusable = parser.keep_alive() && !parser.need_eof() && buffer.empty();
        co_return outcome;
    }
}

Task<Result<HttpReply>> HttpClient::Impl::once(HttpCall& call, const Url& url) {
    const std::string origin = origin_of(url);
    const std::string head = head_of(call, url);
    for (int attempt = 0;; ++attempt) {
        std::unique_ptr<Connection> connection;
        if (attempt == 0) connection = take(origin);
        const bool reused = connection != nullptr;
        if (!reused) {
            std::shared_ptr<const TlsContext> tls;
            if (url.tls()) tls = options.tls ? options.tls : default_client_tls();
            Result<std::unique_ptr<Connection>> dialled =
                co_await dial(url.host, url.port, std::move(tls), call.deadline);
            if (!dialled) co_return dialled.error();
            connection = std::move(*dialled);
        }
        HttpReply reply;
        const Outcome outcome = co_await exchange(*connection, call, head, reply);
        if (!outcome.ec) {
            if (outcome.reusable) keep(origin, std::move(connection));
            co_return std::move(reply);
        }
        const bool race = reused && !outcome.heard && outcome.ec != Errc::timed_out && outcome.ec != Errc::cancelled;
        if (!race || !(harmless_twice(call) || outcome.ec == Errc::closed)) co_return outcome.ec;
    }
}

HttpClient::HttpClient(asio::any_io_executor executor, HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(options))) {}
HttpClient::~HttpClient() = default;

std::size_t HttpClient::idle_connections() const {
    std::size_t count = 0;
    for (const auto& [origin, idle] : impl_->pool) count += idle.size();
    return count;
}

void HttpClient::close_idle() {
    impl_->pool.clear();
}

Task<Result<HttpReply>> HttpClient::request(HttpCall call) {
    if (!http_token(call.method)) co_return make_error_code(Errc::malformed);
    for (int hop = 0;; ++hop) {
        const std::optional<Url> url = parse_url(call.url);
        if (!url || !url->scheme.starts_with("http")) co_return make_error_code(Errc::bad_url);
        Result<HttpReply> reply = co_await impl_->once(call, *url);
        if (!reply || call.redirects == 0 || !redirect(reply->status) || !reply->headers.has("location"))
            co_return std::move(reply);
        if (call.method != "GET" && call.method != "HEAD") co_return std::move(reply);
        if (hop == call.redirects) co_return make_error_code(Errc::too_many_redirects);
        const std::string next = resolve(*url, reply->headers.get("location"));
        const std::optional<Url> target = parse_url(next);
        if (!target || (url->tls() && !target->tls()))
            co_return make_error_code(Errc::bad_url);  // never down to cleartext
        if (origin_of(*target) != origin_of(*url)) {
            HttpHeaders kept;
            for (const auto& [name, value] : call.headers) {
                if (!equal_no_case(name, "authorization") && !equal_no_case(name, "cookie")) kept.add(name, value);
            }
            call.headers = std::move(kept);
        }
        call.url = next;
    }
}

}  // namespace parley::net
