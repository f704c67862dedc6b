#include "parley/twilio/signature.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hash.hpp"
#include "url_parts.hpp"

namespace parley::twilio {
namespace {

constexpr std::size_t kSignatureSize = 28;  // base64 of 20 bytes
using SignatureText = std::array<char, kSignatureSize + 1>;

SignatureText signature_of(std::string_view key, std::string_view data) {
    const Sha1Digest digest = hmac_sha1(key, data);
    SignatureText text{};
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(), static_cast<int>(digest.size()));
    return text;
}

struct Spelling {
    UrlCandidate candidate;
    std::string url;
};

class Spellings {
public:
    void add(UrlCandidate candidate, std::string url) {
        const bool known = std::any_of(list_.begin(), list_.end(), [&](const Spelling& s) { return s.url == url; });
        if (!known) list_.push_back({candidate, std::move(url)});
    }
    const std::vector<Spelling>& list() const { return list_; }

private:
    std::vector<Spelling> list_;
};

std::string_view default_port(std::string_view scheme) {
    return scheme == "https" ? "443" : "80";
}

void add_ports(Spellings& out, const UrlParts& parts, UrlCandidate without, UrlCandidate with) {
    UrlParts bare = parts;
    bare.port = {};
    out.add(without, join_url(bare));
    UrlParts full = parts;
    if (full.port.empty()) full.port = default_port(full.scheme);
    out.add(with, join_url(full));
}

Spellings accepted_spellings(std::string_view url, bool websocket) {
    Spellings out;
    out.add(UrlCandidate::as_given, std::string(url));
    const auto parts = split_url(url);
    if (!parts) return out;
    add_ports(out, *parts, UrlCandidate::without_port, UrlCandidate::with_default_port);
    for (const bool upper_hex : {false, true}) {
        const std::string clean = normalise_url(*parts, upper_hex);
        out.add(UrlCandidate::normalised, clean);
        if (const auto clean_parts = split_url(clean)) {
            add_ports(out, *clean_parts, UrlCandidate::normalised, UrlCandidate::normalised);
        }
    }
    if (websocket) out.add(UrlCandidate::trailing_slash, std::string(url) + "/");
    return out;
}

// What a misconfigured proxy or public URL would make of it. Only diagnosed: accepting these would let a request for
// one resource pass for another.
Spellings diagnosed_spellings(std::string_view url) {
    Spellings out;
    const auto parts = split_url(url);
    if (!parts) return out;
    UrlParts swapped = *parts;
    swapped.scheme = parts->scheme == "https" ? "http" : parts->scheme == "http" ? "https" : parts->scheme == "wss" ? "https" : "wss";
    out.add(UrlCandidate::other_scheme, join_url(swapped));
    add_ports(out, swapped, UrlCandidate::other_scheme, UrlCandidate::other_scheme);

    UrlParts slashed = *parts;
    std::string path(parts->path);
    if (path.ends_with('/')) {
        path.pop_back();
    } else {
        path.push_back('/');
    }
    slashed.path = path;
    out.add(UrlCandidate::other_slash, join_url(slashed));

    UrlParts cut = *parts;
    if (const std::size_t second = parts->path.find('/', 1); second != std::string_view::npos) {
        cut.path = parts->path.substr(second);
        out.add(UrlCandidate::other_prefix, join_url(cut));
    }
    return out;
}

struct Match {
    bool found = false;
    std::size_t token = 0;
    UrlCandidate candidate = UrlCandidate::none;
};

// Every spelling is tried with every token, match or not, so that the time says nothing about the outcome.
Match try_all(const Spellings& spellings, const std::vector<Secret>& tokens, std::string_view suffix, std::string_view presented) {
    Match match;
    std::string data;
    for (const Spelling& spelling : spellings.list()) {
        data.assign(spelling.url).append(suffix);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const SignatureText expected = signature_of(tokens[i].reveal(), data);
            const bool equal = constant_time_equal(std::string_view(expected.data(), kSignatureSize), presented);
            if (equal && !match.found) match = {true, i, spelling.candidate};
        }
    }
    return match;
}

std::string_view raw_query_value(std::string_view url, std::string_view name) {
    std::string_view query = query_of(url);
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view segment = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (segment.size() > name.size() && segment.starts_with(name) && segment[name.size()] == '=') {
            return segment.substr(name.size() + 1);
        }
    }
    return {};
}

}  // namespace

std::string_view to_string(UrlCandidate candidate) {
    switch (candidate) {
        case UrlCandidate::as_given:
            return "as_given";
        case UrlCandidate::without_port:
            return "without_port";
        case UrlCandidate::with_default_port:
            return "with_default_port";
        case UrlCandidate::normalised:
            return "normalised";
        case UrlCandidate::trailing_slash:
            return "trailing_slash";
        case UrlCandidate::other_scheme:
            return "other_scheme";
        case UrlCandidate::other_slash:
            return "other_slash";
        case UrlCandidate::other_prefix:
            return "other_prefix";
        case UrlCandidate::none:
            break;
    }
    return "none";
}

