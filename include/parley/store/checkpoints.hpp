#pragma once
// What another instance needs to go on with a call whose stream was lost: saved after each turn, gone after 24 hours or with the call.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/store/database.hpp"

namespace parley::store {

inline constexpr std::size_t kLongestCheckpoint = 16U << 10U;

struct Checkpoint {
    std::string json;
    std::string instance;       // who saved it
    std::int64_t saved_ms = 0;  // since 1970
};

// All inside a transaction of the caller's. The last one of a call counts; StoreError (statement) if `json` is longer than kLongestCheckpoint.
void save_checkpoint(Session& session, std::string_view call_sid, std::string_view json, std::string_view instance);
[[nodiscard]] std::optional<Checkpoint> load_checkpoint(Session& session, std::string_view call_sid);
void drop_checkpoint(Session& session, std::string_view call_sid);
// Those that are too old; how many.
std::uint64_t sweep_checkpoints(Session& session);

}  // namespace parley::store
