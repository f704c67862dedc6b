#include "outbox_hook.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "parley/outbox/deliverer.hpp"
#include "parley/store/jobs.hpp"
#include "parley/store/profiles.hpp"

namespace parley::gateway {

using nlohmann::json;
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
        case Fact::preparation:
            return false;
        default:
            return true;
    }
}

// What an end of this call ends. Nothing: there is nothing to tell of it yet.
std::optional<outbox::Ended> ended_by(store::Session& session, const store::FactEvent& event) {
    if (event.fact != Fact::end) return outbox::Ended{};
    const auto fact = json::parse(event.json, nullptr, false);
    const auto has = [&](const char* key) { return fact.is_object() && fact.contains(key); };
    outbox::Ended ended;
    const auto rows = session.run("SELECT final FROM history WHERE call_sid = $1", {event.call_sid});
    ended.call = rows.empty() || rows.front().integer(0) != 0;
    // An agent says which it is; the word of a dial is no end as long as the stream has not said its own.
    if (!ended.call) return has("agent") ? std::optional(ended) : std::nullopt;
    // Brought to its end before, by us, and the stream has something to say all the same.
    if (!has("agent") || rows.empty()) return ended;
    auto before = session.run("SELECT kind FROM facts WHERE call_sid = $1 AND (fact_id LIKE 'over-%' OR fact_id LIKE 'lost-%') ORDER BY id", {event.call_sid});
    if (has("concluded") && !before.empty()) before.pop_back();  // this one
    ended.again = static_cast<std::uint32_t>(before.size());
    ended.was_rejected = !before.empty() && before.back().text(0) == "rejection";
    return ended;
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
            session.run(
                "INSERT INTO outbox_calls(call_sid, agent, caller, context, started_ms) VALUES($1, $2, $3, $4, $5) "
                "ON CONFLICT(call_sid) DO UPDATE SET agent = excluded.agent, caller = excluded.caller, context = excluded.context",
                {event.call_sid, context.agent, store::caller_key(outbox::other_party(context)), context.json, event.at_ms});
        }
    }
    const auto settings = receiver_(context.agent);
    if (!settings || settings->url.empty()) return;
    const auto ended = ended_by(session, event);
    if (!ended) return;
    for (auto& made : outbox::events_of(event, context, *settings, *ended)) {
        store::JobWish wish;
        wish.kind = outbox::kJobKind;
        wish.key = std::move(made.id);
        wish.order = event.call_sid;
        wish.payload = outbox::job_payload(context.agent, made.type, made.body);
        store::add_job(session, wish);
    }
}

}  // namespace parley::gateway
