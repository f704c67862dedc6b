#include "parley/twilio/stream_token.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>

#include "base64url.hpp"
#include "hash.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::twilio {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPackedSid = 0xFF;  // instead of a length
constexpr std::size_t kMacSize = 32;
constexpr std::size_t kMaxTokenChars = 1024;
constexpr std::size_t kMinKeyBytes = 16;
constexpr TokenTime kFirstSane = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
constexpr TokenTime kLastSane = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);

using Bytes = std::vector<std::uint8_t>;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One MAC key serves two purposes; the label keeps them apart.
Sha256Digest labelled_mac(const Secret& key, std::string_view label, std::string_view data) {
    std::string input(label);
    input.push_back('\0');
    input.append(data);
    return hmac_sha256(key.reveal(), input);
}

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void put(Bytes& out, std::uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_text(Bytes& out, std::string_view text) {
    out.push_back(static_cast<std::uint8_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
}

std::uint8_t nibble(char c) {
    return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

void put_sid(Bytes& out, std::string_view sid, std::string_view prefix) {
    if (!is_sid(sid, prefix) || !is_lower_hex(sid.substr(2))) return put_text(out, sid);
    out.push_back(kPackedSid);
    for (std::size_t i = 2; i < sid.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(nibble(sid[i]) << 4 | nibble(sid[i + 1])));
    }
}

class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

    std::span<const std::uint8_t> take(std::size_t size) {
        if (size > left_.size()) {
            failed_ = true;
            return {};
        }
        const auto out = left_.first(size);
        left_ = left_.subspan(size);
        return out;
    }
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
        return value;
    }
    std::string text() {
        const auto size = static_cast<std::size_t>(number(1));
        if (size > kMaxTokenFieldBytes) failed_ = true;
        return failed_ ? std::string() : std::string(text_of(take(size)));
    }
    std::string sid(std::string_view prefix) {
        constexpr char kHex[] = "0123456789abcdef";
        if (left_.empty() || left_.front() != kPackedSid) return text();
        take(1);
        std::string out(prefix);
        for (const std::uint8_t byte : take(16)) {
            out.push_back(kHex[byte >> 4]);
            out.push_back(kHex[byte & 15]);
        }
        return out;
    }
    bool complete() const { return !failed_ && left_.empty(); }

private:
    std::span<const std::uint8_t> left_;
    bool failed_ = false;
};

}  // namespace

StreamTokens::StreamTokens(std::vector<TokenKey> keys, std::chrono::seconds ttl, std::chrono::seconds leeway)
    : keys_(std::move(keys)), ttl_(ttl), leeway_(leeway) {
    if (keys_.empty()) throw std::invalid_argument("stream tokens need at least one key");
    std::set<std::uint8_t> ids;
    for (const TokenKey& key : keys_) {
        if (key.key.reveal().size() < kMinKeyBytes) throw std::invalid_argument("a stream token key is shorter than 16 bytes");
        if (!ids.insert(key.id).second) throw std::invalid_argument("two stream token keys have the same id");
    }
    if (ttl_.count() < 1 || ttl_.count() > std::numeric_limits<std::uint16_t>::max() || leeway_.count() < 0) {
        throw std::invalid_argument("stream token lifetime out of range");
    }
}

Result<std::string> StreamTokens::mint(const StreamClaims& claims, std::string_view seed, TokenTime now) const {
    const std::array<std::string_view, 5> fields{claims.agent, claims.tenant, claims.revision, claims.from, claims.to};
    const bool fits = std::all_of(fields.begin(), fields.end(), [](auto f) { return f.size() <= kMaxTokenFieldBytes; });
    if (!fits || !is_wire_id(claims.call_sid) || !is_wire_id(claims.account_sid) || now < kFirstSane || now >= kLastSane) {
        return make_error_code(errc::token_claims);
    }
    const TokenKey& key = keys_.front();
    Bytes body{kVersion, key.id};
    put(body, static_cast<std::uint64_t>(now.time_since_epoch().count()), 4);
    put(body, static_cast<std::uint64_t>(ttl_.count()), 2);
    body.push_back(claims.resume);
    const std::size_t nonce_at = body.size();
    body.resize(nonce_at + TokenNonce().size());
    put_sid(body, claims.call_sid, "CA");
    put_sid(body, claims.account_sid, "AC");
    for (const std::string_view field : fields) put_text(body, field);

    // The nonce depends on everything, with its own place still zero, and on the seed.
    const Sha256Digest nonce = labelled_mac(key.key, "stream-token-nonce", std::string(text_of(body)).append(seed));
    std::copy_n(nonce.begin(), TokenNonce().size(), body.begin() + static_cast<std::ptrdiff_t>(nonce_at));
    const Sha256Digest mac = labelled_mac(key.key, "stream-token", text_of(body));
    body.insert(body.end(), mac.begin(), mac.end());
    return base64url_encode(body);
}

