#include "parley/sim/webhook.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/sim/signature.hpp"

namespace parley::sim {
namespace {

namespace beast = boost::beast;

std::string basic_credentials(const Url& url) {
    return "Basic " + base64(std::string_view(url.user + ":" + url.password));
}

bool retryable(const HttpReply& reply, const ConnectionOverrides& overrides) {
    switch (reply.failure) {
        case 0:
            if (reply.status >= 500) return overrides.retry_5xx;
            return reply.status >= 400 && overrides.retry_4xx;
        case 11201:
        case 11202:
        case 11210:
        case 11220:
        case 11235:
        case 11236:
        case 11237:
            return overrides.retry_connect;
        case 11203:
            return overrides.retry_read;
        default:
            return false;
    }
}

}  // namespace

void CookieJar::store(const std::string& host, const Headers& headers) {
    for (const auto& [name, value] : headers) {
        if (!beast::iequals(name, "Set-Cookie")) continue;
        const auto pair = value.substr(0, value.find(';'));
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        by_host_[host][pair.substr(0, equals)] = pair.substr(equals + 1);
    }
}

std::string CookieJar::header_for(const std::string& host) const {
    std::string out;
    const auto at = by_host_.find(host);
    if (at == by_host_.end()) return out;
    for (const auto& [name, value] : at->second) {
        if (!out.empty()) out += "; ";
        out += name + "=" + value;
    }
    return out;
}

void WebhookTricks::set(std::vector<Trick> tricks) {
    const std::lock_guard lock(mutex_);
    tricks_ = std::move(tricks);
}

std::optional<WebhookTricks::Trick::Kind> WebhookTricks::next(std::string_view url) {
    const std::lock_guard lock(mutex_);
    for (auto& trick : tricks_) {
        if (trick.count <= 0 || url.find(trick.path) == std::string_view::npos) continue;
        if (trick.skip > 0) {
            --trick.skip;
            continue;
        }
        --trick.count;
        return trick.kind;
    }
    return std::nullopt;
}

std::string WebhookSender::signature(std::string_view url, const Form& form, SignatureMode mode) const {
    switch (mode) {
        case SignatureMode::missing:
            return {};
        case SignatureMode::stale_token:
            return sign(keys_.previous.reveal(), url_to_sign(url), form);
        case SignatureMode::wrong:
            return sign(std::string(keys_.token.reveal()) + "x", url_to_sign(url), form);
        default:
            return sign(keys_.token.reveal(), url_to_sign(url), form);
    }
}

Task<HttpReply> WebhookSender::attempt(const Webhook& webhook, std::string url, std::string method, bool with_form, std::string token,
                                       ConnectionOverrides overrides, SignatureMode mode) const {
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.body_limit = webhook.body_limit;
    const auto parsed = parse_url(url);
    request.headers.emplace_back("User-Agent", "TwilioProxy/1.1");
    request.headers.emplace_back("Accept", "*/*");
    request.headers.emplace_back("Accept-Encoding", "gzip");
    const Form none;
    const Form* signed_form = &none;
    if (with_form && method == "POST") {
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
        request.body = encode_form(webhook.form);
        signed_form = &webhook.form;
    } else if (with_form) {
        request.url = with_query(url, encode_form(webhook.form));
    }
    if (const auto header = signature(request.url, *signed_form, mode); !header.empty()) request.headers.emplace_back("X-Twilio-Signature", header);
    request.headers.emplace_back("I-Twilio-Idempotency-Token", token);
    request.headers.emplace_back("X-Home-Region", "us1");
    if (webhook.cookies != nullptr && parsed) {
        if (auto cookies = webhook.cookies->header_for(parsed->host); !cookies.empty()) request.headers.emplace_back("Cookie", std::move(cookies));
    }
    auto second = request;  // for the answer to a challenge
    auto reply = co_await client_->send(std::move(request), overrides);
    if (reply.failure == 0 && reply.status == 401 && parsed && !parsed->user.empty()) {
        second.headers.emplace_back("Authorization", basic_credentials(*parsed));
        reply = co_await client_->send(std::move(second), overrides);
    }
    if (webhook.cookies != nullptr && parsed) webhook.cookies->store(parsed->host, reply.headers);
    co_return reply;
}

Task<WebhookReply> WebhookSender::send(Webhook webhook) const {
    WebhookReply out;
    out.idempotency_token = make_uuid();
    out.final_url = webhook.url;
    const auto parsed = parse_url(webhook.url);
    if (!parsed) {
        out.http.failure = 11100;
        out.http.failure_text = "invalid URL";
        co_return out;
    }
    auto overrides = read_overrides(parsed->fragment);
    overrides.total_ms = std::min(overrides.total_ms, late_.patience_ms);
    auto deadline = Clock::now() + std::chrono::milliseconds(overrides.total_ms);
    int repeats = late_.repeats;
    using Trick = WebhookTricks::Trick::Kind;
    const auto trick = tricks_ == nullptr ? std::nullopt : tricks_->next(webhook.url);
    auto mode = keys_.mode;
    if (trick == Trick::wrong_token) mode = SignatureMode::wrong;
    if (trick == Trick::old_token) mode = SignatureMode::stale_token;
    if (trick == Trick::missing_signature) mode = SignatureMode::missing;
    const auto left = [&] { return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count()); };
    for (int attempt_number = 0; attempt_number <= overrides.retries; ++attempt_number) {
        overrides.total_ms = left();
        if (overrides.total_ms <= 0) {
            if (out.attempts == 0 || out.http.failure == 0) out.http.failure = 11203;
            break;
        }
        ++out.attempts;
        out.http = co_await attempt(webhook, webhook.url, webhook.method, true, out.idempotency_token, overrides, mode);
        if (out.http.failure == 11203 && repeats > 0) {
            --repeats;
            --attempt_number;  // not one of the receiver's own retries
            deadline = Clock::now() + std::chrono::milliseconds(late_.patience_ms);
            continue;
        }
        if (!retryable(out.http, overrides)) break;
    }
    if (trick == Trick::twice) {  // as after an answer that was lost on its way: the second one counts
        overrides.total_ms = left();
        if (overrides.total_ms > 0) out.http = co_await attempt(webhook, webhook.url, webhook.method, true, out.idempotency_token, overrides, mode);
        ++out.attempts;
    }
    for (int hop = 0; out.http.failure == 0 && out.http.status >= 300 && out.http.status < 400 && out.http.status != 304; ++hop) {
        const auto location = std::string(header_of(out.http.headers, "Location"));
        const auto next = resolve_url(out.final_url, location);
        if (hop == kMaxRedirects) {
            out.http.failure = 11215;
            out.http.failure_text = "too many redirects";
            break;
        }
        overrides.total_ms = left();
        if (location.empty() || !next || overrides.total_ms <= 0) {
            out.http.failure = overrides.total_ms <= 0 ? 11203 : 11200;
            out.http.failure_text = "redirect without a usable Location";
            break;
        }
        out.final_url = *next;
        out.http = co_await attempt(webhook, out.final_url, "GET", false, out.idempotency_token, overrides, mode);
    }
    co_return out;
}

}  // namespace parley::sim
