#include "schema.hpp"

namespace parley::store {

std::vector<Migration> schema_credentials() { return {}; }

}  // namespace parley::store
