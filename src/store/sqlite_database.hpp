#pragma once

#include <memory>

#include "parley/store/database.hpp"

namespace parley::store {

// `path`: of the file. Throws StoreError.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(const std::filesystem::path& path, const DatabaseSettings& settings, const Log& log, Metrics* metrics);
// Answers `unavailable` to everything.
[[nodiscard]] std::unique_ptr<Database> no_database(Dialect dialect);

}  // namespace parley::store
