#pragma once
// What a call's brain may do besides talking: the tools an agent's configuration switches on.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "agents.hpp"
#include "parley/brain/handset.hpp"
#include "parley/brain/ports.hpp"
#include "parley/call/registry.hpp"
#include "parley/gateway/messaging_config.hpp"
#include "parley/messaging/sender.hpp"
#include "parley/privacy/privacy_settings.hpp"
#include "parley/net/errands.hpp"
#include "parley/rest/client.hpp"
#include "parley/store/call_records.hpp"
#include "parley/tools/workshop.hpp"

namespace parley::gateway {

// Which calls had tools here before: their turns count from 0 again. Any thread; the newest 20 000.
class CallsSeen {
public:
    [[nodiscard]] bool again(const std::string& call_sid) {
        const std::lock_guard lock(mutex_);
        if (!seen_.insert(call_sid).second) return true;
        order_.push_back(call_sid);
        if (order_.size() > kMost) {
            seen_.erase(order_.front());
            order_.pop_front();
        }
        return false;
    }

private:
    static constexpr std::size_t kMost = 20'000;
    std::mutex mutex_;
    std::unordered_set<std::string> seen_;
    std::deque<std::string> order_;
};

// Shared by all calls; outlives them.
struct ToolDesk {
    net::Errands& errands;  // on the control loop, where sender and client live
    messaging::Sender& sender;
    rest::Client* client = nullptr;  // null: no account is configured
    call::Registry& registry;
    store::CallRecords& records;
    std::function<bool(const std::string& number)> ours;  // one of our numbers; any thread
    std::string recording_url;                            // of Twilio's callbacks about recordings
    std::shared_ptr<tools::Workshop> shop;
    store::Database* database = nullptr;                                          // for messages and promised calls
    std::function<void(const std::string& call_sid, std::string summary)> brief;  // keeps a transfer's summary for who takes the call; may be empty
    CallsSeen seen{};
};

// For one talk, on `executor` (its one thread). `handset`: of a call by stream; null: there is none. `spoken`: there is a call; without one only messages can
// be sent. `made`: what is written of the agent now; null: it is gone.
[[nodiscard]] std::unique_ptr<brain::Actions> make_actions(ToolDesk& desk, const std::shared_ptr<const MadeAgent>& made, const call::Agent& agent,
                                                           const brain::CallFacts& facts, boost::asio::any_io_executor executor, bool spoken,
                                                           brain::Handset* handset = nullptr);

}  // namespace parley::gateway
