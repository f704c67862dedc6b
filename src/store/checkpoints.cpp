#include "parley/store/checkpoints.hpp"

namespace parley::store {

namespace {

constexpr std::int64_t kLifetimeMs = 24LL * 3600 * 1000;

}  // namespace

void save_checkpoint(Session& session, std::string_view call_sid, std::string_view json, std::string_view instance) {
    if (json.size() > kLongestCheckpoint) throw StoreError(StoreErrc::statement, "a checkpoint is longer than 16 KiB");
    const auto now = now_ms();
    session.run(
        "INSERT INTO checkpoints(call_sid, json, instance, saved_ms, expires_ms) VALUES($1, $2, $3, $4, $5) ON CONFLICT(call_sid) DO UPDATE SET "
        "json = excluded.json, instance = excluded.instance, saved_ms = excluded.saved_ms, expires_ms = excluded.expires_ms",
        {std::string(call_sid), std::string(json), std::string(instance), now, now + kLifetimeMs});
}

std::optional<Checkpoint> load_checkpoint(Session& session, std::string_view call_sid) {
    const auto rows =
        session.run("SELECT json, instance, saved_ms FROM checkpoints WHERE call_sid = $1 AND expires_ms > $2", {std::string(call_sid), now_ms()});
    if (rows.empty()) return std::nullopt;
    return Checkpoint{rows.front().text(0), rows.front().text(1), rows.front().integer(2)};
}

void drop_checkpoint(Session& session, std::string_view call_sid) {
    session.run("DELETE FROM checkpoints WHERE call_sid = $1", {std::string(call_sid)});
}

std::uint64_t sweep_checkpoints(Session& session) {
    session.run("DELETE FROM checkpoints WHERE expires_ms <= $1", {now_ms()});
    return session.changed();
}

}  // namespace parley::store
