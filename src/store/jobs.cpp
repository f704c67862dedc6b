#include "parley/store/jobs.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kLongestError = 2000;

Job job_of(const Row& row) {
    Job job;
    job.id = row.integer(0);
    job.kind = row.text(1);
    job.key = row.text(2);
    job.order = row.text(3);
    job.payload = row.text(4);
    job.attempts = static_cast<std::uint32_t>(row.integer(5));
    job.created_ms = row.integer(6);
    job.not_before_ms = row.integer(7);
    job.last_error = row.text(8);
    return job;
}

// What somebody else said of the failure: cut, and without what a text column refuses.
std::string noted(std::string_view error) {
    std::string out;
    for (const char c : error.substr(0, kLongestError)) out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F ? '?' : c;
    return out;
}

}  // namespace

bool add_job(Session& session, const JobWish& wish) {
    session.run(
        "INSERT INTO jobs(kind, key, ordering, payload, state, attempts, created_ms, not_before_ms, lease_until_ms, instance, last_error, finished_ms) "
        "VALUES($1, $2, $3, $4, 0, 0, $5, $6, 0, '', '', 0) ON CONFLICT(kind, key) DO NOTHING",
        {wish.kind, wish.key, wish.order, wish.payload, now_ms(), wish.not_before_ms});
    return session.changed() == 1;
}

std::optional<Job> claim_job(Session& session, std::string_view kind, std::string_view instance, std::chrono::milliseconds lease) {
    constexpr std::string_view kDue =
        "SELECT j.id FROM jobs j WHERE j.kind = $1 AND j.state = 0 AND j.not_before_ms <= $2 AND j.lease_until_ms <= $3 AND (j.ordering = '' OR NOT EXISTS("
        "SELECT 1 FROM jobs o WHERE o.kind = j.kind AND o.ordering = j.ordering AND o.state = 0 AND o.id < j.id)) ORDER BY j.not_before_ms, j.id LIMIT 1";
    // Rows another instance is claiming at this moment are passed over instead of waited for.
    static const std::string kDueUnlocked = std::string(kDue) + " FOR UPDATE OF j SKIP LOCKED";
    const auto now = now_ms();
    const auto due = session.run(session.dialect() == Dialect::postgresql ? std::string_view(kDueUnlocked) : kDue, {std::string(kind), now, now});
    if (due.empty()) return std::nullopt;
    const auto rows = session.run(
        "UPDATE jobs SET attempts = attempts + 1, lease_until_ms = $1, instance = $2 WHERE id = $3 "
        "RETURNING id, kind, key, ordering, payload, attempts, created_ms, not_before_ms, last_error",
        {now + lease.count(), std::string(instance), due.front().integer(0)});
    if (rows.empty()) return std::nullopt;
    return job_of(rows.front());
}

void finish_job(Session& session, std::int64_t id) {
    session.run("UPDATE jobs SET state = 1, finished_ms = $1 WHERE id = $2 AND state = 0", {now_ms(), id});
}

void retry_job(Session& session, std::int64_t id, std::int64_t not_before_ms, std::string_view error) {
    session.run("UPDATE jobs SET not_before_ms = $1, lease_until_ms = 0, last_error = $2 WHERE id = $3 AND state = 0", {not_before_ms, noted(error), id});
}

bool mark_job(Session& session, const Job& job, std::string_view note) {
    session.run("UPDATE jobs SET last_error = $1 WHERE id = $2 AND state = 0 AND attempts = $3 AND lease_until_ms > $4",
                {noted(note), job.id, std::int64_t{job.attempts}, now_ms()});
    return session.changed() == 1;
}

bool still_claimed(Session& session, const Job& job) {
    return !session.run("SELECT 1 FROM jobs WHERE id = $1 AND state = 0 AND attempts = $2", {job.id, std::int64_t{job.attempts}}).empty();
}

void defer_job(Session& session, std::int64_t id, std::int64_t not_before_ms, std::string_view why) {
    session.run(
        "UPDATE jobs SET not_before_ms = $1, lease_until_ms = 0, last_error = $2, attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END WHERE id = $3 "
        "AND state = 0",
        {not_before_ms, noted(why), id});
}

void bury_job(Session& session, std::int64_t id, std::string_view error) {
    session.run("UPDATE jobs SET state = 2, last_error = $1, finished_ms = $2 WHERE id = $3 AND state = 0", {noted(error), now_ms(), id});
}

bool revive_job(Session& session, std::int64_t id) {
    session.run("UPDATE jobs SET state = 0, attempts = 0, not_before_ms = 0, lease_until_ms = 0, finished_ms = 0 WHERE id = $1 AND state = 2", {id});
    return session.changed() == 1;
}

std::vector<Job> dead_jobs(Session& session, std::string_view kind, std::size_t most) {
    std::vector<Job> dead;
    for (const auto& row : session.run("SELECT id, kind, key, ordering, payload, attempts, created_ms, not_before_ms, last_error FROM jobs "
                                       "WHERE kind = $1 AND state = 2 ORDER BY id DESC LIMIT $2",
                                       {std::string(kind), static_cast<std::int64_t>(most)}))
        dead.push_back(job_of(row));
    return dead;
}

std::size_t pending_jobs(Session& session, std::string_view kind) {
    return static_cast<std::size_t>(session.run("SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state = 0", {std::string(kind)}).front().integer(0));
}

std::int64_t oldest_pending_ms(Session& session, std::string_view kind) {
    return session.run("SELECT MIN(created_ms) FROM jobs WHERE kind = $1 AND state = 0", {std::string(kind)}).front().integer(0);
}

std::uint64_t sweep_jobs(Session& session, std::int64_t finished_before_ms) {
    session.run("DELETE FROM jobs WHERE state = 1 AND finished_ms < $1", {finished_before_ms});
    return session.changed();
}

}  // namespace parley::store
