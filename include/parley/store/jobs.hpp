#pragma once
// Work that has to be done some time, also after a crash: deliveries of webhooks, analyses, callbacks. A job is added in the transaction that gives the
// reason for it, claimed under a lease by one instance at a time, and ends done or dead.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

struct JobWish {
    std::string kind;     // "webhook", "analysis", …
    std::string key;      // unique in its kind: a job that is there already (also a finished one) is not added again
    std::string order;    // of several jobs of one kind and order only the oldest unfinished one can be claimed; empty: any
    std::string payload;  // JSON
    std::int64_t not_before_ms = 0;
};
struct Job {
    std::int64_t id = 0;
    std::string kind, key, order, payload;
    std::uint32_t attempts = 0;  // this one included
    std::int64_t created_ms = 0, not_before_ms = 0;
    std::string last_error;
};

// All inside a transaction of the caller's.
bool add_job(Session& session, const JobWish& wish);  // false: was there
[[nodiscard]] std::optional<Job> claim_job(Session& session, std::string_view kind, std::string_view instance, std::chrono::milliseconds lease);
void finish_job(Session& session, std::int64_t id);
void retry_job(Session& session, std::int64_t id, std::int64_t not_before_ms, std::string_view error);
// Before what may happen once only: `note` is its last_error from here on. False: it is not this claim's any more (its lease is over, somebody else claimed
// it).
[[nodiscard]] bool mark_job(Session& session, const Job& job, std::string_view note);
// As retry_job, and this attempt does not count: nothing was tried.
void defer_job(Session& session, std::int64_t id, std::int64_t not_before_ms, std::string_view why);
void bury_job(Session& session, std::int64_t id, std::string_view error);  // dead: what is behind it in its order goes on
// Whether nobody claimed it since, so that what an attempt says of it, however late, wipes out nothing of the next one.
[[nodiscard]] bool still_claimed(Session& session, const Job& job);
bool revive_job(Session& session, std::int64_t id);  // dead ones only; at once, attempts from zero
[[nodiscard]] std::vector<Job> dead_jobs(Session& session, std::string_view kind, std::size_t most);
[[nodiscard]] std::size_t pending_jobs(Session& session, std::string_view kind);
[[nodiscard]] std::int64_t oldest_pending_ms(Session& session, std::string_view kind);  // created; 0: none
// Forgets jobs that ended well before then (their keys may be used again after it); how many.
std::uint64_t sweep_jobs(Session& session, std::int64_t finished_before_ms);

}  // namespace parley::store
