#include "parley/store/tool_effects.hpp"

namespace parley::store {

std::optional<ToolEffect> begin_effect(Session& session, const ToolEffect& effect, std::int64_t not_before_ms) {
    (void)session.run(
        "INSERT INTO tool_effects (key, call_sid, tool, outcome, at_ms) VALUES ($1, $2, $3, '', $4) "
        "ON CONFLICT (key) DO UPDATE SET call_sid = excluded.call_sid, tool = excluded.tool, outcome = '', at_ms = excluded.at_ms WHERE tool_effects.at_ms < "
        "$5",
        {effect.key, effect.call_sid, effect.tool, effect.at_ms, not_before_ms});
    if (session.changed() == 1) return std::nullopt;
    const auto rows = session.run("SELECT key, call_sid, tool, outcome, at_ms FROM tool_effects WHERE key = $1", {effect.key});
    if (rows.empty()) return std::nullopt;  // swept just now
    const auto& row = rows.front();
    return ToolEffect{row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4)};
}

void finish_effect(Session& session, const std::string& key, const std::string& outcome) {
    (void)session.run("UPDATE tool_effects SET outcome = $1 WHERE key = $2", {outcome, key});
}

void forget_effect(Session& session, const std::string& key) {
    (void)session.run("DELETE FROM tool_effects WHERE key = $1", {key});
}

std::uint64_t sweep_effects(Session& session, std::int64_t before_ms) {
    (void)session.run("DELETE FROM tool_effects WHERE at_ms < $1", {before_ms});
    return session.changed();
}

}  // namespace parley::store
