#include "parley/store/jobs.hpp"

#include <mutex>
#include <set>
#include <thread>

#include "either_store.hpp"
#include "parley/store/checkpoints.hpp"

namespace parley::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Jobs : public EitherStore {
protected:
    void SetUp() override { database = open(); }
    bool add(const std::string& key, const std::string& order = {}, std::int64_t not_before = 0) {
        bool added = false;
        database->transact([&](Session& session) {
            added = add_job(session, {.kind = "webhook", .key = key, .order = order, .payload = "{\"k\":\"" + key + "\"}", .not_before_ms = not_before});
        });
        return added;
    }
    std::optional<Job> claim(const std::string& instance = "one", milliseconds lease = seconds(60)) {
        std::optional<Job> job;
        database->transact([&](Session& session) { job = claim_job(session, "webhook", instance, lease); });
        return job;
    }
    std::string claimed(const std::string& instance = "one", milliseconds lease = seconds(60)) {
        const auto job = claim(instance, lease);
        return job ? job->key : "";
    }
    void with(const std::function<void(Session&)>& work) { database->transact(work); }
    std::unique_ptr<Database> database;
};

TEST_P(Jobs, AreDoneOnce) {
    EXPECT_TRUE(add("a"));
    EXPECT_FALSE(add("a"));
    EXPECT_TRUE(add("b"));
    const auto first = claim();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->key, "a");
    EXPECT_EQ(first->payload, R"({"k":"a"})");
    EXPECT_EQ(first->attempts, 1U);
    EXPECT_EQ(claimed(), "b");
    EXPECT_EQ(claimed(), "");
    with([&](Session& session) {
        EXPECT_EQ(pending_jobs(session, "webhook"), 2U);
        EXPECT_GT(oldest_pending_ms(session, "webhook"), 0);
        finish_job(session, first->id);
        EXPECT_EQ(pending_jobs(session, "webhook"), 1U);
        EXPECT_EQ(pending_jobs(session, "other"), 0U);
        EXPECT_EQ(oldest_pending_ms(session, "other"), 0);
        EXPECT_FALSE(claim_job(session, "other", "one", seconds(1)));
    });
    EXPECT_FALSE(add("a"));  // also when it is done
    with([](Session& session) { EXPECT_EQ(sweep_jobs(session, now_ms() + 1000), 1U); });
    EXPECT_TRUE(add("a"));
}

TEST_P(Jobs, WaitForTheirTimeAndTheirLease) {
    add("later", {}, now_ms() + 60'000);
    EXPECT_EQ(claimed(), "");
    add("now");
    auto job = claim("one", milliseconds(0));
    ASSERT_TRUE(job);
    // The lease is over at once: whoever had it is taken for dead.
    job = claim("two");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->attempts, 2U);
    EXPECT_EQ(claimed("three"), "");
    with([&](Session& session) { retry_job(session, job->id, now_ms() + 60'000, "refused\nwith \x01"); });
    EXPECT_EQ(claimed(), "");
    with([&](Session& session) { retry_job(session, job->id, 0, "again"); });
    job = claim();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->attempts, 3U);
    EXPECT_EQ(job->last_error, "again");
    with([&](Session& session) { defer_job(session, job->id, 0, "busy"); });
    job = claim();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->attempts, 3U) << "what was put off was no attempt";
    EXPECT_EQ(job->last_error, "busy");
}

TEST_P(Jobs, AreMarkedByWhoeverHasThem) {
    add("a");
    const auto first = claim("one", milliseconds(0));
    ASSERT_TRUE(first);
    with([&](Session& session) { EXPECT_FALSE(mark_job(session, *first, "late")) << "its lease is over"; });
    const auto second = claim("two");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->last_error, "");
    with([&](Session& session) {
        EXPECT_FALSE(mark_job(session, *first, "not its turn any more"));
        EXPECT_FALSE(still_claimed(session, *first));
        EXPECT_TRUE(still_claimed(session, *second));
        EXPECT_TRUE(mark_job(session, *second, "2? placing"));
        session.run("UPDATE jobs SET lease_until_ms = 0");
    });
    const auto third = claim("three");
    ASSERT_TRUE(third);
    EXPECT_EQ(third->last_error, "2? placing");
    with([&](Session& session) {
        finish_job(session, third->id);
        EXPECT_FALSE(still_claimed(session, *third));
        EXPECT_FALSE(mark_job(session, *third, "done already"));
    });
}

