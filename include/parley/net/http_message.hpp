#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::net {

// Header fields in the order they came; names compare without regard to case.
class HttpHeaders {
public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    void set(std::string_view name, std::string value);
    // The first field of that name; empty when there is none (see has).
    [[nodiscard]] std::string_view get(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return count(name) != 0; }
    [[nodiscard]] std::size_t count(std::string_view name) const;
    // Is `token` one of the comma-separated values of any field of that name, whatever its case?
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
    [[nodiscard]] auto begin() const { return fields_.begin(); }
    [[nodiscard]] auto end() const { return fields_.end(); }
    [[nodiscard]] std::size_t size() const { return fields_.size(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

[[nodiscard]] bool equal_no_case(std::string_view a, std::string_view b);

struct HttpRequest {
    std::string method;    // as sent
    std::string target;    // as sent, byte for byte: path and query
    bool http_1_1 = true;  // else 1.0
    bool tls = false;      // arrived over the gateway's own TLS
    HttpHeaders headers;
    std::string body;
    std::string remote_address;  // the client: the socket's peer, or what a trusted proxy says of it
    std::string peer_address;    // the socket's peer

    [[nodiscard]] std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
    [[nodiscard]] std::string_view query() const;  // after '?', else empty
};

struct HttpResponse {
    int status = 200;
    std::string content_type;  // empty: none
    std::string body;
    HttpHeaders headers;   // further fields; Content-Length and Connection are the server's own
    bool close = false;    // end the connection after it
    bool vouched = false;  // the request proved who it is (signature, token): its connection leaves the pre-authentication caps

    HttpResponse() = default;
    explicit HttpResponse(int code) : status(code) {}
    HttpResponse(int code, std::string type, std::string text) : status(code), content_type(std::move(type)), body(std::move(text)) {}
};

// Reply of a server to a request of ours.
struct HttpReply {
    int status = 0;
    HttpHeaders headers;
    std::string body;
};

[[nodiscard]] std::string_view http_reason(int status);

struct Url {
    std::string scheme, host;  // lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;    // the scheme's when none was given
    std::string target;        // path and query, at least "/"
    [[nodiscard]] bool tls() const { return scheme == "https" || scheme == "wss"; }
    [[nodiscard]] std::string host_header() const;  // with the port unless it is the scheme's
};

// http, https, ws or wss; no user information, no control characters, no spaces. The fragment is dropped.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

}  // namespace parley::net