Result<StreamClaims> StreamTokens::verify(std::string_view token, std::string_view call_sid, std::string_view account_sid, TokenTime now) const {
    if (token.size() > kMaxTokenChars) return make_error_code(errc::token_malformed);
    const auto bytes = base64url_decode(token);
    if (!bytes || bytes->size() <= kMacSize + 2 || (*bytes)[0] != kVersion) return make_error_code(errc::token_malformed);
    const std::span<const std::uint8_t> body = std::span(*bytes).first(bytes->size() - kMacSize);
    const std::span<const std::uint8_t> mac = std::span(*bytes).last(kMacSize);

    const auto known = std::find_if(keys_.begin(), keys_.end(), [&](const TokenKey& k) { return k.id == body[1]; });
    const TokenKey& key = known != keys_.end() ? *known : keys_.front();  // an unknown key costs the same time
    const Sha256Digest expected = labelled_mac(key.key, "stream-token", text_of(body));
    const bool genuine = constant_time_equal(text_of(expected), text_of(mac));
    if (known == keys_.end()) return make_error_code(errc::token_unknown_key);
    if (!genuine) return make_error_code(errc::token_tampered);

    Reader in(body);
    in.take(2);
    StreamClaims claims;
    claims.issued = TokenTime(std::chrono::seconds(in.number(4)));
    claims.expires = claims.issued + std::chrono::seconds(in.number(2));
    claims.resume = static_cast<std::uint8_t>(in.number(1));
    const auto nonce = in.take(claims.nonce.size());
    std::copy(nonce.begin(), nonce.end(), claims.nonce.begin());
    claims.call_sid = in.sid("CA");
    claims.account_sid = in.sid("AC");
    for (std::string* field : {&claims.agent, &claims.tenant, &claims.revision, &claims.from, &claims.to}) *field = in.text();
    if (!in.complete()) return make_error_code(errc::token_malformed);

    if (now > claims.expires + leeway_) return make_error_code(errc::token_expired);
    if (now < claims.issued - leeway_) return make_error_code(errc::token_not_yet_valid);
    if (!constant_time_equal(claims.call_sid, call_sid) || !constant_time_equal(claims.account_sid, account_sid)) {
        return make_error_code(errc::token_binding);
    }
    return claims;
}

std::vector<std::pair<std::string, std::string>> token_parameters(std::string_view token, std::string_view name) {
    constexpr std::size_t kNameAndValue = 499;  // "below 500"
    std::vector<std::pair<std::string, std::string>> parts;
    while (!token.empty()) {
        std::string key(name);
        if (!parts.empty()) key += std::to_string(parts.size() + 1);
        const std::size_t size = std::min(token.size(), kNameAndValue - std::min(key.size(), kNameAndValue - 1));
        parts.emplace_back(std::move(key), std::string(token.substr(0, size)));
        token.remove_prefix(size);
    }
    return parts;
}

UsedTokens::Use UsedTokens::use(const StreamClaims& claims, TokenTime now) {
    const std::scoped_lock lock(mutex_);
    while (!by_expiry_.empty() && by_expiry_.begin()->first < now) {
        seen_.erase(by_expiry_.begin()->second);
        by_expiry_.erase(by_expiry_.begin());
    }
    if (seen_.contains(claims.nonce)) return Use::again;
    if (seen_.size() >= capacity_) return Use::full;
    seen_.insert(claims.nonce);
    by_expiry_.emplace(claims.expires + leeway_, claims.nonce);
    return Use::first;
}

std::size_t UsedTokens::size() const {
    const std::scoped_lock lock(mutex_);
    return seen_.size();
}

}  // namespace parley::twilio
