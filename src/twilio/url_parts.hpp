#pragma once
// A URL cut at its delimiters, byte for byte; nothing is decoded or checked beyond what cutting needs.

#include <optional>
#include <string>
#include <string_view>

namespace parley::twilio {

struct UrlParts {
    std::string_view scheme;    // without "://"
    std::string_view userinfo;  // with '@', or empty
    std::string_view host;      // an IPv6 literal keeps its brackets
    std::string_view port;      // digits without ':', or empty
    std::string_view path;      // from '/' on, or empty
    std::string_view query;     // with '?', or empty
};

// Nothing when there is no "scheme://authority". A fragment is ignored.
std::optional<UrlParts> split_url(std::string_view url);
std::string join_url(const UrlParts& parts);

// As a WHATWG URL parser writes it: lower-case scheme and host, "/" for an empty path, non-ASCII and reserved bytes
// escaped; `upper_hex` also turns escapes of the query into upper case, which older query-string libraries do.
std::string normalise_url(const UrlParts& parts, bool upper_hex);

}  // namespace parley::twilio
