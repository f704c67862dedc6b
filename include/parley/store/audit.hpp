#pragma once
// Who did what through the operators' interface. Lines are only added; retention takes the oldest.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

struct AuditRow {
    std::int64_t id = 0, at_ms = 0;
    std::string who, role, action, target, method, path, remote;
    std::int64_t status = 0;
    std::string before, after;  // JSON, secrets hidden; "null" where there is nothing
    std::string instance;
};
struct AuditFilter {
    std::int64_t before_id = 0;       // 0: from the newest
    std::string who, action, target;  // empty: any
    std::size_t most = 50;
};

void add_audit(Session& session, const AuditRow& row);
[[nodiscard]] std::vector<AuditRow> list_audit(Session& session, const AuditFilter& filter);  // newest first
// So many are gone; at most `most` in one transaction.
std::uint64_t sweep_audit(Session& session, std::int64_t older_than_ms, std::size_t most);

}  // namespace parley::store
