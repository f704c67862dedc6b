#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_profiles() {
    return {
        {"profiles", 1,
         "CREATE TABLE profiles("
         "owner TEXT NOT NULL, caller TEXT NOT NULL, json TEXT NOT NULL, revision INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, "
         "PRIMARY KEY(owner, caller)) {strict};"
         "CREATE INDEX profiles_by_caller ON profiles(caller);"
         "CREATE INDEX profiles_by_time ON profiles(owner, updated_ms);"
         "CREATE TABLE analyses("
         "call_sid TEXT NOT NULL PRIMARY KEY, run INTEGER NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL, updated_ms INTEGER NOT NULL) {strict}"}};
}

}  // namespace parley::store
