#pragma once
// Messages that agents took for somebody. In a transaction of the caller's.

#include <cstdint>
#include <string>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

struct MessageTaken {
    std::int64_t id = 0;  // given by the store
    std::string key;      // unique: the same message twice is one
    std::string agent, call_sid, caller, name, callback_number, for_whom, text;
    bool urgent = false;
    std::int64_t at_ms = 0;
};

bool keep_message(Session& session, const MessageTaken& message);  // false: was there
// Newest first, of one agent or (empty) all, older than `before_id` (0: from the newest on).
[[nodiscard]] std::vector<MessageTaken> messages_taken(Session& session, const std::string& agent, std::int64_t before_id, std::size_t most);
// Of one caller (caller_key()), who left it or is to be called back, however the number is written.
[[nodiscard]] std::vector<MessageTaken> messages_with(Session& session, const std::string& caller);
// The same; how many went.
std::uint64_t erase_messages(Session& session, const std::string& caller);

}  // namespace parley::store
