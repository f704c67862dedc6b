#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_tools() {
    return {
        {"tools", 1,
         "CREATE TABLE tool_effects (key TEXT PRIMARY KEY, call_sid TEXT NOT NULL, tool TEXT NOT NULL, outcome TEXT NOT NULL, at_ms INTEGER NOT NULL) {strict};"
         "CREATE INDEX tool_effects_by_time ON tool_effects (at_ms);"
         "CREATE TABLE messages_taken (id {id}, key TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, call_sid TEXT NOT NULL, caller TEXT NOT NULL, name TEXT NOT "
         "NULL, "
         "callback_number TEXT NOT NULL, for_whom TEXT NOT NULL, text TEXT NOT NULL, urgent INTEGER NOT NULL, at_ms INTEGER NOT NULL) {strict};"
         "CREATE INDEX messages_taken_by_agent ON messages_taken (agent, id);"
         "CREATE INDEX messages_taken_by_caller ON messages_taken (caller)"}};
}

}  // namespace parley::store
