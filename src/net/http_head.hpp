#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parley/net/http_message.hpp"

namespace parley::net {

struct HttpHeadLimits {
    std::size_t bytes = 16 * 1024;  // whole head
    std::size_t target = 8 * 1024;
    std::size_t fields = 100;
};

struct HttpHead {
    HttpRequest request;
    bool keep_alive = true;
    bool chunked = false;
    bool upgrade = false;  // asks for a WebSocket by Connection and Upgrade
    bool expect_continue = false;
    std::uint64_t content_length = 0;
    bool has_length = false;
};

// Reads a whole request head, up to and with its empty line, strictly by RFC 9112: what two readers could understand in
// two ways is refused. Returns 0, or the status to answer with (400, 414, 417, 431, 501, 505).
[[nodiscard]] int parse_http_head(std::string_view head, const HttpHeadLimits& limits, HttpHead& out);

// Refuses what no continuation can make right, so that a peer is not listened to until its limit: 0 or a status.
// `from`: how much of it was looked at before.
[[nodiscard]] int check_partial_head(std::string_view received, std::size_t from, const HttpHeadLimits& limits);

[[nodiscard]] bool http_token(std::string_view text);        // RFC 9110 5.6.2
[[nodiscard]] bool http_field_value(std::string_view text);  // no control characters but tab

}  // namespace parley::net
