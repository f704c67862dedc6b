#pragma once

#include <memory>

#include "parley/store/database.hpp"

namespace parley::store {

// Throws StoreError.
[[nodiscard]] std::unique_ptr<Database> open_postgresql(const DatabaseSettings& settings, const Log& log, Metrics* metrics);

}  // namespace parley::store
