#include "outbox_hook.hpp"

#include <nlohmann/json.hpp>

#include "parley/outbox/deliverer.hpp"
#include "parley/store/jobs.hpp"
#include "parley/store/profiles.hpp"

namespace parley::gateway {

using store::Fact;

namespace {

outbox::CallContext context_of(store::Session& session, const std::string& call_sid) {
    outbox::CallContext context;
    const auto rows = session.run("SELECT agent, context FROM outbox_calls WHERE call_sid = $1", {call_sid});
    if (rows.empty()) return context;
    context.agent = rows.front().text(0);
    context.json = rows.front().text(1);
    return context;
}

// Facts nobody is told of need not be looked at any further.
bool of_interest(Fact fact) {
    switch (fact) {
        case Fact::status:
        case Fact::transcript:
        case Fact::conference:
        case Fact::machine:
        case Fact::intelligence:
        case Fact::note:
        case Fact::waterfall:
        case Fact::usage:
        case Fact::preparation: return false;
        default: return true;
    }
}

}  // namespace

void OutboxHook::operator()(store::Session& session, const store::FactEvent& event) {
    if (!of_interest(event.fact)) return;
    auto context = context_of(session, event.call_sid);
    // Which agent has the call is told by the fact it begins with, and by its stream where that came to another instance.
    if (event.fact == Fact::call || event.fact == Fact::event || (event.fact == Fact::end && context.agent.empty())) {
        auto joined = outbox::join_context(context, event.call_sid, event.json);
        if (!joined.agent.empty() && joined.json != context.json) {
            context = std::move(joined);
            session.run("INSERT INTO outbox_calls(call_sid, agent, caller, context, started_ms) VALUES($1, $2, $3, $4, $5) "
                        "ON CONFLICT(call_sid) DO UPDATE SET agent = excluded.agent, caller = excluded.caller, context = excluded.context",
                        {event.call_sid, context.agent, store::caller_key(outbox::other_party(context)), context.json, event.at_ms});
        }
    }
    const auto settings = receiver_(context.agent);
    if (!settings || settings->url.empty()) return;
    if (event.fact == Fact::end) {
        const auto ended = outbox::ended_by(context, event);
        // A dial knows only that the line is free again; how its talk went is the talk's to say, which is on its way.
        const auto data = nlohmann::json::parse(event.json, nullptr, false);
        const bool dial = data.is_object() && !data.contains("result") && !data.contains("turns");
        if (dial && !session.run("SELECT 1 FROM history WHERE call_sid = $1 AND live_ms > 0 AND final <> 2", {event.call_sid}).empty()) return;
        if (ended.json != context.json && !context.agent.empty()) session.run("UPDATE outbox_calls SET context = $1 WHERE call_sid = $2", {ended.json, event.call_sid});
    }
    for (auto& made : outbox::events_of(event, context, *settings)) {
        store::JobWish wish;
        wish.kind = outbox::kJobKind;
        wish.key = std::move(made.id);
        wish.order = event.call_sid;
        wish.payload = outbox::job_payload(context.agent, made.type, made.body);
        store::add_job(session, wish);
    }
}

}  // namespace parley::gateway
