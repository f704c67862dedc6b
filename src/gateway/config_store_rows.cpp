#include "config_store_rows.hpp"

#include "parley/store/seal.hpp"

namespace parley::gateway {

void store_rows(Table<Config>& t) {
    t.secrets("store.seal_keys", [](Config& c) -> auto& { return c.store.seal_keys; },
              "Keys for secrets in the store, 32 bytes in base64 or hexadecimal each (`parley seal keygen`): the first seals, all open. None: with SQLite a key file in the data directory is made. "
              "At the next start.");
}

std::vector<std::pair<std::string, std::string>> check_store(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
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
