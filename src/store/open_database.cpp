#include "parley/store/database.hpp"
#include "pg_database.hpp"
#include "sqlite_database.hpp"

namespace parley::store {

std::unique_ptr<Database> open_database(const DatabaseSettings& settings, Log& log, Metrics* metrics) {
    const std::string url(settings.url.reveal());
    constexpr std::string_view kSqlite = "sqlite:";
    if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgresql(settings, log, metrics);
    if (!url.starts_with(kSqlite)) throw StoreError(StoreErrc::statement, "store.url is neither sqlite: nor postgresql://");
    const std::filesystem::path given(url.substr(kSqlite.size()));
    const auto path = given.empty() ? settings.data_dir / "parley.db" : given;
    try {
        return open_sqlite(path, settings, log, metrics);
    } catch (const StoreError& e) {
        // Another gateway at work is no damage: two of them would not know of each other.
        if (!settings.ignore || e.code() == StoreErrc::busy) throw;
        log.error("store.unavailable", "Serving without a store.", {{"error.type", std::string_view(e.what())}});
        return no_database(Dialect::sqlite);
    } catch (const std::filesystem::filesystem_error& e) {
        if (!settings.ignore) throw StoreError(StoreErrc::io, e.what());
        log.error("store.unavailable", "Serving without a store.", {{"error.type", std::string_view(e.what())}});
        return no_database(Dialect::sqlite);
    }
}

}  // namespace parley::store
