#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_agents() { return {}; }

}  // namespace parley::store
