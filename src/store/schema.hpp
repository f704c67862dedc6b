#pragma once
// What the tables look like, as steps forward. Each part belongs to one subject and counts its own versions; a step that was released is never changed, only
// followed by another. Written in the common language of both databases, but for: {id} an identity column that counts up by itself, {blob} bytes, {strict} the
// table's ending (STRICT where there is such a thing). For PostgreSQL the words INTEGER, REAL and TEXT (in capitals, by themselves) become BIGINT, DOUBLE
// PRECISION and TEXT COLLATE "C": whole numbers have 64 bits and texts are ordered by their bytes in both. So no CAST in a step, and none of these words as a
// name.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

struct Migration {
    std::string_view part;
    int version = 1;
    std::string_view statements;    // separated by ';'
    std::optional<Dialect> only{};  // counted in both, done in this one
};

[[nodiscard]] std::vector<Migration> schema_calls();        // facts, history, checkpoints, live calls
[[nodiscard]] std::vector<Migration> schema_agents();       // agents, revisions, tokens, audit
[[nodiscard]] std::vector<Migration> schema_credentials();  // an agent's account, media uploaded for it
[[nodiscard]] std::vector<Migration> schema_policy();       // leases, usage by day
[[nodiscard]] std::vector<Migration> schema_jobs();         // jobs, outbox
[[nodiscard]] std::vector<Migration> schema_profiles();     // callers' profiles, analyses
[[nodiscard]] std::vector<Migration> schema_tools();        // effects by idempotency key, messages taken, callbacks wanted
[[nodiscard]] std::vector<Migration> schema_fleet();        // what instances know of each other's calls

[[nodiscard]] std::vector<Migration> schema_outbox();  // calls as events name them, erasures, who sweeps

// Every step of every part, in order.
[[nodiscard]] std::vector<Migration> all_steps();
// A step's text as the database of this kind understands it.
[[nodiscard]] std::string in_dialect(std::string_view statements, Dialect dialect);
// Takes `steps` inside the transaction of `session` that were not taken yet; `script` runs a text of several statements. Throws StoreError (statement)
// where the tables are of a newer version than this program knows.
void migrate(Session& session, const std::function<void(const std::string&)>& script, const std::vector<Migration>& steps);

}  // namespace parley::store
