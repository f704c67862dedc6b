#pragma once
// What customers are told: events made of the facts of a call. Pure.
//
// A body is {"id","type","created","call":{…},"data":{…}}; the id is the same however often the event is made of its fact, or sent.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/outbox/webhook_settings.hpp"
#include "parley/store/call_records.hpp"

namespace parley::outbox {

// The call as every event names it: an object's text with sid, agent, direction, from, to, account, channel, as far as known.
struct CallContext {
    std::string agent;
    std::string json = "{}";
};
// What a fact of the kind `call` adds to it.
[[nodiscard]] CallContext join_context(CallContext known, std::string_view call_sid, std::string_view call_fact);

// Whom the call is with: its `from`, or `to` of one we placed. Empty: not known.
[[nodiscard]] std::string other_party(const CallContext& call);

struct WebhookEvent {
    std::string id;    // "evt_" and 32 hexadecimal digits
    std::string type;  // "turn.completed"
    std::string body;
};

// What a fact of the kind `end` ends, which the fact alone does not say.
struct Ended {
    bool call = true;           // false: its agent's part, and the call goes on or may: "agent.ended"
    std::uint32_t again = 0;    // so often it was told before that the call is over, and it went on or has more to say
    bool was_rejected = false;  // … the last time as `call.rejected`
};

// The event's type for a fact; empty: nobody is told of it.
[[nodiscard]] std::string event_type(store::Fact fact, std::string_view json);
// Is this event among the names and prefixes ("call.*") of the list? An empty list takes all.
[[nodiscard]] bool wanted(const std::vector<std::string>& list, std::string_view type);

// All that follows from one fact: the event itself, if it is wanted, and the alerts its data sets off, which are always wanted. In order.
[[nodiscard]] std::vector<WebhookEvent> events_of(const store::FactEvent& fact, const CallContext& call, const WebhookSettings& settings, Ended ended = {});

// Does the rule hold for this data?
[[nodiscard]] bool holds(const AlertRule& rule, std::string_view data);
// "" or what is wrong with it.
[[nodiscard]] std::string check_rule(const AlertRule& rule);

}  // namespace parley::outbox
