#pragma once
// Queues of waiting callers, as the REST side sees them. All are copies.

#include <chrono>
#include <cstdint>
#include <string>

namespace parley::sim {

struct QueueView {
    std::string sid, friendly_name;
    int current_size = 0, max_size = 100;
    int average_wait_time = 0;  // seconds, of those that are in it now
    std::chrono::system_clock::time_point created, updated;
};

struct QueueMemberView {
    std::string call_sid, queue_sid;
    int position = 1;   // 1 is the next
    int wait_time = 0;  // seconds of line time
    std::chrono::system_clock::time_point enqueued;
};

enum class QueueOutcome : std::uint8_t { done, no_such_queue, no_such_member, not_empty, exists };

}  // namespace parley::sim
