#include "parley/vendors/failure.hpp"

#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "parley/net/error.hpp"
#include "parley/net/utf8.hpp"
#include "parley/vendors/lm.hpp"

namespace parley::vendors {

namespace {

using nlohmann::json;

bool valid_utf8(std::string_view text) {
    net::Utf8Checker checker;
    return checker.feed(std::span(text.data(), text.size())) && checker.complete();
}

constexpr std::size_t kMostOfBody = 16 * 1024;

FailureKind kind_of_status(int status) {
    switch (status) {
        case 401:
        case 403:
            return FailureKind::auth;
        case 402:
            return FailureKind::quota;
        case 408:
            return FailureKind::timeout;
        case 429:
            return FailureKind::rate_limited;
        default:
            return status >= 500 ? FailureKind::server : FailureKind::refused;
    }
}

std::string text_at(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_object()) return {};
    for (const char* key : {"message", "msg", "err_msg", "error_message", "detail", "error", "title", "reason"}) {
        const auto found = value.find(key);
        if (found == value.end()) continue;
        if (auto text = text_at(*found); !text.empty()) return text;
    }
    return {};
}

std::string code_at(const json& value) {
    if (!value.is_object()) return {};
    for (const char* key : {"code", "type", "status", "err_code"}) {
        const auto found = value.find(key);
        if (found != value.end() && found->is_string()) return found->get<std::string>();
    }
    const auto inner = value.find("error");
    return inner == value.end() ? std::string{} : code_at(*inner);
}

std::optional<std::chrono::milliseconds> retry_after(std::string_view header) {
    double seconds = 0;
    const auto [end, ec] = std::from_chars(header.data(), header.data() + header.size(), seconds);
    if (ec != std::errc{} || end != header.data() + header.size()) return std::nullopt;
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 86400) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

std::string_view name(FailureKind kind) {
    switch (kind) {
        case FailureKind::auth:
            return "auth";
        case FailureKind::quota:
            return "quota";
        case FailureKind::rate_limited:
            return "rate_limited";
        case FailureKind::refused:
            return "refused";
        case FailureKind::server:
            return "server";
        case FailureKind::unreachable:
            return "unreachable";
        case FailureKind::tls:
            return "tls";
        case FailureKind::timeout:
            return "timeout";
        case FailureKind::stalled:
            return "stalled";
        case FailureKind::closed:
            return "closed";
        case FailureKind::protocol:
            return "protocol";
        case FailureKind::too_big:
            return "too_big";
        case FailureKind::empty_audio:
            return "empty_audio";
        case FailureKind::bad_audio:
            return "bad_audio";
        case FailureKind::session_limit:
            return "session_limit";
        case FailureKind::content:
            return "content";
    }
    return "server";
}

std::string_view name(LmFinish finish) {
    switch (finish) {
        case LmFinish::stop:
            return "stop";
        case LmFinish::tool_calls:
            return "tool_calls";
        case LmFinish::length:
            return "length";
        case LmFinish::content:
            return "content";
    }
    return "stop";
}

bool worth_retrying(const Failure& failure) {
    switch (failure.kind) {
        case FailureKind::rate_limited:
            return failure.retry_after && *failure.retry_after <= std::chrono::seconds(1);
        case FailureKind::server:
        case FailureKind::unreachable:
        case FailureKind::closed:
        case FailureKind::protocol:
        case FailureKind::session_limit:
            return true;
        case FailureKind::auth:
        case FailureKind::quota:
        case FailureKind::refused:
        case FailureKind::tls:
        case FailureKind::timeout:  // the budget is spent: the backup is quicker
        case FailureKind::stalled:
        case FailureKind::too_big:
        case FailureKind::empty_audio:
        case FailureKind::bad_audio:
        case FailureKind::content:
            return false;
    }
    return false;
}

bool blames_vendor(const Failure& failure) {
    return failure.kind != FailureKind::content && failure.kind != FailureKind::session_limit;
}

std::string plain(std::string_view text, std::size_t most) {
    std::string out;
    out.reserve(std::min(text.size(), most));
    bool space = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7F) {
            space = !out.empty();
            continue;
        }
        if (out.size() + (space ? 2U : 1U) > most) break;
        if (space) out += ' ';
        space = false;
        out += c;
    }
    if (valid_utf8(out)) return out;
    // Cut inside a character, or not UTF-8 at all: what is not ASCII goes.
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80U) != 0) out.pop_back();
    if (!valid_utf8(out))
        for (char& c : out)
            if ((static_cast<unsigned char>(c) & 0x80U) != 0) c = '?';
    return out;
}

