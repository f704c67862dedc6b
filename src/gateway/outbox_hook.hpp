#pragma once
// Facts become events in the transaction that keeps them: neither is there without the other.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "parley/outbox/webhook_event.hpp"
#include "parley/store/call_records.hpp"

namespace parley::gateway {

// Thread-safe; called on the store's threads.
class OutboxHook {
public:
    // The receiver of an agent's events; null: nobody is told. "" is an agent that is not known.
    using Receiver = std::function<std::shared_ptr<const outbox::WebhookSettings>(const std::string& agent)>;
    explicit OutboxHook(Receiver receiver) : receiver_(std::move(receiver)) {}

    void operator()(store::Session& session, const store::FactEvent& event);

private:
    Receiver receiver_;
};

}  // namespace parley::gateway
