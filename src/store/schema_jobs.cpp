#include "schema.hpp"

namespace parley::store {

// state: 0 to be done, 1 done, 2 dead.
std::vector<Migration> schema_jobs() {
    return {{"jobs", 1, R"(
CREATE TABLE jobs(
    id {id},
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    ordering TEXT NOT NULL,
    payload TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    instance TEXT NOT NULL,
    last_error TEXT NOT NULL,
    finished_ms INTEGER NOT NULL
) {strict};
CREATE UNIQUE INDEX jobs_key ON jobs(kind, key);
CREATE INDEX jobs_due ON jobs(kind, not_before_ms, id) WHERE state = 0;
CREATE INDEX jobs_order ON jobs(kind, ordering, id) WHERE state = 0;
CREATE INDEX jobs_dead ON jobs(kind, id) WHERE state = 2;
)"}};
}

}  // namespace parley::store
