#include "parley/net/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "dial.hpp"
#include "http_head.hpp"
#include "parley/net/http_stream.hpp"

namespace parley::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReplyHead = 64 * 1024;
constexpr std::size_t kReadAtOnce = 64 * 1024;

// A PUT or DELETE does the same again, but not to what somebody else has done in between: only its caller knows.
bool harmless_twice(const HttpCall& call) {
    return call.method == "GET" || call.method == "HEAD" || call.method == "OPTIONS" || call.headers.has("idempotency-key");
}

std::string origin_of(const Url& url) {
    return url.scheme + "://" + url.host + ":" + std::to_string(url.port);
}

// Which kept connections will do: one that was made to given addresses serves those who give the same.
std::string pool_key(const Url& url, std::vector<asio::ip::address> addresses) {
    auto key = origin_of(url);
    std::sort(addresses.begin(), addresses.end());
    for (const auto& address : addresses) key += " " + address.to_string();
    return key;
}

bool redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string head_of(const HttpCall& call, const Url& url) {
    std::string head = call.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\n";
    for (const auto& [name, value] : call.headers) {
        if (!http_token(name) || !http_field_value(value)) continue;
        if (equal_no_case(name, "host") || equal_no_case(name, "content-length") || equal_no_case(name, "connection")) continue;
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
    Task<Result<std::unique_ptr<Connection>>> connect(const Url& url, TimePoint deadline, std::vector<asio::ip::address> addresses = {});
    Task<Result<std::unique_ptr<HttpStream>>> begin(const HttpCall& call, const Url& url);
    Task<Result<HttpReply>> once(const HttpCall& call, const Url& url);

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
        std::unique_ptr<Connection> connection = std::move(found->second.back().connection);  // the youngest is the likeliest alive
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

// One reply, read in pieces: the head first, then the body as it comes.
class Exchange final : public HttpStream {
public:
    using Keep = std::function<void(std::unique_ptr<Connection>)>;

    Exchange(std::unique_ptr<Connection> connection, bool reused, Keep keep) : connection_(std::move(connection)), keep_(std::move(keep)), reused_(reused) {}

    // Sends the request and reads the reply's head; interim replies (1xx) are passed over.
    Task<error_code> begin(const HttpCall& call, const std::string& head) {
        if (!connection_->write(head, call.body, SIZE_MAX)) co_return make_error_code(Errc::closed);
        while (true) {
            parser_.emplace();
            parser_->eager(true);
            parser_->header_limit(kReplyHead);
            parser_->body_limit(call.body_limit);
            if (call.method == "HEAD") parser_->skip(true);
            while (!parser_->is_header_done()) {
                if (const error_code ec = co_await advance(call.deadline)) co_return ec;
            }
            const auto& message = parser_->get();
            const int status = static_cast<int>(message.result_int());
            if (status >= 100 && status < 200) continue;
            status_ = status;
            for (const auto& field : message) headers_.add(std::string(field.name_string()), std::string(field.value()));
            co_return error_code{};
        }
    }

    [[nodiscard]] int status() const override { return status_; }
    [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
    [[nodiscard]] bool reused_connection() const override { return reused_; }
    [[nodiscard]] bool heard() const { return heard_; }

    Task<Result<std::string>> read(TimePoint deadline) override {
        while (true) {
            std::string& body = parser_->get().body();
            if (!body.empty()) {
                std::string piece = std::move(body);
                body.clear();
                if (parser_->is_done()) give_back();
                co_return std::move(piece);
            }
            if (parser_->is_done()) {
                give_back();
                co_return make_error_code(Errc::end_of_stream);
            }
            if (connection_ == nullptr) co_return make_error_code(Errc::closed);
            if (const error_code ec = co_await advance(deadline)) {
                connection_.reset();
                // An end before the promised length is no end of the body.
                co_return ec == Errc::end_of_stream ? make_error_code(Errc::closed) : ec;
            }
        }
    }

private:
    // Parses what is there, or receives more.
    Task<error_code> advance(TimePoint deadline) {
        error_code ec;
        if (!buffer_.empty()) {
            const std::size_t used = parser_->put(asio::buffer(buffer_.data(), buffer_.size()), ec);
            buffer_.erase(0, used);
            if (ec == http::error::body_limit || ec == http::error::header_limit) co_return make_error_code(Errc::too_large);
            if (ec && ec != http::error::need_more) co_return make_error_code(Errc::malformed);
            // Parsed something, though it wants more: what it gave must not wait for the next bytes.
            if (used != 0) co_return error_code{};
            if (parser_->is_done()) co_return error_code{};
        }
        ec = co_await connection_->receive(buffer_, kReadAtOnce, deadline);
        if (!ec) {
            heard_ = true;
            co_return ec;
        }
        if (ec == Errc::end_of_stream && parser_->got_some() && parser_->is_header_done() && parser_->need_eof()) {
            error_code end;
            parser_->put_eof(end);
            if (!end) co_return end;
        }
        co_return ec;
    }
    void give_back() {
        if (connection_ == nullptr) return;
        if (parser_->keep_alive() && !parser_->need_eof() && buffer_.empty()) keep_(std::move(connection_));
        connection_.reset();
    }

    std::unique_ptr<Connection> connection_;
    Keep keep_;
    std::optional<http::response_parser<http::string_body>> parser_;
    std::string buffer_;
    HttpHeaders headers_;
    int status_ = 0;
    bool reused_ = false, heard_ = false;
};

Task<Result<std::unique_ptr<Connection>>> HttpClient::Impl::connect(const Url& url, TimePoint deadline, std::vector<asio::ip::address> addresses) {
    std::shared_ptr<const TlsContext> tls;
    if (url.tls()) tls = options.tls ? options.tls : default_client_tls();
    co_return co_await dial(url.host, url.port, std::move(tls), deadline, std::move(addresses));
}

Task<Result<std::unique_ptr<HttpStream>>> HttpClient::Impl::begin(const HttpCall& call, const Url& url) {
    const std::string origin = pool_key(url, call.addresses);
    const std::string head = head_of(call, url);
    for (int attempt = 0;; ++attempt) {
        std::unique_ptr<Connection> connection;
        if (attempt == 0) connection = take(origin);
        const bool reused = connection != nullptr;
        if (!reused) {
            Result<std::unique_ptr<Connection>> dialled = co_await connect(url, call.deadline, call.addresses);
            if (!dialled) co_return dialled.error();
            connection = std::move(*dialled);
        }
        auto stream =
            std::make_unique<Exchange>(std::move(connection), reused, [this, origin](std::unique_ptr<Connection> free) { keep(origin, std::move(free)); });
        const error_code ec = co_await stream->begin(call, head);
        if (!ec) co_return std::unique_ptr<HttpStream>(std::move(stream));
        const bool race = reused && !stream->heard() && ec != Errc::timed_out && ec != Errc::cancelled;
        if (!race || !harmless_twice(call)) co_return ec;
    }
}

Task<Result<HttpReply>> HttpClient::Impl::once(const HttpCall& call, const Url& url) {
    // A server that closes a kept connection between head and body is met as any broken reply: the request was taken.
    Result<std::unique_ptr<HttpStream>> stream = co_await begin(call, url);
    if (!stream) co_return stream.error();
    HttpReply reply;
    reply.status = (*stream)->status();
    reply.headers = (*stream)->headers();
    while (true) {
        Result<std::string> piece = co_await (*stream)->read(call.deadline);
        if (piece) {
            reply.body += *piece;
        } else if (piece.error() == Errc::end_of_stream) {
            co_return std::move(reply);
        } else {
            co_return piece.error() == Errc::closed ? make_error_code(Errc::end_of_stream) : piece.error();
        }
    }
}

HttpClient::HttpClient(asio::any_io_executor executor, HttpClientOptions options) : impl_(std::make_unique<Impl>(std::move(executor), std::move(options))) {}
HttpClient::~HttpClient() = default;

std::size_t HttpClient::idle_connections() const {
    std::size_t count = 0;
    for (const auto& [origin, idle] : impl_->pool) count += idle.size();
    return count;
}

void HttpClient::close_idle() {
    impl_->pool.clear();
}

Task<Result<std::unique_ptr<HttpStream>>> HttpClient::open(HttpCall call) {
    if (!http_token(call.method)) co_return make_error_code(Errc::malformed);
    const std::optional<Url> url = parse_url(call.url);
    if (!url || !url->scheme.starts_with("http")) co_return make_error_code(Errc::bad_url);
    co_return co_await impl_->begin(call, *url);
}

Task<error_code> HttpClient::connect_ahead(std::string where, TimePoint deadline) {
    const std::optional<Url> url = parse_url(where);
    if (!url || !url->scheme.starts_with("http")) co_return make_error_code(Errc::bad_url);
    const std::string origin = origin_of(*url);
    if (auto ready = impl_->take(origin)) {
        impl_->keep(origin, std::move(ready));
        co_return error_code{};
    }
    Result<std::unique_ptr<Connection>> dialled = co_await impl_->connect(*url, deadline);
    if (!dialled) co_return dialled.error();
    impl_->keep(origin, std::move(*dialled));
    co_return error_code{};
}

Task<Result<HttpReply>> HttpClient::request(HttpCall call) {
    if (!http_token(call.method)) co_return make_error_code(Errc::malformed);
    for (int hop = 0;; ++hop) {
        const std::optional<Url> url = parse_url(call.url);
        if (!url || !url->scheme.starts_with("http")) co_return make_error_code(Errc::bad_url);
        Result<HttpReply> reply = co_await impl_->once(call, *url);
        if (!reply || call.redirects == 0 || !call.addresses.empty() || !redirect(reply->status) || !reply->headers.has("location")) co_return std::move(reply);
        if (call.method != "GET" && call.method != "HEAD") co_return std::move(reply);
        if (hop == call.redirects) co_return make_error_code(Errc::too_many_redirects);
        const std::string next = resolve(*url, reply->headers.get("location"));
        const std::optional<Url> target = parse_url(next);
        if (!target || (url->tls() && !target->tls())) co_return make_error_code(Errc::bad_url);  // never down to cleartext
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