TEST_P(Jobs, KeepTheirOrder) {
    for (const auto* key : {"a1", "a2", "b1"}) add(key, std::string(1, key[0]));
    add("free");
    const auto a1 = claim();
    ASSERT_TRUE(a1);
    EXPECT_EQ(a1->key, "a1");
    EXPECT_EQ(claimed(), "b1");
    EXPECT_EQ(claimed(), "free");
    EXPECT_EQ(claimed(), "");
    with([&](Session& session) { retry_job(session, a1->id, now_ms() + 60'000, "down"); });
    EXPECT_EQ(claimed(), "");  // a2 waits behind a1, however long
    with([&](Session& session) { bury_job(session, a1->id, "gave up"); });
    EXPECT_EQ(claimed(), "a2");
    with([&](Session& session) {
        const auto dead = dead_jobs(session, "webhook", 10);
        ASSERT_EQ(dead.size(), 1U);
        EXPECT_EQ(dead[0].key, "a1");
        EXPECT_EQ(dead[0].last_error, "gave up");
        EXPECT_TRUE(revive_job(session, dead[0].id));
        EXPECT_FALSE(revive_job(session, dead[0].id));
        EXPECT_TRUE(dead_jobs(session, "webhook", 10).empty());
    });
    const auto again = claim();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key, "a1");
    EXPECT_EQ(again->attempts, 1U);
}

TEST_P(Jobs, AreClaimedByOneOfMany) {
    constexpr int kAll = 40;
    for (int i = 0; i < kAll; ++i) add("job" + std::to_string(i), i % 4 == 0 ? "order" : "");
    std::mutex mutex;
    std::vector<std::string> done;
    std::vector<std::thread> threads;
    const auto until = Clock::now() + seconds(60);
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (;;) {
                const auto job = claim("instance" + std::to_string(t));
                {
                    const std::lock_guard lock(mutex);
                    if (job) done.push_back(job->key);
                    if (done.size() == kAll || Clock::now() > until) return;
                }
                if (job) database->transact([&](Session& session) { finish_job(session, job->id); });
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), done.size());
    EXPECT_EQ(done.size(), static_cast<std::size_t>(kAll));
    std::vector<std::string> in_order;
    for (const auto& key : done)
        if (std::stoi(key.substr(3)) % 4 == 0) in_order.push_back(key);
    ASSERT_EQ(in_order.size(), 10U);
    for (std::size_t i = 0; i < in_order.size(); ++i) EXPECT_EQ(in_order[i], "job" + std::to_string(i * 4));
}

TEST_P(Jobs, GoWithTheTransactionThatGaveTheReason) {
    EXPECT_THROW(database->transact([](Session& session) {
        add_job(session, {.kind = "webhook", .key = "a", .order = {}, .payload = "{}"});
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(claimed(), "");
}

TEST_P(Jobs, CheckpointsAreTheLastOfACall) {
    with([](Session& session) {
        save_checkpoint(session, "CA1", R"({"turn":1})", "one");
        save_checkpoint(session, "CA1", R"({"turn":2})", "two");
        EXPECT_THROW(save_checkpoint(session, "CA1", std::string(kLongestCheckpoint + 1, ' '), "one"), StoreError);
    });
    with([](Session& session) {
        const auto found = load_checkpoint(session, "CA1");
        ASSERT_TRUE(found);
        EXPECT_EQ(found->json, R"({"turn":2})");
        EXPECT_EQ(found->instance, "two");
        EXPECT_NEAR(static_cast<double>(found->saved_ms), static_cast<double>(now_ms()), 60'000);
        EXPECT_FALSE(load_checkpoint(session, "CA2"));
        session.run("UPDATE checkpoints SET expires_ms = 1");
        EXPECT_FALSE(load_checkpoint(session, "CA1"));
        EXPECT_EQ(sweep_checkpoints(session), 1U);
        save_checkpoint(session, "CA1", "{}", "one");
        drop_checkpoint(session, "CA1");
        EXPECT_FALSE(load_checkpoint(session, "CA1"));
    });
}

INSTANTIATE_ON_BOTH(Jobs);

}  // namespace
}  // namespace parley::store
