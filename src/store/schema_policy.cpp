#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_policy() { return {}; }

}  // namespace parley::store
