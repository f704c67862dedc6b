#include "sealing.hpp"

namespace parley::gateway {

namespace {
constexpr std::string_view kAlone =
    "Secrets in the store are sealed under a key file beside it: set store.seal_keys, so that a copy of the data directory alone does not open them.";
}

Sealing::Sealing(const std::vector<Secret>& keys, store::Dialect dialect, const std::filesystem::path& data_dir, Log& log)
    : dialect_(dialect), file_(key_file(data_dir)), log_(log) {
    auto all = keys;
    std::error_code ec;
    if (std::filesystem::exists(file_, ec)) {
        all.push_back(store::open_key_file(file_).key);
        if (keys.empty() && dialect == store::Dialect::sqlite) log_.warn("seal.key_file", kAlone, {{"path", file_.string()}});
        // A fleet's instances would seal under keys the others do not have.
        if (keys.empty() && dialect == store::Dialect::postgresql) all.clear();
    }
    current_ = std::make_shared<const store::Sealer>(all);
}

std::shared_ptr<const store::Sealer> Sealing::opener() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::shared_ptr<const store::Sealer> Sealing::sealer() {
    const std::lock_guard lock(mutex_);
    if (current_->ready()) return current_;
    if (dialect_ == store::Dialect::postgresql)
        throw store::SealError(store::SealErrc::no_key,
                               "store.seal_keys is not set: a store that several instances share needs keys they all have (parley seal keygen makes one).");
    const auto made = store::open_key_file(file_);
    current_ = std::make_shared<const store::Sealer>(std::vector<Secret>{made.key});
    log_.warn("seal.key_file", kAlone, {{"path", file_.string()}, {"made", made.made}});
    return current_;
}

}  // namespace parley::gateway
