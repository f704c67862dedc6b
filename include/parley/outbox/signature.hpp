#pragma once
// Parley-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>">. docs/events.md shows how it is checked.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "parley/base/secret.hpp"

namespace parley::outbox {

[[nodiscard]] std::string sign(const Secret& secret, std::int64_t at_seconds, std::string_view body);
// Also for receivers written with this library: true when a v1 holds and t is not further from `now_seconds` than `tolerance`.
[[nodiscard]] bool signature_holds(const Secret& secret, std::string_view header, std::string_view body, std::int64_t now_seconds,
                                   std::chrono::seconds tolerance = std::chrono::minutes(5));

}  // namespace parley::outbox
