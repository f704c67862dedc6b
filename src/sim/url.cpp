#include "parley/sim/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace parley::sim {
namespace {

constexpr std::size_t kMaxUrl = 8192;

error_code bad_url() {
    return make_error_code(boost::system::errc::invalid_argument);
}

std::size_t scheme_length(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
                               (n > 0 && ((text[n] >= '0' && text[n] <= '9') || text[n] == '+' || text[n] == '-' || text[n] == '.')))) {
        ++n;
    }
    return n > 0 && n < text.size() && text[n] == ':' ? n : 0;
}

std::string remove_dot_segments(std::string_view path) {
    std::vector<std::string_view> parts;
    bool directory = false;
    std::size_t at = path.starts_with('/') ? 1 : 0;
    while (at <= path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = path.substr(at, end - at);
        directory = part == "." || part == "..";
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else if (part != ".") {
            parts.push_back(part);
        }
        at = end + 1;
    }
    std::string out;
    for (const auto part : parts) {
        out += '/';
        out += part;
    }
    if (directory || out.empty()) out += '/';
    return out;
}

bool read_int(std::string_view text, int low, int high, int& out) {
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || value < low || value > high) return false;
    out = value;
    return true;
}

}  // namespace

std::string Url::authority() const {
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port_given) out += ":" + std::to_string(port);
    return out;
}

Result<Url> parse_url(std::string_view text) {
    if (text.size() > kMaxUrl) return bad_url();
    const auto scheme = scheme_length(text);
    if (scheme == 0 || text.substr(scheme, 3) != "://") return bad_url();
    Url url;
    url.scheme = std::string(text.substr(0, scheme));
    std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") return bad_url();
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return bad_url();
    }
    auto rest = text.substr(scheme + 3);
    if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
        url.fragment = std::string(rest.substr(hash + 1));
        rest = rest.substr(0, hash);
    }
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, authority_end);
    url.target = std::string(rest.substr(authority_end));
    if (url.target.empty() || url.target.front() == '?') url.target.insert(0, 1, '/');
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        const auto credentials = authority.substr(0, at);
        const auto colon = std::min(credentials.find(':'), credentials.size());
        url.user = std::string(credentials.substr(0, colon));
        url.password = std::string(credentials.substr(std::min(colon + 1, credentials.size())));
        authority = authority.substr(at + 1);
    }
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return bad_url();
        url.host = std::string(authority.substr(1, close - 1));
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority.front() != ':') return bad_url();
        if (!authority.empty()) port = authority.substr(1);
    } else {
        const auto colon = std::min(authority.find(':'), authority.size());
        url.host = std::string(authority.substr(0, colon));
        if (colon < authority.size()) port = authority.substr(colon + 1);
    }
    if (url.host.empty()) return bad_url();
    url.port = url.tls() ? 443 : 80;
    if (!port.empty()) {
        int value = 0;
        if (!read_int(port, 1, 65535, value)) return bad_url();
        url.port = static_cast<std::uint16_t>(value);
        url.port_given = true;
    }
    return url;
}

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
    while (!reference.empty() && static_cast<unsigned char>(reference.front()) <= ' ') reference.remove_prefix(1);
    while (!reference.empty() && static_cast<unsigned char>(reference.back()) <= ' ') reference.remove_suffix(1);
    if (scheme_length(reference) > 0 && reference.find("://") != std::string_view::npos) {
        if (const auto parsed = parse_url(reference); !parsed) return parsed.error();
        return std::string(reference);
    }
    const auto parsed = parse_url(base);
    if (!parsed) return bad_url();
    base = base.substr(0, base.find('#'));
    const auto origin_end = std::min(base.find_first_of("/?", base.find("://") + 3), base.size());
    const auto origin = std::string(base.substr(0, origin_end));
    if (reference.empty()) return std::string(base);
    std::string out;
    if (reference.starts_with("//")) {
        out = parsed->scheme + ":" + std::string(reference);
    } else {
        const auto hash = std::min(reference.find('#'), reference.size());
        const auto fragment = std::string(reference.substr(hash));
        reference = reference.substr(0, hash);
        const auto question = std::min(reference.find('?'), reference.size());
        const auto path = reference.substr(0, question);
        const auto query = std::string(reference.substr(question));
        const std::string_view base_path = std::string_view(parsed->target).substr(0, parsed->target.find('?'));
        if (path.empty()) {
            out = origin + std::string(base_path) + (query.empty() ? parsed->target.substr(base_path.size()) : query);
        } else if (path.starts_with('/')) {
            out = origin + remove_dot_segments(path) + query;
        } else {
            const auto directory = std::string(base_path.substr(0, base_path.rfind('/') + 1));
            out = origin + remove_dot_segments(directory + std::string(path)) + query;
        }
        out += fragment;
    }
    if (const auto check = parse_url(out); !check) return check.error();
    return out;
}

