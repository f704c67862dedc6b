// A request head the strict reader accepts must be read the same by Beast's parser, and survive being written and read
// again.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <cstdlib>

#include "http_head.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace parley::net;
    namespace http = boost::beast::http;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        (void)check_partial_head(text, 0, HttpHeadLimits{});
        return 0;
    }
    const std::string_view bytes = text.substr(0, end + 4);
    HttpHead head;
    const int status = parse_http_head(bytes, HttpHeadLimits{}, head);
    if (status != 0) return 0;
    if (check_partial_head(bytes.substr(0, bytes.size() - 1), 0, HttpHeadLimits{}) != 0) std::abort();

    http::request_parser<http::empty_body> parser;
    parser.header_limit(64 * 1024);
    parser.body_limit(boost::none);
    boost::system::error_code ec;
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec == http::error::need_more) ec = {};
    if (ec) return 0;  // Beast may be the stricter one; the server then answers 400
    if (used != bytes.size() || !parser.is_header_done()) std::abort();
    if (parser.get().target() != head.request.target || parser.get().method_string() != head.request.method) std::abort();
    if (parser.chunked() != head.chunked || parser.content_length().value_or(0) != head.content_length) std::abort();
    if (parser.get()[http::field::host] != head.request.headers.get("host")) std::abort();
    if (parser.keep_alive() != head.keep_alive) {
        // Beast reads Connection as a list too; a difference would be a difference in where the next request begins.
        if (head.keep_alive && !parser.get().keep_alive()) std::abort();
    }
    return 0;
}
