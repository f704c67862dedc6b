#include "url_parts.hpp"

#include <algorithm>

namespace parley::twilio {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

void append_escaped(std::string& out, char raw) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto c = static_cast<unsigned char>(raw);
    out.push_back('%');
    out.push_back(kHex[c >> 4]);
    out.push_back(kHex[c & 15]);
}

// WHATWG percent-encode sets: C0 control and non-ASCII always, then the characters of the component.
void append_component(std::string& out, std::string_view text, std::string_view reserved) {
    for (const char raw : text) {
        const auto c = static_cast<unsigned char>(raw);
        if (c <= 0x20 || c >= 0x7F || reserved.find(raw) != std::string_view::npos) {
            append_escaped(out, raw);
        } else {
            out.push_back(raw);
        }
    }
}

}  // namespace

std::optional<UrlParts> split_url(std::string_view url) {
    url = url.substr(0, std::min(url.find('#'), url.size()));
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    UrlParts parts;
    parts.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 3);
    std::string_view authority = url.substr(0, std::min(url.find_first_of("/?"), url.size()));
    url.remove_prefix(authority.size());
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        parts.userinfo = authority.substr(0, at + 1);
        authority.remove_prefix(at + 1);
    }
    const std::size_t bracket = authority.rfind(']');
    const std::size_t port = authority.rfind(':');
    const bool has_port = port != std::string_view::npos && (bracket == std::string_view::npos || port > bracket) &&
                          authority.find_first_not_of("0123456789", port + 1) == std::string_view::npos;
    parts.host = has_port ? authority.substr(0, port) : authority;
    parts.port = has_port ? authority.substr(port + 1) : std::string_view();
    if (parts.host.empty()) return std::nullopt;
    const std::size_t mark = std::min(url.find('?'), url.size());
    parts.path = url.substr(0, mark);
    parts.query = url.substr(mark);
    return parts;
}

std::string join_url(const UrlParts& parts) {
    std::string out;
    out.reserve(parts.scheme.size() + parts.host.size() + parts.path.size() + parts.query.size() + 16);
    out.append(parts.scheme).append("://").append(parts.userinfo).append(parts.host);
    if (!parts.port.empty()) out.append(":").append(parts.port);
    return out.append(parts.path).append(parts.query);
}

std::string normalise_url(const UrlParts& parts, bool upper_hex) {
    std::string scheme(parts.scheme);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    std::string host(parts.host);
    std::transform(host.begin(), host.end(), host.begin(), lower);
    std::string path;
    append_component(path, parts.path.empty() ? std::string_view("/") : parts.path, "\"#<>?`{}");
    std::string query;
    append_component(query, parts.query, "\"#<>'");
    if (upper_hex) {
        for (std::size_t i = 0; i + 2 < query.size(); ++i) {
            if (query[i] != '%' || !is_hex(query[i + 1]) || !is_hex(query[i + 2])) continue;
            query[i + 1] = upper(query[i + 1]);
            query[i + 2] = upper(query[i + 2]);
        }
    }
    UrlParts clean = parts;
    clean.scheme = scheme;
    clean.host = host;
    clean.path = path;
    clean.query = query;
    return join_url(clean);
}

}  // namespace parley::twilio
