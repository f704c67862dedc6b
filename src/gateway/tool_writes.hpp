#pragma once
// What a tool writes into the store for good, and tells whoever listens. Asked twice where the store does not answer; a write whose answer was lost is told of
// as soon as an answer, also to the same wish made again, says that it stands.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/callbacks.hpp"
#include "parley/store/database.hpp"
#include "parley/store/messages_taken.hpp"

namespace parley::gateway {

// One for each talk. On one loop, like what is awaited here.
struct ToolWrites {
    store::Database& database;
    store::CallRecords& records;
    Duration within;                             // each question to the store
    std::set<std::string> unanswered{}, told{};  // keys
};

// The message is kept, now or before. False: nobody knows whether it is.
[[nodiscard]] net::Task<bool> write_message(std::shared_ptr<ToolWrites> to, store::MessageTaken taken);

enum class Promised : std::uint8_t { noted, before, unknown };
// `noted`: as `callback` says, or as this talk said when it got no answer (`stands`); `before`: it is none of this talk's doing.
struct CallbackWritten {
    Promised how = Promised::unknown;
    store::Callback stands{};
};
[[nodiscard]] net::Task<CallbackWritten> write_callback(std::shared_ptr<ToolWrites> to, store::Callback callback);

}  // namespace parley::gateway
