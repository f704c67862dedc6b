#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_credentials() {
    return {{"credentials", 1, R"sql(
CREATE TABLE agent_credentials(
  agent TEXT PRIMARY KEY,
  accountsid TEXT NOT NULL,
  authtoken TEXT NOT NULL,
  previous_token TEXT NOT NULL DEFAULT '',
  previous_until_ms INTEGER NOT NULL DEFAULT 0,
  document TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) {strict};
CREATE TABLE credential_numbers(
  number TEXT PRIMARY KEY,
  agent TEXT NOT NULL REFERENCES agent_credentials(agent) ON DELETE CASCADE,
  place INTEGER NOT NULL
) {strict};
CREATE INDEX credential_numbers_agent ON credential_numbers(agent);
CREATE TABLE media(
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  mulaw {blob} NOT NULL,
  created_ms INTEGER NOT NULL
) {strict};
CREATE TABLE agent_media(
  agent TEXT NOT NULL,
  slot TEXT NOT NULL,
  media TEXT NOT NULL REFERENCES media(id),
  PRIMARY KEY(agent, slot)
) {strict};
CREATE INDEX agent_media_media ON agent_media(media);
CREATE TABLE credential_state(
  id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL
) {strict};
INSERT INTO credential_state(id, revision) VALUES(1, 0)
)sql"}};
}

}  // namespace parley::store
