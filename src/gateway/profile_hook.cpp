#include "profile_hook.hpp"

#include <nlohmann/json.hpp>

#include "parley/store/profiles.hpp"
#include "redact_facts.hpp"

namespace parley::gateway {

void ProfileHook::operator()(store::Session& session, const store::FactEvent& event) const {
    if (event.fact != store::Fact::call) return;
    const auto rows = session.run("SELECT agent, direction, from_number, to_number FROM history WHERE call_sid = $1 AND caller_profile = ''", {event.call_sid});
    if (rows.empty() || rows.front().text(0).empty()) return;
    const auto& row = rows.front();
    const auto caller = store::caller_key(row.text(row.text(1) == "out" ? 3 : 2));
    const auto agent = caller.empty() ? std::nullopt : agents_(row.text(0));
    if (!agent) return;
    const auto profile = store::read_profile(session, agent->owner, caller);
    if (!profile || profile->updated_ms > event.at_ms) return;  // what is learned in a call stands in the next one's
    auto text = profile->json;
    if (agent->privacy.redact) text = redact_document(std::move(text), privacy::Kinds::of(agent->privacy.kinds));
    session.run("UPDATE history SET caller_profile = $1 WHERE call_sid = $2", {text, event.call_sid});
}

}  // namespace parley::gateway
