#pragma once

#include <memory>

#include "parley/net/task.hpp"
#include "telephony.hpp"

namespace parley::gateway {

// Text messages, agents' tools, recordings at Twilio with their transcripts, Intelligence.
class MessagingPart {
public:
    virtual ~MessagingPart() = default;
    // On the control loop, before it ends: what is under way is ended and joined.
    virtual net::Task<> close() = 0;
};
// Adds its routes, and `services.actions`. Before the first request.
[[nodiscard]] std::unique_ptr<MessagingPart> compose_messaging(Telephony& telephony);

}  // namespace parley::gateway
