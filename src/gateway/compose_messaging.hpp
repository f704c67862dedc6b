#pragma once

#include <memory>

#include "parley/messaging/sender.hpp"
#include "parley/net/task.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// Text messages, agents' tools, recordings at Twilio with their transcripts, Intelligence.
class MessagingPart {
public:
    virtual ~MessagingPart() = default;
    // On the control loop. For operators: `by` stands in the record.
    virtual net::Task<messaging::Sent> send(messaging::Outgoing message) = 0;
    // On the control loop, before it ends: what is under way is ended and joined.
    virtual net::Task<> close() = 0;
};
// Adds its routes, and `services.actions`. Before the first request. After whoever sets `telephony.brief`.
[[nodiscard]] std::unique_ptr<MessagingPart> compose_messaging(Telephony& telephony);

}  // namespace parley::gateway
