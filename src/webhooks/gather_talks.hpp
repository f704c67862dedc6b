#pragma once
// Talks without a media stream: each turn is one request of Twilio's with what it recognised, each answer one <Say> inside the next <Gather>. The same brain
// and memory as a spoken call. What Twilio's voice is saying cannot be taken back and how much of it was heard is not told: an answer counts as said once it
// is handed over, so the memory is not cut when a caller speaks into it.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "parley/call/call_worker.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

class GatherTalk;
struct GatherInput;

// Thread-safe: a talk lives on the worker its first request came to, later ones are carried there.
class GatherTalks {
public:
    struct Services {
        TwilioWebhooks& routes;
        call::CallServices& calls;
        std::function<call::CallWorker*()> worker;
        std::chrono::milliseconds answer_within{4000};
        std::chrono::milliseconds grace{30'000};
    };
    explicit GatherTalks(Services services) : s_(std::move(services)) {}

    using AgentPtr = std::shared_ptr<const call::Agent>;
    // The greeting, or the words to come back with. Nothing: the brain cannot answer text, or there is a stream already, or no room.
    [[nodiscard]] net::Task<std::optional<Answer>> begin(AgentPtr agent, flows::Position position, const Asked& asked);
    // The route: a turn, or the rest of one that took long.
    [[nodiscard]] net::Task<Answer> proceed(const Asked& asked);

    // Talks that live, and requests that wait for theirs just now.
    [[nodiscard]] std::size_t open_steps() const { return *steps_; }

private:
    net::Task<Answer> step(std::shared_ptr<GatherTalk> talk, GatherInput input, std::string again);
    std::shared_ptr<GatherTalk> find(const std::string& call_sid);
    [[nodiscard]] std::shared_ptr<GatherTalk> known(const std::string& call_sid) const;  // with the lock held
    std::shared_ptr<GatherTalk> open(const AgentPtr& agent, const flows::Position& position, const Asked& asked);

    Services s_;
    std::shared_ptr<std::atomic<std::size_t>> steps_ = std::make_shared<std::atomic<std::size_t>>(0);  // outlives us where a loop's last coroutines do
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<GatherTalk>, std::less<>> talks_;  // each belongs to its own coroutine on its worker
};

}  // namespace parley::webhooks
