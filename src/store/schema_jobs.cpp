#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_jobs() { return {}; }

}  // namespace parley::store
