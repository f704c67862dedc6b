#include "schema.hpp"

namespace parley::store {

// outbox_calls: what every event says of its call, kept because the call may be told about for days. sweep_leases: one instance does a thing for all.
// erasures: that something was erased, of nobody in particular. erased_calls: of which nothing more is kept, whoever brings it late.
std::vector<Migration> schema_outbox() {
    return {{"outbox", 1, R"(
CREATE TABLE outbox_calls(
    call_sid TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    caller TEXT NOT NULL,
    context TEXT NOT NULL,
    started_ms INTEGER NOT NULL
) {strict};
CREATE INDEX outbox_calls_by_time ON outbox_calls(started_ms);
CREATE INDEX outbox_calls_by_caller ON outbox_calls(caller);
CREATE TABLE sweep_leases(
    name TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) {strict};
CREATE TABLE erasures(
    id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    receipt TEXT NOT NULL
) {strict})"},
            {"outbox", 2, R"(
CREATE TABLE erased_calls(
    call_sid TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) {strict};
CREATE INDEX erased_calls_by_time ON erased_calls(at_ms);
)"}};
}

}  // namespace parley::store
