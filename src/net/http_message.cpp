#include "parley/net/http_message.hpp"

#include <algorithm>
#include <charconv>

namespace parley::net {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool default_port(const Url& url) {
    return url.port == (url.tls() ? 443 : 80);
}

}  // namespace

bool equal_no_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void HttpHeaders::set(std::string_view name, std::string value) {
    std::erase_if(fields_, [name](const auto& field) { return equal_no_case(field.first, name); });
    add(std::string(name), std::move(value));
}

std::string_view HttpHeaders::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (equal_no_case(key, name)) return value;
    }
    return {};
}

std::size_t HttpHeaders::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), [name](const auto& f) { return equal_no_case(f.first, name); }));
}

bool HttpHeaders::has_token(std::string_view name, std::string_view token) const {
    for (const auto& [key, value] : fields_) {
        if (!equal_no_case(key, name)) continue;
        std::string_view rest = value;
        while (true) {
            const auto comma = rest.find(',');
            if (equal_no_case(trim(rest.substr(0, comma)), token)) return true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return false;
}

std::string_view HttpRequest::query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::string_view http_reason(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

std::string Url::host_header() const {
    std::string text = host.find(':') != std::string::npos ? "[" + host + "]" : host;
    if (!default_port(*this)) text += ":" + std::to_string(port);
    return text;
}

std::optional<Url> parse_url(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\') return std::nullopt;
    }
    text = text.substr(0, text.find('#'));
    const auto colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    Url url;
    for (const char c : text.substr(0, colon)) url.scheme += lower(c);
    if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") return std::nullopt;
    text.remove_prefix(colon + 3);
    const auto slash = text.find_first_of("/?");
    std::string_view authority = text.substr(0, slash);
    if (slash != std::string_view::npos) url.target = text.substr(slash);
    if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
    if (authority.find('@') != std::string_view::npos) return std::nullopt;

    std::string_view host = authority, port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return std::nullopt;
    } else {
        const auto mark = authority.find(':');
        host = authority.substr(0, mark);
        port = mark == std::string_view::npos ? std::string_view{} : authority.substr(mark);
        if (host.find_first_of("[]<>\"^`{|}%") != std::string_view::npos) return std::nullopt;
    }
    if (host.empty() || host.size() > 253) return std::nullopt;
    for (const char c : host) url.host += lower(c);
    url.port = url.tls() ? 443 : 80;
    if (!port.empty()) {
        if (port.front() != ':') return std::nullopt;
        port.remove_prefix(1);
        unsigned value = 0;
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
        if (error != std::errc{} || end != port.data() + port.size() || value == 0 || value > 65535) return std::nullopt;
        url.port = static_cast<std::uint16_t>(value);
    }
    return url;
}

}  // namespace parley::net
