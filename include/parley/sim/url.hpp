#pragma once
// URLs as the carrier needs them: cut into parts without normalising one byte, because the signature covers the exact
// text.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "parley/base/result.hpp"

namespace parley::sim {

struct Url {
    std::string scheme;  // lower case
    std::string user, password;
    std::string host;  // without brackets
    std::uint16_t port = 0;
    bool port_given = false;
    std::string target;    // path and query as written; "/" when there is no path
    std::string fragment;  // after '#', without it

    [[nodiscard]] bool tls() const { return scheme == "https" || scheme == "wss"; }
    // Host and, where given, port, as they stand in a Host header.
    [[nodiscard]] std::string authority() const;
};

// Absolute URLs of http, https, ws and wss only; anything else is an error (`errc::invalid_argument`).
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// RFC 3986 section 5.2 without path normalisation beyond dot segments. `base` may be empty: then only an absolute
// reference succeeds. The fragment of `reference` is kept, it carries the connection overrides.
[[nodiscard]] Result<std::string> resolve_url(std::string_view base, std::string_view reference);

// What is signed: `text` without fragment and without user:password; for https the port is removed as well (documented
// rule for voice), for http, ws and wss it stays as written.
[[nodiscard]] std::string url_to_sign(std::string_view text);

// Appends query fields to a URL that may have a query already; keeps the fragment last.
[[nodiscard]] std::string with_query(std::string_view url, std::string_view encoded_fields);

// Connection overrides from the fragment (`ct rt tt rc rp e sni`), see the webhook reference section 2.
struct ConnectionOverrides {
    int connect_ms = 5000;
    int read_ms = 15000;
    int total_ms = 15000;
    int retries = 1;
    bool retry_4xx = false, retry_5xx = false, retry_connect = true, retry_read = false;
    bool sni = true;
    int error_code = 0;  // 11240, 11241 or 11243 when a value is not accepted; the default then applies
};
[[nodiscard]] ConnectionOverrides read_overrides(std::string_view fragment);

}  // namespace parley::sim