Failure from_http_status(int status, std::string_view body, std::string_view retry_after_header, std::string_view request_id) {
    Failure failure;
    failure.kind = kind_of_status(status);
    failure.status = status;
    failure.phase = "first_byte";
    failure.request_id = plain(request_id, 128);
    failure.retry_after = retry_after(retry_after_header);
    std::string said, code;
    auto parsed = json::parse(body.substr(0, kMostOfBody), nullptr, false);
    if (parsed.is_array() && !parsed.empty()) parsed = parsed.front();  // Gemini wraps it in a list when streaming
    if (!parsed.is_discarded()) {
        said = text_at(parsed);
        code = code_at(parsed);
    }
    // Paid or concurrent use that is exhausted comes as 429 as well, but waiting a second does not help.
    if (status == 429 && (code == "insufficient_quota" || code == "quota_exceeded")) failure.kind = FailureKind::quota;
    failure.reason = "HTTP " + std::to_string(status);
    if (!code.empty()) failure.reason += " " + plain(code, 60);
    if (!said.empty()) failure.reason += ": " + plain(said, 200);
    return failure;
}

Failure from_close(int code, std::string_view reason) {
    Failure failure;
    failure.status = code;
    failure.phase = "stream";
    failure.reason = "socket closed with " + std::to_string(code);
    if (!reason.empty()) failure.reason += ": " + plain(reason, 200);
    switch (code) {
        case 1002:
        case 1003:
        case 1007:
            failure.kind = FailureKind::protocol;
            break;
        case 1008:
            failure.kind = FailureKind::refused;
            break;
        case 1009:
            failure.kind = FailureKind::too_big;
            break;
        case 1011:
        case 1012:
        case 1013:
        case 1014:
            failure.kind = FailureKind::server;
            break;
        case 1015:
            failure.kind = FailureKind::tls;
            break;
        case 4001:
        case 4003:
        case 4401:
        case 4403:
            failure.kind = FailureKind::auth;
            break;
        case 4002:
        case 4402:
            failure.kind = FailureKind::quota;
            break;
        case 4029:
        case 4429:
            failure.kind = FailureKind::rate_limited;
            break;
        default:
            failure.kind = code >= 4000 && code < 4500 ? FailureKind::refused : FailureKind::closed;
            break;
    }
    return failure;
}

Failure from_error(const error_code& error, std::string_view phase) {
    Failure failure;
    failure.phase = std::string(phase);
    failure.reason = std::string(phase) + ": " + plain(error.message(), 200);
    if (error == net::Errc::timed_out) {
        failure.kind = FailureKind::timeout;
    } else if (error == net::Errc::malformed) {
        failure.kind = FailureKind::protocol;
    } else if (error == net::Errc::too_large) {
        failure.kind = FailureKind::too_big;
    } else if (error == net::Errc::tls_failed) {
        failure.kind = FailureKind::tls;
    } else if (phase == "connect") {
        failure.kind = FailureKind::unreachable;
    } else {
        failure.kind = FailureKind::closed;
    }
    return failure;
}

Failure without_key(Failure failure, std::string_view key) {
    if (key.size() < 8) return failure;  // no key, and too likely a word
    for (auto at = failure.reason.find(key); at != std::string::npos; at = failure.reason.find(key)) failure.reason.replace(at, key.size(), "***");
    return failure;
}

}  // namespace parley::vendors
