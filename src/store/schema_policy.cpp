#include "schema.hpp"

namespace parley::store {

// policy_gate: locked by whoever counts places, and empty. policy_leases: a place taken by a call; it counts until its time is over, whoever took it.
// policy_usage: what a day has cost, by agent, vendor and role; vendor '' is the call itself. policy_waiting: who waits for a place with an agent, the lowest
// number first. policy_batches: what was added to it lately, so that nothing is added twice.
std::vector<Migration> schema_policy() {
    return {{"policy", 1, R"(
CREATE TABLE policy_gate(
    unused INTEGER NOT NULL
) {strict};
CREATE TABLE policy_leases(
    call_sid TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    agent TEXT NOT NULL,
    account TEXT NOT NULL,
    taken_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) {strict};
CREATE INDEX policy_leases_by_time ON policy_leases(until_ms);
CREATE INDEX policy_leases_by_instance ON policy_leases(instance);
CREATE TABLE policy_instances(
    instance TEXT PRIMARY KEY,
    seen_ms INTEGER NOT NULL
) {strict};
CREATE TABLE policy_usage(
    day TEXT NOT NULL,
    agent TEXT NOT NULL,
    vendor TEXT NOT NULL,
    role TEXT NOT NULL,
    calls INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY(day, agent, vendor, role)
) {strict})"},
            {"policy", 2, R"(
CREATE TABLE policy_batches(
    id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) {strict})"},
            {"policy", 3, R"(
CREATE TABLE policy_waiting(
    id {id},
    call_sid TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    account TEXT NOT NULL,
    seen_ms INTEGER NOT NULL
) {strict};
CREATE INDEX policy_waiting_by_agent ON policy_waiting(agent, id))"}};
}

}  // namespace parley::store