std::string url_to_sign(std::string_view text) {
    text = text.substr(0, text.find('#'));
    const auto start = text.find("://");
    if (start == std::string_view::npos) return std::string(text);
    const auto authority_at = start + 3;
    const auto authority_end = std::min(text.find_first_of("/?", authority_at), text.size());
    auto authority = text.substr(authority_at, authority_end - authority_at);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
    if (text.substr(0, start) == "https") {
        const auto bracket = authority.rfind(']');
        const auto colon = authority.rfind(':');
        if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
            authority = authority.substr(0, colon);
        }
    }
    return std::string(text.substr(0, authority_at)) + std::string(authority) + std::string(text.substr(authority_end));
}

std::string with_query(std::string_view url, std::string_view encoded_fields) {
    const auto hash = std::min(url.find('#'), url.size());
    std::string out(url.substr(0, hash));
    if (!encoded_fields.empty()) {
        out += out.find('?') == std::string::npos ? '?' : '&';
        out += encoded_fields;
    }
    out += url.substr(hash);
    return out;
}

ConnectionOverrides read_overrides(std::string_view fragment) {
    static constexpr std::array<std::string_view, 8> kEdges{"ashburn", "dublin", "frankfurt", "sao-paulo", "singapore", "sydney", "tokyo", "umatilla"};
    ConnectionOverrides out;
    const auto each = [](std::string_view list, char separator, auto&& use) {
        while (!list.empty()) {
            const auto end = std::min(list.find(separator), list.size());
            use(list.substr(0, end));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    };
    each(fragment, '&', [&](std::string_view field) {
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) return;
        const auto key = field.substr(0, equals);
        const auto value = field.substr(equals + 1);
        if (key == "ct") {
            (void)read_int(value, 100, 10000, out.connect_ms);
        } else if (key == "rt") {
            (void)read_int(value, 100, 15000, out.read_ms);
        } else if (key == "tt") {
            (void)read_int(value, 100, 15000, out.total_ms);
        } else if (key == "rc") {
            (void)read_int(value, 0, 5, out.retries);
        } else if (key == "sni") {
            out.sni = value != "n";
        } else if (key == "rp") {
            out.retry_connect = false;
            each(value, ',', [&](std::string_view word) {
                if (word == "ct" || word == "all") out.retry_connect = true;
                if (word == "rt" || word == "all") out.retry_read = true;
                if (word == "4xx" || word == "all") out.retry_4xx = true;
                if (word == "5xx" || word == "all") out.retry_5xx = true;
                if (word != "ct" && word != "rt" && word != "4xx" && word != "5xx" && word != "all") out.error_code = 11243;
            });
            if (out.error_code == 11243) {
                out.retry_connect = true;
                out.retry_read = out.retry_4xx = out.retry_5xx = false;
            }
        } else if (key == "e") {
            each(value, ',', [&](std::string_view word) {
                if (std::find(kEdges.begin(), kEdges.end(), word) == kEdges.end()) out.error_code = 11241;
            });
        }
    });
    return out;
}

}  // namespace parley::sim
