#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_profiles() { return {}; }

}  // namespace parley::store
