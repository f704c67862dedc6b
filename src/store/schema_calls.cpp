#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_calls() {
    return {{"checkpoints", 1, R"(
CREATE TABLE checkpoints(
    call_sid TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    instance TEXT NOT NULL,
    saved_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) {strict};
CREATE INDEX checkpoints_expiry ON checkpoints(expires_ms);
)"}};
}

}  // namespace parley::store
