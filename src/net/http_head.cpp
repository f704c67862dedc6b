#include "http_head.hpp"

#include <algorithm>
#include <charconv>

namespace parley::net {
namespace {

bool token_char(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Origin form or, for OPTIONS, the asterisk. Absolute form is for proxies, which the gateway is not, and invites two
// opinions of the host.
bool target_valid(std::string_view target, std::string_view method) {
    if (target == "*") return method == "OPTIONS";
    if (!target.starts_with('/')) return false;
    return std::all_of(target.begin(), target.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '#'; });
}

bool host_valid(std::string_view host) {
    return !host.empty() && host.find_first_of(" \t,/@\\?#<>\"{}|^`") == std::string_view::npos;
}

int read_request_line(std::string_view line, const HttpHeadLimits& limits, HttpHead& out) {
    const auto first = line.find(' ');
    if (first == std::string_view::npos) return 400;
    const std::string_view method = line.substr(0, first);
    if (!http_token(method) || method.size() > 32) return 400;
    const auto second = line.rfind(' ');
    if (second == first) return 400;  // HTTP/0.9
    const std::string_view target = line.substr(first + 1, second - first - 1), version = line.substr(second + 1);
    if (target.size() > limits.target) return 414;
    if (!target_valid(target, method)) return 400;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
        return well_formed ? 505 : 400;
    }
    out.request.method = method;
    out.request.target = target;
    out.request.http_1_1 = version == "HTTP/1.1";
    return 0;
}

}  // namespace

bool http_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), token_char);
}

bool http_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

int check_partial_head(std::string_view received, std::size_t from, const HttpHeadLimits& limits) {
    for (std::size_t i = from; i < received.size(); ++i) {
        if (received[i] == '\0' || (received[i] == '\n' && (i == 0 || received[i - 1] != '\r'))) return 400;
    }
    const auto line_end = received.find("\r\n");
    if (line_end == std::string_view::npos) {
        const auto space = received.find(' ');
        const std::string_view method = received.substr(0, space);
        // A TLS hello or a scanner's binary is known by its first bytes.
        if (method.size() > 32 || !std::all_of(method.begin(), method.end(), token_char)) return 400;
        if (space != std::string_view::npos && received.size() - space > limits.target + 16) return 414;
    }
    return received.size() > limits.bytes ? 431 : 0;
}

int parse_http_head(std::string_view head, const HttpHeadLimits& limits, HttpHead& out) {
    if (head.size() > limits.bytes) {
        const auto line = head.find("\r\n");
        return line != std::string_view::npos && line > limits.target + 64 ? 414 : 431;
    }
    // Every LF follows a CR and every CR precedes an LF; nothing is NUL.
    for (std::size_t i = 0; i < head.size(); ++i) {
        if (head[i] == '\0') return 400;
        if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) return 400;
        if (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return 400;
    }
    auto line_end = head.find("\r\n");
    if (line_end == std::string_view::npos) return 400;
    if (const int status = read_request_line(head.substr(0, line_end), limits, out); status != 0) return status;
    head.remove_prefix(line_end + 2);

    std::size_t hosts = 0, lengths = 0, encodings = 0;
    std::string_view encoding;
    while (true) {
        line_end = head.find("\r\n");
        if (line_end == std::string_view::npos) return 400;
        if (line_end == 0) break;
        const std::string_view line = head.substr(0, line_end);
        head.remove_prefix(line_end + 2);
        const auto colon = line.find(':');
        // A line that begins with a space would be obs-fold; a space before the colon makes the name no token.
        if (colon == std::string_view::npos || !http_token(line.substr(0, colon))) return 400;
        const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
        if (!http_field_value(value)) return 400;
        if (out.request.headers.size() == limits.fields) return 431;
        if (equal_no_case(name, "host")) {
            if (++hosts > 1 || !host_valid(value)) return 400;
        } else if (equal_no_case(name, "content-length")) {
            if (++lengths > 1 || value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string_view::npos) return 400;
            std::from_chars(value.data(), value.data() + value.size(), out.content_length);
            out.has_length = true;
        } else if (equal_no_case(name, "transfer-encoding")) {
            ++encodings;
            encoding = value;
        } else if (equal_no_case(name, "expect")) {
            if (!equal_no_case(value, "100-continue")) return 417;
            out.expect_continue = out.request.http_1_1;
        }
        out.request.headers.add(std::string(name), std::string(value));
    }
    if (head.size() != 2) return 400;
    if (hosts == 0 && out.request.http_1_1) return 400;
    if (encodings != 0) {
        if (encodings > 1 || lengths != 0 || !out.request.http_1_1) return 400;
        if (!equal_no_case(encoding, "chunked")) return encoding.find(',') == std::string_view::npos && http_token(encoding) ? 501 : 400;
        out.chunked = true;
    }
    const HttpHeaders& headers = out.request.headers;
    out.keep_alive = out.request.http_1_1 ? !headers.has_token("connection", "close") : headers.has_token("connection", "keep-alive");
    out.upgrade = headers.has_token("connection", "upgrade") && headers.has("upgrade");
    return 0;
}

}  // namespace parley::net
