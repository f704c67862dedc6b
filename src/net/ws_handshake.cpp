// The opening handshake of RFC 6455, both sides.

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "dial.hpp"
#include "http_head.hpp"
#include "http_server_impl.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "websocket_impl.hpp"

namespace parley::net {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kReplyHead = 16 * 1024;
constexpr std::size_t kRefusalBody = 16 * 1024;
constexpr Duration kRefusalWait = std::chrono::milliseconds(300);

std::string base64(std::span<const unsigned char> bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    std::array<unsigned char, 64> room{};  // EVP writes a terminating NUL
    EVP_EncodeBlock(room.data(), bytes.data(), static_cast<int>(bytes.size()));
    text.assign(reinterpret_cast<const char*>(room.data()), text.size());
    return text;
}

std::string accept_value(std::string_view key) {
    const std::string joined = std::string(key) + std::string(kGuid);
    std::array<unsigned char, 20> digest{};
    unsigned length = 0;
    EVP_Digest(joined.data(), joined.size(), digest.data(), &length, EVP_sha1(), nullptr);
    return base64(digest);
}

// 16 bytes in base64: 22 significant characters and "==".
bool key_valid(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    for (const char c : key.substr(0, 22)) {
        const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (!ok) return false;
    }
    return true;
}

}  // namespace

int ws_check_upgrade(const HttpRequest& request) {
    const HttpHeaders& headers = request.headers;
    if (request.method != "GET" || !request.http_1_1) return 400;
    if (!headers.has_token("connection", "upgrade") || !headers.has_token("upgrade", "websocket")) return 400;
    if (headers.has("transfer-encoding") || (headers.has("content-length") && headers.get("content-length") != "0")) return 400;
    if (headers.count("sec-websocket-version") != 1) return 400;
    if (headers.get("sec-websocket-version") != "13") return 426;
    if (headers.count("sec-websocket-key") != 1 || !key_valid(headers.get("sec-websocket-key"))) return 400;
    return 0;
}

HttpResponse ws_refusal(int status) {
    HttpResponse refusal = http_error(status);
    if (status == 426) {
        refusal.headers.add("Upgrade", "websocket");
        refusal.headers.add("Sec-WebSocket-Version", "13");
    }
    return refusal;
}

Result<std::unique_ptr<WebSocket>> ws_accept(HttpUpgrade&& upgrade, WsLimits limits) {
    if (const int status = ws_check_upgrade(upgrade.request); status != 0) {
        upgrade.refuse(ws_refusal(status));
        return make_error_code(Errc::malformed);
    }
    auto connection = upgrade.take_connection();
    if (!connection) return make_error_code(Errc::closed);
    const std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                               accept_value(upgrade.request.headers.get("sec-websocket-key")) + "\r\n\r\n";
    if (!connection->write(answer)) return make_error_code(Errc::closed);
    return make_websocket(std::move(connection), WsRole::server, limits, upgrade.take_pipelined());
}

Task<Result<std::unique_ptr<WebSocket>>> ws_connect(ConnectOptions options, WsLimits limits, HttpReply* answer) {
    namespace http = boost::beast::http;
    const TimePoint deadline = Clock::now() + options.deadline;
    const std::optional<Url> url = parse_url(options.url);
    if (!url || !url->scheme.starts_with("ws")) co_return make_error_code(Errc::bad_url);
    std::shared_ptr<const TlsContext> tls;
    if (url->tls()) tls = options.tls ? options.tls : default_client_tls();
    Result<std::unique_ptr<Connection>> dialled = co_await dial(url->host, url->port, std::move(tls), deadline);
    if (!dialled) co_return dialled.error();
    std::unique_ptr<Connection> connection = std::move(*dialled);

    std::array<unsigned char, 16> nonce{};
    RAND_bytes(nonce.data(), static_cast<int>(nonce.size()));
    const std::string key = base64(nonce);
    std::string request = "GET " + url->target + " HTTP/1.1\r\nHost: " + url->host_header() +
                          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n";
    bool subprotocol = false;
    for (const auto& [name, value] : options.headers) {
        if (!http_token(name) || !http_field_value(value)) continue;
        subprotocol = subprotocol || equal_no_case(name, "sec-websocket-protocol");
        request += name + ": " + value + "\r\n";
    }
    request += "\r\n";
    if (!connection->write(request)) co_return make_error_code(Errc::closed);

    http::response_parser<http::empty_body> parser;
    parser.header_limit(kReplyHead);
    std::string received;
    while (!parser.is_header_done()) {
        error_code ec = co_await connection->receive(received, kReplyHead, deadline);
        if (ec) co_return ec;
        const std::size_t used = parser.put(asio::buffer(received.data(), received.size()), ec);
        received.erase(0, used);
        if (ec && ec != http::error::need_more) co_return make_error_code(Errc::malformed);
        if (received.size() > kReplyHead) co_return make_error_code(Errc::malformed);
    }
    const auto& reply = parser.get();
    if (answer != nullptr) {
        answer->status = static_cast<int>(reply.result_int());
        for (const auto& field : reply) answer->headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    if (reply.result_int() != 101) {
        // Who refuses says why in the body; it is worth a short wait, not the whole deadline.
        if (answer != nullptr) {
            const std::uint64_t announced = parser.content_length() ? *parser.content_length() : 0;
            const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(announced, kRefusalBody));
            const TimePoint until = std::min(deadline, Clock::now() + kRefusalWait);
            while (received.size() < wanted) {
                if (const error_code ec = co_await connection->receive(received, kRefusalBody, until)) break;
            }
            answer->body = received.substr(0, kRefusalBody);
        }
        co_return make_error_code(Errc::refused);
    }
    const bool right = http::token_list(reply[http::field::connection]).exists("upgrade") &&
                       equal_no_case({reply[http::field::upgrade].data(), reply[http::field::upgrade].size()}, "websocket") &&
                       reply[http::field::sec_websocket_accept] == accept_value(key) && reply.count(http::field::sec_websocket_extensions) == 0 &&
                       (subprotocol || reply.count(http::field::sec_websocket_protocol) == 0);
    if (!right) co_return make_error_code(Errc::malformed);
    std::unique_ptr<WebSocket> socket = make_websocket(std::move(connection), WsRole::client, limits, std::move(received));
    co_return std::move(socket);
}

}  // namespace parley::net
