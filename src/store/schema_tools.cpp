#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_tools() { return {}; }

}  // namespace parley::store
