#include "parley/gateway/store_access.hpp"

#include "sealing.hpp"

namespace parley::gateway {

std::unique_ptr<store::Database> open_store(const Config& config, Log& log, bool read_only) {
    store::DatabaseSettings settings;
    settings.url = config.store.url;
    settings.data_dir = config.server.data_dir;
    settings.connections = 1;
    settings.read_only = read_only;
    return store::open_database(settings, log, nullptr);
}

store::Sealer store_sealer(const Config& config, store::Dialect dialect) {
    Log silent;
    const Sealing sealing(config.store.seal_keys, dialect, config.server.data_dir, silent);
    return *sealing.opener();
}

}  // namespace parley::gateway