std::string_view to_string(SignatureVerdict::Outcome outcome) {
    switch (outcome) {
        case SignatureVerdict::Outcome::valid:
            return "valid";
        case SignatureVerdict::Outcome::missing:
            return "missing";
        case SignatureVerdict::Outcome::mismatch:
            return "mismatch";
        case SignatureVerdict::Outcome::url_mismatch:
            return "url_mismatch";
        case SignatureVerdict::Outcome::body_hash:
            return "body_hash";
        case SignatureVerdict::Outcome::not_configured:
            break;
    }
    return "not_configured";
}

std::string signed_parameters(const Form& params) {
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    pairs.reserve(params.fields().size());
    std::size_t size = 0;
    for (const FormField& field : params.fields()) {
        pairs.emplace_back(field.name, field.value);
        size += field.name.size() + field.value.size();
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    std::string out;
    out.reserve(size);
    for (const auto& [name, value] : pairs) out.append(name).append(value);
    return out;
}

std::string sign(const Secret& token, std::string_view data) {
    const SignatureText text = signature_of(token.reveal(), data);
    return std::string(text.data(), kSignatureSize);
}

SignatureValidator::SignatureValidator(std::vector<Secret> tokens) : tokens_(std::move(tokens)) {
    std::erase_if(tokens_, [](const Secret& token) { return token.empty(); });
}

SignatureVerdict SignatureValidator::check(std::string_view url, std::string_view suffix, Header header, bool websocket) const {
    SignatureVerdict verdict;
    if (tokens_.empty()) return verdict;
    // A value of another length can match nothing; a stand-in of the right length keeps the work the same.
    constexpr std::string_view kStandIn = "-----------------------------";
    const bool present = header && !header->empty();
    const std::string_view presented = present && header->size() == kSignatureSize ? *header : kStandIn.substr(0, kSignatureSize);
    const Match accepted = try_all(accepted_spellings(url, websocket), tokens_, suffix, presented);
    if (accepted.found) {
        return {SignatureVerdict::Outcome::valid, accepted.token, accepted.candidate};
    }
    const Match diagnosed = try_all(diagnosed_spellings(url), tokens_, suffix, presented);
    if (diagnosed.found) {
        return {SignatureVerdict::Outcome::url_mismatch, diagnosed.token, diagnosed.candidate};
    }
    verdict.outcome = present ? SignatureVerdict::Outcome::mismatch : SignatureVerdict::Outcome::missing;
    return verdict;
}

SignatureVerdict SignatureValidator::check_form(std::string_view url, const Form& params, Header header) const {
    return check(url, signed_parameters(params), header, false);
}

SignatureVerdict SignatureValidator::check_get(std::string_view url, Header header) const {
    return check(url, {}, header, false);
}

SignatureVerdict SignatureValidator::check_websocket(std::string_view url, Header header) const {
    return check(url, {}, header, true);
}

SignatureVerdict SignatureValidator::check_json(std::string_view url, std::string_view body, Header header) const {
    const bool hash_equal = constant_time_equal(lower_hex(sha256(body)), raw_query_value(url, "bodySHA256"));
    SignatureVerdict verdict = check(url, {}, header, false);
    if (verdict.ok() && !hash_equal) verdict.outcome = SignatureVerdict::Outcome::body_hash;
    return verdict;
}

Result<std::string> public_request_url(std::string_view base, std::string_view raw_target, UrlScheme scheme) {
    const auto parts = split_url(base);
    const auto printable = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; };
    if (!parts || !parts->userinfo.empty() || !parts->query.empty() || base.find('#') != std::string_view::npos ||
        !std::all_of(base.begin(), base.end(), printable)) {
        return make_error_code(errc::bad_url);
    }
    if (!raw_target.starts_with('/') || raw_target.find('#') != std::string_view::npos || !std::all_of(raw_target.begin(), raw_target.end(), printable)) {
        return make_error_code(errc::bad_url);
    }
    constexpr std::array<std::string_view, 4> kNames{"http", "https", "ws", "wss"};
    UrlParts joined = *parts;
    joined.scheme = kNames[static_cast<std::size_t>(scheme)];
    if (joined.path.ends_with('/')) joined.path.remove_suffix(1);
    return join_url(joined).append(raw_target);
}

Result<std::string> public_request_url(std::string_view base, std::string_view raw_target, bool websocket) {
    const bool secure = base.starts_with("https://") || base.starts_with("wss://");
    if (!secure && !base.starts_with("http://") && !base.starts_with("ws://")) return make_error_code(errc::bad_url);
    const UrlScheme scheme = websocket ? (secure ? UrlScheme::wss : UrlScheme::ws) : (secure ? UrlScheme::https : UrlScheme::http);
    return public_request_url(base, raw_target, scheme);
}

}  // namespace parley::twilio
