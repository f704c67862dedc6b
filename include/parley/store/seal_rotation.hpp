#pragma once
// Everything sealed in the store, for a change of keys and for its check.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"
#include "parley/store/seal.hpp"

namespace parley::store {

// A column with sealed texts.
struct SealedPlace {
    std::string_view name;     // as counts name it
    std::string_view page;     // SELECT key, context, text … WHERE key > $1 ORDER BY key LIMIT $2; the key as TEXT, unique in the place
    std::string_view replace;  // UPDATE … SET text = $1 WHERE key = $2 AND text = $3
    bool document = false;     // JSON with sealed strings in it (Sealer::seal_document, context = row), not one sealed text
};
// All of the schema's. A part that seals adds its columns in src/store/sealed_places.cpp.
[[nodiscard]] const std::vector<SealedPlace>& sealed_places();

struct SealCount {
    std::string name;
    std::uint64_t seen = 0;                  // rows with something sealed in it
    std::uint64_t changed = 0;               // sealed anew (rotation)
    std::uint64_t old = 0;                   // under another key than the first (check)
    std::uint64_t shut = 0;                  // did not open; left as they are
    std::vector<std::string> shut_contexts;  // the first of them, and why
};

// Everything under the first key, a page a transaction: what was interrupted is begun again and finds less to do. Rows changed by others meanwhile are left
// to them and to the next pass. Beside running gateways that open with both keys. Throws StoreError, SealError no_key.
[[nodiscard]] std::vector<SealCount> rotate_seals(Database& database, const Sealer& sealer, const std::function<void(const SealCount&)>& progress = {});
// Opens everything, changes nothing.
[[nodiscard]] std::vector<SealCount> check_seals(Database& database, const Sealer& sealer);

}  // namespace parley::store
