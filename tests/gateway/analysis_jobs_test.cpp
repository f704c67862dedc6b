// Which ends are looked back at, and that what was understood is there when the job says so.

#include "analysis_jobs.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include <nlohmann/json.hpp>

#include "fake_carrier.hpp"
#include "parley/analysis/analysis_settings.hpp"
#include "parley/store/analyses.hpp"
#include "parley/store/call_history.hpp"
#include "shut_store.hpp"
#include "telephony.hpp"

namespace parley::gateway {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using store::Fact;

class AnalysisJobsTest : public testing::Test {
protected:
    AnalysisJobsTest() {
        std::string form = (fs::temp_directory_path() / "parley-analysis-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        database = store::open_database({.url = Secret("sqlite:"), .data_dir = directory}, log, nullptr);
        behind.emplace(*database);
        behind->first = [this] {
            std::unique_lock lock(mutex);
            released.wait(lock, [this] { return !stalled; });
        };
        records = std::make_unique<store::CallRecords>(store::CallRecords::Settings{
            .database = &*behind, .instance = "one", .directory = (directory / "records").string(), .on_error = {}, .lease = 600ms});
        auto settings = std::make_shared<analysis::AnalysisSettings>();
        settings->enabled = true;
        auto agent = std::make_shared<call::Agent>();
        agent->name = "desk";
        agent->analysis = settings;
        auto made = std::make_shared<MadeAgent>();
        made->written.name = "desk";
        made->agent = agent;
        agents = std::make_shared<const Agents>(Agents(config, 1, {}), std::vector<std::shared_ptr<const MadeAgent>>{made});
        sealing.emplace(std::vector<Secret>{}, store::Dialect::sqlite, directory, log);
        telephony.emplace(Telephony{.config = config,
                                    .log = log,
                                    .metrics = metrics,
                                    .registry = registry,
                                    .records = *records,
                                    .services = services,
                                    .tokens = tokens,
                                    .routes = routes,
                                    .executor = loop.get_executor(),
                                    .http = http,
                                    .agents = [this] { return agents; },
                                    .worker = [] { return nullptr; },
                                    .database = *database,
                                    .sealing = *sealing,
                                    .credentials = credentials,
                                    .api = api,
                                    .fact_hooks = fact_hooks,
                                    .instance = instance});
        jobs.emplace(*telephony);
        store::FactHooks hooks;
        hooks.added.push_back([this](const store::FactEvent& event) {
            if (event.fact == Fact::analysis) ++understood;
        });
        hooks.kept.push_back([this](store::Session& session, const store::FactEvent& event) { jobs->kept(session, event); });
        records->hooks(std::move(hooks));
    }
    ~AnalysisJobsTest() override {
        stall(false);
        records.reset();
        jobs.reset();
        telephony.reset();
        database.reset();
        fs::remove_all(directory);
    }
    // The writer of facts stands still before its next transaction; everybody else has the store.
    void stall(bool still) {
        {
            const std::lock_guard lock(mutex);
            stalled = still;
        }
        released.notify_all();
    }
    void fact(Fact kind, const json& what) { EXPECT_TRUE(records->add("CA1", kind, what.dump())); }
    std::string state() {
        std::string found;
        database->transact([&](store::Session& session) {
            const auto known = store::analysis_state(session, "CA1");
            found = known ? known->state : "none";
        });
        return found;
    }
    bool in_record() {
        bool found = false;
        database->transact([&](store::Session& session) { found = json::parse(store::read_record(session, "CA1").value_or("{}")).contains("analysis"); });
        return found;
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
    net::Task<bool> closed() {
        co_await jobs->close();
        co_return true;
    }

    boost::asio::io_context loop;
    Log log;
    Metrics metrics{MetricsSettings{}};
    Config config;
    call::Registry registry{{}};
    call::DiskWriter disk{1U << 20U, {}};
    call::CallServices services{.log = log, .metrics = metrics, .registry = registry, .disk = disk, .recordings = {}, .call_files = {}};
    twilio::StreamTokens tokens{{{1, Secret(std::string(32, 'k'))}}};
    webhooks::TwilioWebhooks routes{
        {}, {.log = log, .metrics = metrics, .registry = registry, .tokens = tokens, .by_number = {}, .by_name = {}, .draining = {}, .signatures = {}}};
    net::HttpClient http{loop.get_executor()};
    std::optional<Sealing> sealing;
    CredentialBook credentials{log};
    admin::ApiTable api;
    store::FactHooks fact_hooks;
    std::string instance = "one";
    fs::path directory;
    std::unique_ptr<store::Database> database;
    std::optional<store::Gate> behind;
    std::mutex mutex;
    std::condition_variable released;
    bool stalled = false;
    std::unique_ptr<store::CallRecords> records;
    std::shared_ptr<const Agents> agents;
    std::optional<Telephony> telephony;
    std::optional<AnalysisJobs> jobs;
    std::atomic<int> understood{0};
};

TEST_F(AnalysisJobsTest, is_done_when_its_result_outlives_the_process) {
    fact(Fact::call, {{"direction", "in"}, {"from", "+14155550100"}, {"agent", "desk"}, {"live", true}});
    fact(Fact::turn, {{"who", "caller"}, {"text", "i want to book an appointment on tuesday"}});
    fact(Fact::end, {{"reason", "agent_completed"}, {"agent", "desk"}});
    records->flush();
    EXPECT_EQ(state(), "pending");
    stall(true);
    jobs->start();
    EXPECT_TRUE(until([&] { return understood > 0; }));
    // A moment in which it would be called done: killed now, the analysis would be lost for good.
    for (int i = 0; i < 20; ++i) {
        loop.run_for(10ms);
        EXPECT_EQ(state(), "pending");
    }
    EXPECT_FALSE(in_record());
    stall(false);
    EXPECT_TRUE(until([&] { return state() == "done"; }));
    EXPECT_TRUE(in_record());
    control::run(loop, closed());
}

TEST_F(AnalysisJobsTest, calls_that_were_lost_are_looked_back_at) {
    const auto of = [](const char* sid, const json& what) { return store::FactEvent{sid, Fact::call, what.dump(), store::now_ms()}; };
    database->transact([&](store::Session& session) {
        store::apply_fact(session, of("CA1", {{"agent", "desk"}, {"live", true}}), "gone");
        store::apply_fact(session, of("CA2", {{"live", true}}), "gone");
    });
    EXPECT_EQ(state(), "none");
    EXPECT_TRUE(until([&] { return state() == "pending"; }));
    // What only concludes asks for no second look.
    std::uint32_t run = 0;
    database->transact([&](store::Session& session) {
        const auto ends = session.run("SELECT json, at_ms FROM facts WHERE call_sid = 'CA1' AND kind = 'end'");
        jobs->kept(session, {"CA1", Fact::end, ends.at(0).text(0), ends.at(0).integer(1)});
        run = store::analysis_state(session, "CA1")->run;
        EXPECT_FALSE(store::analysis_state(session, "CA2")) << "nobody's";
    });
    EXPECT_EQ(run, 1U);
}

}  // namespace
}  // namespace parley::gateway
