#pragma once
// Queues of waiting callers. A member waits in its own call's flow; what happens to it is told by waking it. Thread-safe.

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "dial_attempt.hpp"
#include "parley/sim/form.hpp"
#include "parley/sim/queues.hpp"

namespace parley::sim {

class Switchboard;

// One waiting caller. `state` and what follows change under the table's lock; read them through look().
struct QueueMember {
    enum class State : std::uint8_t { waiting, taken, redirected } state = State::waiting;
    std::string call_sid, queue_sid;
    std::function<void()> wake;
    std::chrono::system_clock::time_point enqueued;
    std::chrono::steady_clock::time_point since;
    // taken
    std::shared_ptr<DialAttempt> meeting;
    std::string whisper_url, whisper_method, agent_sid;
    // redirected
    std::string url, method;
};

class QueueTable {
public:
    explicit QueueTable(Switchboard& board) : board_(board) {}

    // ---- callers. Nothing: the queue is full (`queue_sid` is set all the same). A missing queue is made, with this size.
    std::shared_ptr<QueueMember> enter(const std::string& name, int max_size, const std::string& call_sid, std::function<void()> wake, std::string& queue_sid);
    void leave(const std::shared_ptr<QueueMember>& member);
    [[nodiscard]] QueueMember look(const std::shared_ptr<QueueMember>& member) const;
    // QueuePosition, QueueTime, AvgQueueTime, CurrentQueueSize, MaxQueueSize with QueueSid, as of now.
    [[nodiscard]] Form wait_parameters(const std::shared_ptr<QueueMember>& member) const;
    [[nodiscard]] int waited(const QueueMember& member) const;  // seconds of line time

    // ---- agents
    struct Agent {
        std::string call_sid, whisper_url, whisper_method;
        std::function<void()> wake;
    };
    // The next caller becomes the agent's; nothing while nobody waits, and the agent is woken with the next arrival.
    std::shared_ptr<QueueMember> take(const std::string& name, const Agent& agent, const std::shared_ptr<DialAttempt>& meeting, std::string& queue_sid);
    void stop_waiting(const std::string& name, const std::string& agent_sid);

    // ---- REST
    [[nodiscard]] std::vector<QueueView> list() const;
    [[nodiscard]] std::optional<QueueView> view(const std::string& sid_or_name) const;
    QueueOutcome create(const std::string& name, int max_size, std::string& sid);
    QueueOutcome update(const std::string& sid_or_name, std::optional<std::string> name, std::optional<int> max_size);
    QueueOutcome erase(const std::string& sid_or_name);
    [[nodiscard]] std::vector<QueueMemberView> members(const std::string& sid_or_name) const;
    QueueOutcome dequeue(const std::string& sid_or_name, const std::string& member, std::string url, std::string method, QueueMemberView& out);

private:
    struct Queue {
        QueueView view;
        std::list<std::shared_ptr<QueueMember>> waiting;
        std::map<std::string, std::function<void()>> agents;
    };
    [[nodiscard]] Queue* find(const std::string& sid_or_name);
    [[nodiscard]] const Queue* find(const std::string& sid_or_name) const { return const_cast<QueueTable*>(this)->find(sid_or_name); }
    Queue& made(const std::string& name, int max_size);
    [[nodiscard]] QueueView refreshed(const Queue& queue) const;
    [[nodiscard]] QueueMemberView view_of(const QueueMember& member, int position) const;

    Switchboard& board_;
    mutable std::mutex mutex_;
    std::list<Queue> queues_;
};

}  // namespace parley::sim
