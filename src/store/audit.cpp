#include "parley/store/audit.hpp"

namespace parley::store {

void add_audit(Session& session, const AuditRow& row) {
    session.run(
        "INSERT INTO audit_log(at_ms, who, role, action, target, method, path, remote, status, was, became, instance) VALUES($1, $2, $3, $4, $5, $6, $7, $8, "
        "$9, $10, $11, $12)",
        {row.at_ms, row.who, row.role, row.action, row.target, row.method, row.path, row.remote, row.status, row.before, row.after, row.instance});
}

std::vector<AuditRow> list_audit(Session& session, const AuditFilter& filter) {
    const std::int64_t below = filter.before_id == 0 ? INT64_MAX : filter.before_id;
    std::vector<AuditRow> all;
    for (const auto& row :
         session.run("SELECT id, at_ms, who, role, action, target, method, path, remote, status, was, became, instance FROM audit_log "
                     "WHERE id < $1 AND ($2 = '' OR who = $3) AND ($4 = '' OR action = $5) AND ($6 = '' OR target = $7) ORDER BY id DESC LIMIT $8",
                     {below, filter.who, filter.who, filter.action, filter.action, filter.target, filter.target, static_cast<std::int64_t>(filter.most)}))
        all.push_back({.id = row.integer(0),
                       .at_ms = row.integer(1),
                       .who = row.text(2),
                       .role = row.text(3),
                       .action = row.text(4),
                       .target = row.text(5),
                       .method = row.text(6),
                       .path = row.text(7),
                       .remote = row.text(8),
                       .status = row.integer(9),
                       .before = row.text(10),
                       .after = row.text(11),
                       .instance = row.text(12)});
    return all;
}

std::uint64_t sweep_audit(Session& session, std::int64_t older_than_ms, std::size_t most) {
    session.run("DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at_ms < $1 ORDER BY id LIMIT $2)",
                {older_than_ms, static_cast<std::int64_t>(most)});
    return session.changed();
}

}  // namespace parley::store
