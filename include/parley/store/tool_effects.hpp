#pragma once
// What tools with effects have done, by idempotency key: so that no instance does it a second time. In a transaction of the caller's.

#include <cstdint>
#include <optional>
#include <string>

#include "parley/store/database.hpp"

namespace parley::store {

struct ToolEffect {
    std::string key, call_sid, tool;
    std::string outcome;  // JSON; empty: begun, and nobody knows what became of it
    std::int64_t at_ms = 0;
};

// Nothing: it has been written down as begun, and the caller does it now. Otherwise it was begun before, as told: at `not_before_ms` or later, what is older
// was another wish and does not count any more.
[[nodiscard]] std::optional<ToolEffect> begin_effect(Session& session, const ToolEffect& effect, std::int64_t not_before_ms);
void finish_effect(Session& session, const std::string& key, const std::string& outcome);
// It certainly has not been done: it may be tried again.
void forget_effect(Session& session, const std::string& key);
// Rows older than that; how many went.
std::uint64_t sweep_effects(Session& session, std::int64_t before_ms);

}  // namespace parley::store
