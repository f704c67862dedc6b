#include "config_store_rows.hpp"

#include "parley/store/seal.hpp"

namespace parley::gateway {

void store_rows(Table<Config>& t) {
    t.secret(
        "store.url", [](Config& c) -> auto& { return c.store.url; },
        "Where everything lives that outlives a call: `sqlite:` (parley.db in server.data_dir), `sqlite:/path`, or `postgresql://user:password@host:port/name` "
        "for several instances.");
    t.rows.back().effect = Effect::restart;
    // A file is no secret; what holds a password is.
    t.rows.back().print = [](const Config& c) { return quote_yaml(c.store.url.reveal().starts_with("sqlite:") ? c.store.url.reveal() : kHidden); };
    t.integer(
        "store.connections", [](Config& c) -> auto& { return c.store.connections; }, 1, 64, "Connections to PostgreSQL, each with a thread.", Effect::restart);
    t.integer(
        "store.queue", [](Config& c) -> auto& { return c.store.queue; }, 16, 1'000'000, "Requests to the store that may wait; more are refused.",
        Effect::restart);
    t.integer(
        "store.spool_mb", [](Config& c) -> auto& { return c.store.spool_mb; }, 1, 65'536,
        "What calls leave behind waits in files of this size below server.data_dir while the store cannot take it. When they are full, turns and events are "
        "dropped; ends never.",
        Effect::restart);
    t.flag(
        "store.ignore", [](Config& c) -> auto& { return c.store.ignore; },
        "Serve although the store is damaged or cannot be reached at start: calls work, what is kept of them waits.", Effect::restart);
    t.secrets(
        "store.seal_keys", [](Config& c) -> auto& { return c.store.seal_keys; },
        "Keys for secrets in the store, 32 bytes in base64 or hexadecimal each (`parley seal keygen`): the first seals, all open. None: with SQLite a key file "
        "in the data directory is made. "
        "At the next start.");
}

std::vector<std::pair<std::string, std::string>> check_store(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    const auto url = config.store.url.reveal();
    // As it is printed it reads back.
    if (url != kHidden && !url.starts_with("sqlite:") && !url.starts_with("postgresql://") && !url.starts_with("postgres://"))
        wrong.emplace_back("store.url", "is neither sqlite: nor postgresql://…");
    for (std::size_t i = 0; i < config.store.seal_keys.size(); ++i) {
        try {
            (void)store::parse_seal_key(config.store.seal_keys[i].reveal());
        } catch (const store::SealError& e) {
            wrong.emplace_back("store.seal_keys", "key " + std::to_string(i + 1) + ": " + e.what());
        }
    }
    return wrong;
}

}  // namespace parley::gateway
