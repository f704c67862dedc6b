#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_fleet() {
    return {{"fleet", 1, R"(
CREATE TABLE fleet_calls(
  call_sid TEXT PRIMARY KEY,
  instance TEXT NOT NULL,
  live INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  carried TEXT NOT NULL,
  outcome TEXT NOT NULL,
  updated_ms INTEGER NOT NULL
) {strict};
CREATE INDEX fleet_calls_instance ON fleet_calls(instance, live);
CREATE INDEX fleet_calls_age ON fleet_calls(updated_ms);
CREATE TABLE fleet_nonces(nonce TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) {strict};
)"},
            {"fleet", 2, R"(
CREATE TABLE fleet_accounts(sid TEXT PRIMARY KEY, account TEXT NOT NULL, at_ms INTEGER NOT NULL) {strict};
CREATE INDEX fleet_accounts_age ON fleet_accounts(at_ms);
)"}};
}

}  // namespace parley::store
