#pragma once
// Which keys this process seals and opens with.

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/store/database.hpp"
#include "parley/store/seal.hpp"

namespace parley::gateway {

// store.seal_keys; behind them the key file of the data directory, if there is one, so that what was sealed before keys were configured still opens. Without
// keys and without a file an instance that is alone with its SQLite makes the file when there is first something to seal; a fleet has to be given its keys.
// Thread-safe.
class Sealing {
public:
    // Throws store::SealError (a key that is none), std::runtime_error (the key file). `log` outlives it.
    Sealing(const std::vector<Secret>& keys, store::Dialect dialect, const std::filesystem::path& data_dir, Log& log);

    static std::filesystem::path key_file(const std::filesystem::path& data_dir) { return data_dir / "seal.key"; }

    // For opening.
    [[nodiscard]] std::shared_ptr<const store::Sealer> opener() const;
    // For sealing: has a key. Throws store::SealError no_key with a sentence for the operator, std::runtime_error when the file cannot be written.
    [[nodiscard]] std::shared_ptr<const store::Sealer> sealer();

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const store::Sealer> current_;
    store::Dialect dialect_;
    std::filesystem::path file_;
    Log& log_;
};

}  // namespace parley::gateway
