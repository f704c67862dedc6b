#include "parley/sim/http_client.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/zlib/error.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include "connect.hpp"

namespace parley::sim {
namespace {

namespace http = beast::http;
using Request = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;
using std::chrono::milliseconds;

void fail(HttpReply& reply, int code, std::string text) {
    reply.failure = code;
    reply.failure_text = std::move(text);
}

void fail_connect(HttpReply& reply, const ConnectResult& result, long verify) {
    if (result.stage == ConnectResult::Stage::resolve) return fail(reply, result.timed_out ? 11201 : 11210, "host name not resolved");
    if (result.stage == ConnectResult::Stage::connect) {
        if (result.timed_out) return fail(reply, 11201, "connect timed out");
        if (result.ec == asio::error::connection_refused) return fail(reply, 11202, "connection refused");
        return fail(reply, 11205, "connect: " + result.ec.message());
    }
    switch (verify) {
        case X509_V_OK:
            return fail(reply, 11220, "TLS handshake: " + result.ec.message());
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return fail(reply, 11236, "certificate expired");
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_APPLICATION_VERIFICATION:
            return fail(reply, 11235, "certificate is for another host");
        default:
            return fail(reply, 11237, X509_verify_cert_error_string(verify));
    }
}

template <class Stream>
Task<> exchange(Stream& stream, const Request& request, std::size_t limit, TimePoint deadline, HttpReply& reply) {
    beast::get_lowest_layer(stream).expires_at(deadline);
    {
        auto [ec, sent] = co_await http::async_write(stream, request, net::nothrow);
        if (ec) {
            fail(reply, ec == beast::error::timeout ? 11203 : 11205, "write: " + ec.message());
            co_return;
        }
    }
    beast::flat_buffer buffer(limit + 64 * 1024);
    Parser parser;
    parser.body_limit(limit);
    auto [ec, received] = co_await http::async_read(stream, buffer, parser, net::nothrow);
    if (ec == http::error::body_limit || ec == http::error::buffer_overflow) {
        fail(reply, 11750, "response body too large");
        co_return;
    }
    if (ec && !parser.is_header_done()) {
        const bool http_error = ec.category() == make_error_code(http::error::bad_version).category() && ec != http::error::end_of_stream;
        fail(reply, ec == beast::error::timeout ? 11203 : (http_error ? 11206 : 11205), "read: " + ec.message());
        co_return;
    }
    // A connection closed without TLS close_notify or by EOF ends a body without length; anything else broke it.
    if (ec && ec != asio::ssl::error::stream_truncated && !parser.is_done()) {
        fail(reply, ec == beast::error::timeout ? 11203 : 11205, "read: " + ec.message());
        co_return;
    }
    auto message = parser.release();
    reply.status = static_cast<int>(message.result_int());
    reply.chunked = message.chunked();
    for (const auto& field : message) reply.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    reply.body = std::move(message.body());
    if (beast::iequals(header_of(reply.headers, "Content-Encoding"), "gzip")) {
        std::string unpacked;
        if (!gunzip(reply.body, limit, unpacked)) {
            fail(reply, 11206, "body is not gzip, or too large");
            co_return;
        }
        reply.body = std::move(unpacked);
    }
}

}  // namespace

std::shared_ptr<asio::ssl::context> make_client_tls(const TlsTrust& trust) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1);
    if (trust.insecure) {
        context->set_verify_mode(asio::ssl::verify_none);
        return context;
    }
    context->set_verify_mode(asio::ssl::verify_peer);
    if (trust.ca_file.empty()) {
        context->set_default_verify_paths();
    } else {
        context->load_verify_file(trust.ca_file);
    }
    return context;
}

std::string_view header_of(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (beast::iequals(key, name)) return value;
    }
    return {};
}

bool gunzip(std::string_view packed, std::size_t limit, std::string& out) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(packed[at]); };
    if (packed.size() < 18 || byte(0) != 0x1f || byte(1) != 0x8b || byte(2) != 8) return false;
    const auto flags = byte(3);
    std::size_t at = 10;
    if ((flags & 4) != 0) at += 2u + byte(at) + 256u * byte(at + 1);
    for (const int text : {8, 16}) {  // file name and comment end with a zero byte each
        if ((flags & text) == 0) continue;
        const auto zero = at < packed.size() ? packed.find('\0', at) : std::string_view::npos;
        if (zero == std::string_view::npos) return false;
        at = zero + 1;
    }
    if ((flags & 2) != 0) at += 2;
    if (at + 8 > packed.size()) return false;
    beast::zlib::inflate_stream inflate;
    beast::zlib::z_params z;
    z.next_in = packed.data() + at;
    z.avail_in = packed.size() - at - 8;
    std::string block(16 * 1024, '\0');
    for (;;) {
        z.next_out = block.data();
        z.avail_out = block.size();
        error_code ec;
        inflate.write(z, beast::zlib::Flush::sync, ec);
        const auto made = block.size() - z.avail_out;
        out.append(block, 0, made);
        if (out.size() > limit) return false;
        if (ec == beast::zlib::error::end_of_stream) return true;
        if (ec || (made == 0 && z.avail_in == 0)) return false;
    }
}

Task<HttpReply> HttpClient::send(HttpRequest request, ConnectionOverrides overrides) const {
    HttpReply reply;
    const auto began = Clock::now();
    const auto url = parse_url(request.url);
    if (!url || (url->scheme != "http" && url->scheme != "https")) {
        fail(reply, 11100, "invalid URL");
        co_return reply;
    }
    Request message;
    message.method_string(request.method);
    message.target(url->target);
    message.version(11);
    message.set(http::field::host, url->authority());
    for (const auto& [name, value] : request.headers) message.insert(name, value);
    message.body() = std::move(request.body);
    if (request.method != "GET") message.content_length(message.body().size());
    const auto total = began + milliseconds(std::min(overrides.total_ms, overrides.read_ms));
    const auto connect_by = std::min(total, began + milliseconds(overrides.connect_ms));
    auto executor = co_await asio::this_coro::executor;
    const bool behind = balancer_.takes(url->host);
    if (url->tls() && !behind) {
        TlsStream stream(executor, *tls_);
        auto connected = co_await connect_tcp(beast::get_lowest_layer(stream), url->host, url->port, connect_by);
        if (connected.ok()) connected = co_await handshake_tls(stream, url->host, overrides.sni, connect_by);
        if (!connected.ok()) {
            fail_connect(reply, connected, SSL_get_verify_result(stream.native_handle()));
        } else {
            co_await exchange(stream, message, request.body_limit, total, reply);
        }
        beast::get_lowest_layer(stream).close();
    } else {
        PlainStream stream(executor);
        const std::string host = behind ? balancer_.address : url->host;
        const auto connected = co_await connect_tcp(stream, host, behind ? balancer_.port : url->port, connect_by);
        if (!connected.ok()) {
            fail_connect(reply, connected, X509_V_OK);
        } else {
            co_await exchange(stream, message, request.body_limit, total, reply);
        }
        stream.close();
    }
    reply.took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    co_return reply;
}

}  // namespace parley::sim
