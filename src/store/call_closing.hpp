#pragma once
// The last fact of a call that is over although no fact said so: the carrier's last word, or its time, made its row in the history final.

#include <cstdint>
#include <optional>
#include <string_view>

#include "parley/store/call_records.hpp"
#include "parley/store/database.hpp"

namespace parley::store {

// What the row says: 0 while the call goes on. Nothing: there is no row.
[[nodiscard]] std::optional<std::int64_t> finality(Session& session, std::string_view call_sid);

// Keeps it and answers with it: an end with all that its last end said and the whole duration, or a rejection, both with {"final":true,"concluded":`by`}. Its
// identifier follows from the call's. In the transaction that made the row final. Nothing: there is no such row, or this was told before.
[[nodiscard]] std::optional<FactEvent> close_call(Session& session, std::string_view call_sid, std::int64_t at_ms, std::string_view by);

// The end of a call whose instance is gone, as whoever finds it writes it: the same text. It concludes the call like the above, for the agent that had it.
[[nodiscard]] FactEvent lost_end(Session& session, std::string_view call_sid, std::int64_t last_ms);

}  // namespace parley::store
