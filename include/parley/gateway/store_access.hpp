#pragma once
// The store and its keys as a configuration names them, for commands that work beside a running gateway.

#include <memory>

#include "parley/gateway/config.hpp"
#include "parley/store/database.hpp"
#include "parley/store/seal.hpp"

namespace parley::gateway {

// Throws store::StoreError.
[[nodiscard]] std::unique_ptr<store::Database> open_store(const Config& config, Log& log, bool read_only);
// store.seal_keys, and behind them the key file if there is one. Throws store::SealError, std::runtime_error.
[[nodiscard]] store::Sealer store_sealer(const Config& config, store::Dialect dialect);

}  // namespace parley::gateway
