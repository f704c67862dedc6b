#pragma once
// Everything the store knows of one call or one person, and its deletion. Inside a transaction of the caller's.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

using Erased = std::map<std::string, std::uint64_t, std::less<>>;  // rows by kind

// The calls and message threads with this person (caller_key()), oldest first.
[[nodiscard]] std::vector<std::string> calls_with(Session& session, std::string_view caller);
// Calls and threads of whom nothing was told since then and that are over, the oldest first.
[[nodiscard]] std::vector<std::string> calls_before(Session& session, std::int64_t before_ms, std::size_t most);
// What is told of it from now on is not kept: of a call nothing any more; of a thread of messages, which the same person may go on with, nothing from before.
void mark_erased(Session& session, std::string_view call_sid, std::int64_t now);
[[nodiscard]] bool any_erased(Session& session);  // lately; false: nobody has to be asked for
[[nodiscard]] bool is_erased(Session& session, std::string_view call_sid, std::int64_t at_ms);
// Rows about this call, in every table but the audit log.
void erase_call(Session& session, std::string_view call_sid, Erased& erased);
// A call's rows and its record, if nothing was told of it since then. False: it stays.
bool erase_if_before(Session& session, std::string_view call_sid, std::int64_t before_ms);
// What is not of a call: profile, messages taken, callbacks.
void erase_person(Session& session, std::string_view caller, Erased& erased);

// Behind erasures: words that were searched for are gone from the index as well.
void forget_words(Session& session);

struct ErasureReceipt {
    std::string id;
    std::int64_t at_ms = 0;
    std::string who;   // asked for it
    std::string json;  // what kinds, how many
};
void keep_receipt(Session& session, const ErasureReceipt& receipt);
[[nodiscard]] std::vector<ErasureReceipt> receipts(Session& session, std::size_t most);

// True for one instance at a time, which has it until `lease` is over.
bool take_sweep(Session& session, std::string_view name, std::string_view instance, std::chrono::milliseconds lease);
// Up to `most` rows older than that; how many were deleted. Kinds: "transcripts", "events" (webhooks that were delivered), "dead" (those that were given up),
// "states", "profiles", "audit", "contexts" (of calls whose record is gone), "jobs" (done, and no webhooks), "marks" (of what was erased).
std::uint64_t sweep_rows(Session& session, std::string_view kind, std::int64_t before_ms, std::size_t most);

}  // namespace parley::store
