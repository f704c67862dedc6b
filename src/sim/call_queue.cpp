#include "call_queue.hpp"

#include <algorithm>

#include "parley/sim/identifiers.hpp"
#include "switchboard.hpp"

namespace parley::sim {

QueueTable::Queue* QueueTable::find(const std::string& sid_or_name) {
    const auto at = std::find_if(queues_.begin(), queues_.end(),
                                 [&](const Queue& queue) { return queue.view.sid == sid_or_name || queue.view.friendly_name == sid_or_name; });
    return at == queues_.end() ? nullptr : &*at;
}

QueueTable::Queue& QueueTable::made(const std::string& name, int max_size) {
    if (auto* queue = find(name)) return *queue;
    const auto now = std::chrono::system_clock::now();
    queues_.push_back({{make_sid("QU"), name, 0, max_size, 0, now, now}, {}, {}});
    return queues_.back();
}

int QueueTable::waited(const QueueMember& member) const {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - member.since;
    return static_cast<int>(since.count() * board_.options().speed);
}

QueueView QueueTable::refreshed(const Queue& queue) const {
    auto view = queue.view;
    view.current_size = static_cast<int>(queue.waiting.size());
    int total = 0;
    for (const auto& member : queue.waiting) total += waited(*member);
    view.average_wait_time = queue.waiting.empty() ? 0 : total / view.current_size;
    return view;
}

std::shared_ptr<QueueMember> QueueTable::enter(const std::string& name, int max_size, const std::string& call_sid, std::function<void()> wake,
                                               std::string& queue_sid) {
    std::vector<std::function<void()>> agents;
    std::shared_ptr<QueueMember> member;
    {
        const std::lock_guard lock(mutex_);
        auto& queue = made(name, max_size);
        queue_sid = queue.view.sid;
        if (static_cast<int>(queue.waiting.size()) >= queue.view.max_size) return nullptr;
        member = std::make_shared<QueueMember>();
        member->call_sid = call_sid;
        member->queue_sid = queue_sid;
        member->wake = std::move(wake);
        member->enqueued = std::chrono::system_clock::now();
        member->since = std::chrono::steady_clock::now();
        queue.waiting.push_back(member);
        for (const auto& [sid, agent] : queue.agents) agents.push_back(agent);
    }
    for (const auto& agent : agents) agent();
    return member;
}

void QueueTable::leave(const std::shared_ptr<QueueMember>& member) {
    const std::lock_guard lock(mutex_);
    if (auto* queue = find(member->queue_sid)) queue->waiting.remove(member);
}

QueueMember QueueTable::look(const std::shared_ptr<QueueMember>& member) const {
    const std::lock_guard lock(mutex_);
    return *member;
}

Form QueueTable::wait_parameters(const std::shared_ptr<QueueMember>& member) const {
    const std::lock_guard lock(mutex_);
    Form form{{"QueueSid", member->queue_sid}};
    const auto* queue = find(member->queue_sid);
    if (queue == nullptr) return form;
    const auto view = refreshed(*queue);
    const auto at = std::find(queue->waiting.begin(), queue->waiting.end(), member);
    form.emplace_back("QueuePosition", std::to_string(std::distance(queue->waiting.begin(), at) + 1));
    form.emplace_back("QueueTime", std::to_string(waited(*member)));
    form.emplace_back("AvgQueueTime", std::to_string(view.average_wait_time));
    form.emplace_back("CurrentQueueSize", std::to_string(view.current_size));
    form.emplace_back("MaxQueueSize", std::to_string(view.max_size));
    return form;
}

std::shared_ptr<QueueMember> QueueTable::take(const std::string& name, const Agent& agent, const std::shared_ptr<DialAttempt>& meeting,
                                              std::string& queue_sid) {
    std::shared_ptr<QueueMember> member;
    {
        const std::lock_guard lock(mutex_);
        auto& queue = made(name, 100);
        queue_sid = queue.view.sid;
        if (queue.waiting.empty()) {
            queue.agents[agent.call_sid] = agent.wake;
            return nullptr;
        }
        queue.agents.erase(agent.call_sid);
        member = queue.waiting.front();
        queue.waiting.pop_front();
        member->state = QueueMember::State::taken;
        member->meeting = meeting;
        member->whisper_url = agent.whisper_url;
        member->whisper_method = agent.whisper_method;
        member->agent_sid = agent.call_sid;
    }
    member->wake();
    return member;
}

void QueueTable::stop_waiting(const std::string& name, const std::string& agent_sid) {
    const std::lock_guard lock(mutex_);
    if (auto* queue = find(name)) queue->agents.erase(agent_sid);
}

std::vector<QueueView> QueueTable::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<QueueView> out;
    for (const auto& queue : queues_) out.push_back(refreshed(queue));
    return out;
}

