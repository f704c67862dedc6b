#pragma once
// What the voice webhook decided, carried by Twilio from the TwiML to the stream's `start` message in <Parameter>s:
// signed, short-lived, single-use, bound to one call of one account. Any instance with the key can serve the stream.
//
// Layout (before base64url without padding): version 1 | key id | issued, u32 seconds since 1970, big-endian | ttl, u16
// seconds | resume count, u8 | nonce, 16 | call sid | account sid | agent, tenant, revision, from, to (each u8 length +
// bytes) | HMAC-SHA256, 32. A sid in its canonical form is packed into 16 bytes. The text is a function of key, claims
// and seed alone, so a webhook that is delivered twice yields byte-identical TwiML if the caller passes the same issue
// time and seed (idempotency token).

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/secret.hpp"
#include "parley/twilio/error.hpp"

namespace parley::twilio {

using TokenTime = std::chrono::sys_seconds;
using TokenNonce = std::array<std::uint8_t, 16>;

inline constexpr std::chrono::seconds kTokenTtl{60};
inline constexpr std::chrono::seconds kTokenLeeway{60};  // clocks of two instances, or one that was set
inline constexpr std::size_t kMaxTokenFieldBytes = 96;   // each of agent, tenant, revision, from, to

struct StreamClaims {
    std::string call_sid{};     // required, a wire id
    std::string account_sid{};  // required, a wire id
    std::string agent{};
    std::string tenant{};
    std::string revision{};  // of the agent's configuration
    std::string from{};
    std::string to{};
    std::uint8_t resume = 0;  // how often this call's stream was resumed
    // set by mint and verify
    TokenNonce nonce{};
    TokenTime issued{};
    TokenTime expires{};
};

struct TokenKey {
    std::uint8_t id = 0;
    Secret key;  // at least 16 bytes
};

// Immutable after construction; safe to share between threads.
class StreamTokens {
public:
    // The first key signs, all verify (rotation: add the new key everywhere, then move it to the front, then drop the
    // old one). Throws std::invalid_argument (start-up): no key, a key shorter than 16 bytes, or an id twice.
    explicit StreamTokens(std::vector<TokenKey> keys, std::chrono::seconds ttl = kTokenTtl, std::chrono::seconds leeway = kTokenLeeway);

    // Errors: token_claims when a field is too long, a sid is not a wire id, or the year is absurd (before 2020 or
    // after 2100).
    [[nodiscard]] Result<std::string> mint(const StreamClaims& claims, std::string_view seed, TokenTime now) const;

    // Errors: token_malformed, token_unknown_key, token_tampered, token_expired, token_not_yet_valid, token_binding.
    // Single use is UsedTokens' business.
    [[nodiscard]] Result<StreamClaims> verify(std::string_view token, std::string_view call_sid, std::string_view account_sid, TokenTime now) const;

private:
    std::vector<TokenKey> keys_;
    std::chrono::seconds ttl_;
    std::chrono::seconds leeway_;
};

// <Parameter> name + value must stay below 500 characters: a longer token goes into `name`, `name`2, `name`3, ...
[[nodiscard]] std::vector<std::pair<std::string, std::string>> token_parameters(std::string_view token, std::string_view name = "t");
// The inverse; `find` gives a parameter's value or an empty view. Stops at the first absent part; at most
// kMaxTokenParts.
inline constexpr std::size_t kMaxTokenParts = 4;
template <class Find>
[[nodiscard]] std::string join_token(Find&& find, std::string_view name = "t") {
    std::string token;
    for (std::size_t i = 1; i <= kMaxTokenParts; ++i) {
        const std::string key = i == 1 ? std::string(name) : std::string(name) + std::to_string(i);
        const std::string_view part = find(std::string_view(key));
        if (part.empty()) break;
        token += part;
    }
    return token;
}

// Tokens seen by this process. Thread-safe; entries go when their token could no longer verify.
class UsedTokens {
public:
    explicit UsedTokens(std::size_t capacity = 65536, std::chrono::seconds leeway = kTokenLeeway) : capacity_(capacity), leeway_(leeway) {}

    enum class Use { first, again, full };  // full: treat as refused; it takes `capacity` calls within two minutes
    [[nodiscard]] Use use(const StreamClaims& claims, TokenTime now);
    [[nodiscard]] std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::set<TokenNonce> seen_;
    std::multimap<TokenTime, TokenNonce> by_expiry_;
    std::size_t capacity_;
    std::chrono::seconds leeway_;
};

}  // namespace parley::twilio
