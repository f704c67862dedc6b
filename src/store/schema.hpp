#pragma once
// What the tables look like, as steps forward. Each part belongs to one subject and counts its own versions; a step that was released is never changed, only
// followed by another. Written in the common language of both databases, but for: {id} an identity column that counts up by itself, {blob} bytes, {strict} the
// table's ending (STRICT where there is such a thing).

#include <string_view>
#include <vector>

namespace parley::store {

struct Migration {
    std::string_view part;
    int version = 1;
    std::string_view statements;  // separated by ';'
};

[[nodiscard]] std::vector<Migration> schema_calls();     // facts, history, checkpoints, live calls
[[nodiscard]] std::vector<Migration> schema_agents();    // agents, revisions, tokens, audit
[[nodiscard]] std::vector<Migration> schema_credentials();  // an agent's account, media uploaded for it
[[nodiscard]] std::vector<Migration> schema_policy();    // leases, usage by day
[[nodiscard]] std::vector<Migration> schema_jobs();      // jobs, outbox
[[nodiscard]] std::vector<Migration> schema_profiles();  // callers' profiles, analyses
[[nodiscard]] std::vector<Migration> schema_tools();     // effects by idempotency key, messages taken, callbacks wanted
[[nodiscard]] std::vector<Migration> schema_fleet();     // what instances know of each other's calls

}  // namespace parley::store
