// A promised call is placed once: not twice because nobody knows, and not never because the store was slow.

#include "callback_jobs.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "fake_carrier.hpp"
#include "late_store.hpp"
#include "parley/net/errands.hpp"
#include "parley/store/callbacks.hpp"

namespace parley::gateway {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class CallbackJobsTest : public testing::Test {
protected:
    CallbackJobsTest() {
        std::string form = (fs::temp_directory_path() / "parley-callbacks-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        database = store::open_database({.url = Secret("sqlite:"), .data_dir = directory}, log, nullptr);
        late.emplace(*database);
        limits.enabled = true;
        limits.calls_per_second = 1000;
        limits.calls_per_minute = 1000;
        limits.per_destination_per_hour = 100;
        limits.allowed_prefixes = {"+49"};
        guard.set(limits);
        control::Outbound::Settings settings;
        settings.public_url = "https://voice.example.test";
        settings.from = "+4930999999";
        outbound.emplace(settings, control::Outbound::Services{.log = log,
                                                               .metrics = metrics,
                                                               .registry = registry,
                                                               .carrier = carrier,
                                                               .guard = guard,
                                                               .guard_mutex = guard_mutex,
                                                               .records = nullptr,
                                                               .errands = errands,
                                                               .agent_exists = [](std::string_view) { return true; },
                                                               .drop_text = [](std::string_view) { return std::string(); }});
        database->transact(
            [](store::Session& session) { (void)store::add_callback(session, {"key", "front", "CA1", "+4930123456", "", "the invoice", store::now_ms()}); });
    }
    ~CallbackJobsTest() override {
        end();
        late.reset();
        database.reset();
        fs::remove_all(directory);
    }
    // `pause`: before a question that was not answered is asked again.
    void start(std::chrono::milliseconds pause = 5ms) {
        errands.start(CallbackJobs::run({.database = *late,
                                         .outbound = *outbound,
                                         .log = log,
                                         .instance = "one",
                                         .look = 5ms,
                                         .within = 300ms,
                                         .pause = pause,
                                         .lease = 2s,
                                         .again = 5ms}));
    }
    void end() { control::run(loop, ended()); }
    net::Task<bool> ended() {
        co_await errands.end();
        co_return true;
    }
    bool until(const std::function<bool()>& holds) {
        for (const auto last = Clock::now() + 20s; Clock::now() < last;) {
            if (holds()) return true;
            loop.restart();
            loop.run_for(5ms);
            std::this_thread::sleep_for(1ms);
        }
        return false;
    }
    // 0: to be done, 1: done, 2: dead; and what was said of it last.
    std::pair<std::int64_t, std::string> job() {
        std::pair<std::int64_t, std::string> found;
        database->transact([&](store::Session& session) {
            const auto rows = session.run("SELECT state, last_error FROM jobs");
            found = {rows.at(0).integer(0), rows.at(0).text(1)};
        });
        return found;
    }
    // Another process had it, and is gone. `dials`: it had said that it would.
    void lost_attempt(bool dials) {
        database->transact([&](store::Session& session) {
            auto claimed = store::claim_job(session, store::kCallbackJob, "gone", 1s);
            ASSERT_TRUE(claimed);
            if (dials) {
                EXPECT_TRUE(store::mark_job(session, *claimed, std::to_string(claimed->attempts) + "? placing"));
            }
            session.run("UPDATE jobs SET lease_until_ms = 0");
        });
    }

    boost::asio::io_context loop;
    Log log;
    Metrics metrics{MetricsSettings{}};
    call::Registry registry{{}};
    control::FakeCarrier carrier;
    control::DialLimits limits;
    control::DialGuard guard{control::DialLimits{}};
    std::mutex guard_mutex;
    net::Errands errands{loop.get_executor(), log};
    fs::path directory;
    std::unique_ptr<store::Database> database;
    std::optional<LateStore> late;
    std::optional<control::Outbound> outbound;
};

TEST_F(CallbackJobsTest, a_claim_that_nobody_heard_of_is_no_call) {
    lost_attempt(false);
    start();
    EXPECT_TRUE(until([&] { return job().first == 1; })) << job().second;
    EXPECT_EQ(carrier.created.size(), 1U);
}

TEST_F(CallbackJobsTest, an_attempt_that_may_have_dialled_is_the_last) {
    lost_attempt(true);
    lost_attempt(false);  // says nothing about the one before
    start();
    EXPECT_TRUE(until([&] { return job().first != 0; }));
    EXPECT_EQ(job().first, 2);
    EXPECT_EQ(job().second, "nobody knows whether it was placed");
    EXPECT_TRUE(carrier.created.empty());
}

TEST_F(CallbackJobsTest, nobody_dials_whose_intention_may_not_be_written) {
    late->late = {2};  // behind the claim
    start(1s);
    EXPECT_TRUE(until([&] { return !job().second.empty(); }));
    EXPECT_TRUE(job().second.starts_with("1: ")) << job().second;
    late->let_through();  // too late: it is nobody's intention any more
    EXPECT_TRUE(until([&] { return job().first == 1; })) << job().second;
    EXPECT_EQ(carrier.created.size(), 1U);
}

TEST_F(CallbackJobsTest, what_was_refused_is_tried_again_also_when_that_is_hard_to_write) {
    limits.enabled = false;
    guard.set(limits);
    late->late = {3};  // behind claim and intention
    start();
    EXPECT_TRUE(until([&] { return late->held() == 1 && late->asked > 3; }));
    limits.enabled = true;
    guard.set(limits);
    EXPECT_TRUE(until([&] { return job().first == 1; })) << job().second;
    EXPECT_EQ(carrier.created.size(), 1U);
    late->let_through();  // long after: it changes nothing of what is done
    EXPECT_EQ(job().first, 1);
}

TEST_F(CallbackJobsTest, what_became_of_it_is_written_when_everything_stops) {
    late->late = {3};  // its end is on its way when that is
    start();
    EXPECT_TRUE(until([&] { return late->held() == 1; }));
    EXPECT_EQ(carrier.created.size(), 1U);
    end();
    for (const auto last = Clock::now() + 20s; Clock::now() < last && job().first == 0;) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(job().first, 1);
}

}  // namespace
}  // namespace parley::gateway
