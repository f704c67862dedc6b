#include "schema.hpp"

namespace parley::store {

// agents            the one revision in force of each; a deleted one keeps its row, so that its revisions count on if it comes again
// agent_revisions   what was said of it, for good; secrets stand as "***"
// agent_secrets     these, sealed, by the place they stand at
// agent_numbers     who answers which number, '*' for the default: unique also against somebody who writes at the same moment
// changes           counters others look at to see that something is new
std::vector<Migration> schema_agents() {
    return {{"agents", 1, R"(
CREATE TABLE agents(
  name TEXT PRIMARY KEY, token TEXT NOT NULL, revision INTEGER NOT NULL, enabled INTEGER NOT NULL, deleted INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL) {strict};
CREATE TABLE agent_revisions(
  agent TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL, made_ms INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  PRIMARY KEY(agent, revision)) {strict};
CREATE TABLE agent_secrets(
  agent TEXT NOT NULL, revision INTEGER NOT NULL, path TEXT NOT NULL, sealed TEXT NOT NULL,
  PRIMARY KEY(agent, revision, path)) {strict};
CREATE TABLE agent_numbers(number TEXT PRIMARY KEY, agent TEXT NOT NULL) {strict};
CREATE TABLE changes(subject TEXT PRIMARY KEY, version INTEGER NOT NULL) {strict};
INSERT INTO changes(subject, version) VALUES('agents', 0);
INSERT INTO changes(subject, version) VALUES('tokens', 0);
CREATE TABLE api_tokens(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL, made_ms INTEGER NOT NULL, made_by TEXT NOT NULL,
  expires_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL) {strict};
CREATE TABLE audit_log(
  id {id}, at_ms INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, remote TEXT NOT NULL, status INTEGER NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, instance TEXT NOT NULL) {strict};
CREATE INDEX audit_log_at ON audit_log(at_ms);
)"}};
}

}  // namespace parley::store
