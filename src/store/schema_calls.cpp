#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_calls() { return {}; }

}  // namespace parley::store
