#pragma once
// Queues that <Enqueue> fills, and who waits in them.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

struct Queue {
    std::string sid, account_sid, friendly_name;
    std::optional<int> current_size, max_size, average_wait_time;  // time in s
    When date_created, date_updated;
};

struct QueueMember {
    std::string call_sid, queue_sid;
    std::optional<int> position, wait_time;  // s
    When date_enqueued;
};

// The name of whoever waits longest.
inline constexpr std::string_view kFront = "Front";

class Queues {
public:
    explicit Queues(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Queue>>> list(std::size_t most = 200);
    net::Task<Outcome<std::optional<Queue>>> find(std::string friendly_name);
    net::Task<Outcome<Queue>> fetch(std::string sid);
    net::Task<Outcome<Queue>> create(std::string friendly_name, std::optional<int> max_size = {});
    net::Task<Outcome<Queue>> update(std::string sid, std::optional<std::string> friendly_name, std::optional<int> max_size);
    net::Task<Outcome<>> remove(std::string sid);

    net::Task<Outcome<std::vector<QueueMember>>> members(std::string queue_sid, std::size_t most = 200);
    net::Task<Outcome<QueueMember>> member(std::string queue_sid, std::string call_sid = std::string(kFront));
    // Takes a caller out of the queue and has the call go on at `url`. Front: of a lost answer nobody knows who was taken (Failure::unknown).
    net::Task<Outcome<QueueMember>> dequeue(std::string queue_sid, std::string call_sid, std::string url, std::string method = "POST");

private:
    Client& client_;
};

}  // namespace parley::rest