std::optional<QueueView> QueueTable::view(const std::string& sid_or_name) const {
    const std::lock_guard lock(mutex_);
    const auto* queue = find(sid_or_name);
    if (queue == nullptr) return std::nullopt;
    return refreshed(*queue);
}

QueueOutcome QueueTable::create(const std::string& name, int max_size, std::string& sid) {
    const std::lock_guard lock(mutex_);
    if (find(name) != nullptr) return QueueOutcome::exists;
    sid = made(name, max_size).view.sid;
    return QueueOutcome::done;
}

QueueOutcome QueueTable::update(const std::string& sid_or_name, std::optional<std::string> name, std::optional<int> max_size) {
    const std::lock_guard lock(mutex_);
    auto* queue = find(sid_or_name);
    if (queue == nullptr) return QueueOutcome::no_such_queue;
    if (name) {
        const auto* other = find(*name);
        if (other != nullptr && other != queue) return QueueOutcome::exists;
        queue->view.friendly_name = std::move(*name);
    }
    if (max_size) queue->view.max_size = *max_size;
    queue->view.updated = std::chrono::system_clock::now();
    return QueueOutcome::done;
}

QueueOutcome QueueTable::erase(const std::string& sid_or_name) {
    const std::lock_guard lock(mutex_);
    const auto* queue = find(sid_or_name);
    if (queue == nullptr) return QueueOutcome::no_such_queue;
    if (!queue->waiting.empty()) return QueueOutcome::not_empty;
    std::erase_if(queues_, [&](const Queue& one) { return &one == queue; });
    return QueueOutcome::done;
}

QueueMemberView QueueTable::view_of(const QueueMember& member, int position) const {
    return {member.call_sid, member.queue_sid, position, waited(member), member.enqueued};
}

std::vector<QueueMemberView> QueueTable::members(const std::string& sid_or_name) const {
    const std::lock_guard lock(mutex_);
    std::vector<QueueMemberView> out;
    const auto* queue = find(sid_or_name);
    if (queue == nullptr) return out;
    for (const auto& member : queue->waiting) out.push_back(view_of(*member, static_cast<int>(out.size()) + 1));
    return out;
}

QueueOutcome QueueTable::dequeue(const std::string& sid_or_name, const std::string& member, std::string url, std::string method, QueueMemberView& out) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        auto* queue = find(sid_or_name);
        if (queue == nullptr) return QueueOutcome::no_such_queue;
        int position = 1;
        auto at = queue->waiting.begin();
        while (at != queue->waiting.end() && member != "Front" && (*at)->call_sid != member) {
            ++at;
            ++position;
        }
        if (at == queue->waiting.end()) return QueueOutcome::no_such_member;
        out = view_of(**at, position);
        (*at)->state = QueueMember::State::redirected;
        (*at)->url = std::move(url);
        (*at)->method = std::move(method);
        wake = (*at)->wake;
        queue->waiting.erase(at);
    }
    wake();
    return QueueOutcome::done;
}

}  // namespace parley::sim
