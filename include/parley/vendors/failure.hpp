#pragma once
// Why a vendor did not deliver, in one vocabulary for all of them, so that retry, failover and breaker need to know no vendor.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/result.hpp"

namespace parley::vendors {

enum class FailureKind : std::uint8_t {
    auth,           // 401, 403, or the vendor's close code for it
    quota,          // paid or concurrent use exhausted; trying again soon does not help
    rate_limited,   // 429; `retry_after` if the vendor gave it
    refused,        // the request itself is wrong (400, 404, 422, 1008): the same request would fail again
    server,         // 5xx, overloaded, 1011-1013
    unreachable,    // resolving or connecting failed
    tls,            // the certificate or the handshake did
    timeout,        // nothing came within the budget; `phase` says of what
    stalled,        // bytes were owed and stopped coming
    closed,         // the connection ended while something was owed
    protocol,       // malformed, truncated or in an order that makes no sense
    too_big,        // beyond our bound
    empty_audio,    // synthesis of a text gave no audio, or digital silence
    bad_audio,      // wrong format
    session_limit,  // the vendor's session ended by design
    content,        // the model refused, or a filter cut it
};
[[nodiscard]] std::string_view name(FailureKind kind);  // "auth", "rate_limited", …

struct Failure {
    FailureKind kind = FailureKind::server;
    std::string reason;      // one plain sentence for an operator; at most 300 bytes, no control characters, no secret
    int status = 0;          // HTTP status or WebSocket close code; 0: none
    std::string phase;       // "connect", "first_byte", "stream", "final"
    std::string request_id;  // the vendor's own, if it gave one
    std::optional<std::chrono::milliseconds> retry_after;
};

// May the same request be tried once more at the same vendor (after its `retry_after`, at most 1 s, or 100 ms)?
[[nodiscard]] bool worth_retrying(const Failure& failure);
// Does it speak against the vendor for other requests as well (so that its breaker counts it)?
[[nodiscard]] bool blames_vendor(const Failure& failure);

// An HTTP status outside 2xx. `body` is searched for a sentence (JSON: error.message, message, detail, err_msg), cut and cleaned.
[[nodiscard]] Failure from_http_status(int status, std::string_view body, std::string_view retry_after_header, std::string_view request_id = {});
// A WebSocket close code (RFC 6455 7.4; 3xxx and 4xxx read as most vendors use them: 4001, 4003, 4401 and 4403 auth, 4029 rate limit, …).
[[nodiscard]] Failure from_close(int code, std::string_view reason = {});
// A socket error while `phase`.
[[nodiscard]] Failure from_error(const error_code& error, std::string_view phase);
// A vendor may quote the credential it refuses: takes it out of `reason`, which goes into logs and call files.
[[nodiscard]] Failure without_key(Failure failure, std::string_view key);
// Makes a text from outside fit for `reason`: bounded, printable, on one line.
[[nodiscard]] std::string plain(std::string_view text, std::size_t most = 300);

}  // namespace parley::vendors
