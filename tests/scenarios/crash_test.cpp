// kill -9 at random moments under load, again and again on the same store: afterwards each call has exactly one final record, the store is sound, and nothing
// that must not be there is in any log. On PostgreSQL the server lives on. CRASH_ROUNDS sets how often (scripts/crash: 50).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "gateway_process.hpp"
#include "parley/sim/identifiers.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

constexpr std::size_t kAtOnce = 8;

class CrashSlow : public OnEachStore {};

TEST_P(CrashSlow, EveryCallHasOneFinalRecordHoweverOftenTheProcessIsKilled) {
    const char* wanted = std::getenv("CRASH_ROUNDS");
    const int rounds = wanted == nullptr ? 3 : std::max(1, std::atoi(wanted));
    std::string pattern = testing::TempDir() + "parley_crash_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    const std::filesystem::path folder(pattern);
    GatewayProcess gateway(folder, "gateway", "log: {level: debug}\n" + store(),
                           "  desk: {default: true, brain: echo}\n  spoken: {numbers: [\"+18005550000\"], script: \"" PARLEY_SOURCE_DIR
                           "/config/scripts/receptionist.yaml\"}\n");

    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", gateway.port()};
    options.voice = std::make_shared<SoundVoice>();
    options.keep_sound = false;
    options.threads = 2;
    options.kept_reports = 16;
    sim::SimCarrier carrier(options);
    std::mt19937 random(7);
    std::vector<std::future<sim::CallReport>> running;
    std::vector<std::string> answered;   // by the gateway, as the carrier knows
    std::map<std::string, int> streams;  // that were opened in each call
    std::size_t placed = 0, failed = 0;
    const auto keep = [&](sim::CallReport report) {
        const bool known = std::any_of(report.webhooks.begin(), report.webhooks.end(),
                                       [](const auto& w) { return w.status == 200 && w.url.find("/voice") != std::string::npos; });
        if (known) answered.push_back(report.call_sid);
        streams[report.call_sid] = static_cast<int>(report.streams.size());
        if (report.status != "completed" || report.ended_by == "error") ++failed;
    };
    const auto place = [&] {
        sim::CallPlan plan;
        plan.to = placed % 4 == 3 ? "+18005550000" : kNumber;
        plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
        plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
        plan.scenario =
            steps({pause(static_cast<unsigned>(200U + random() % 1500U)), say("noise " + std::to_string(placed % 1000) + " 400"), pause(300), hang_up()});
        ++placed;
        running.push_back(std::move(carrier.place_call(plan).report));
    };
    const auto gather = [&] {
        for (std::size_t i = 0; i < running.size();) {
            if (running[i].wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
                ++i;
                continue;
            }
            keep(running[i].get());
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
        }
    };
    for (int round = 0; round < rounds; ++round) {
        const auto until = Clock::now() + std::chrono::milliseconds(300 + random() % 2500);
        while (Clock::now() < until) {
            gather();
            if (running.size() < kAtOnce) place();
            std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 40));
        }
        gateway.kill();
        gateway.start();
    }
    for (const auto until = Clock::now() + std::chrono::seconds(40); !running.empty() && Clock::now() < until;) {
        gather();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(running.empty());
    std::printf("%s: %d times killed; %zu calls placed, %zu answered, %zu of them cut\n", GetParam().c_str(), rounds, placed, answered.size(), failed);
    ASSERT_GT(answered.size(), 0U);

    // What the killed ones left is brought to its end when their leases have run out, and streams that did not come are not awaited any more.
    std::map<std::string, std::vector<nlohmann::json>> records;
    const auto is_final = [](const nlohmann::json& call) { return call.value("final", false) && call.value("endedAt", nlohmann::json()).is_string(); };
    const auto all_final = [&] {
        records.clear();
        std::string cursor;
        for (int page = 0; page < 100; ++page) {
            const auto list = gateway.get("/v1/history?limit=200" + (cursor.empty() ? std::string() : "&cursor=" + cursor));
            if (!list.is_object() || !list.contains("calls")) return false;
            for (const auto& call : list["calls"]) records[call.value("callsid", "")].push_back(call);
            const auto next = list.value("nextCursor", nlohmann::json());
            if (!next.is_string()) break;
            cursor = next.get<std::string>();
        }
        return std::all_of(answered.begin(), answered.end(), [&](const auto& sid) {
            const auto found = records.find(sid);
            return found != records.end() && found->second.size() == 1 && is_final(found->second.front());
        });
    };
    EXPECT_TRUE(eventually(all_final, std::chrono::seconds(75)));
    std::size_t none = 0, several = 0, open = 0;
    for (const auto& sid : answered) {
        const auto found = records.find(sid);
        if (found == records.end())
            ++none;
        else if (found->second.size() > 1)
            ++several;
        else if (!is_final(found->second.front()))
            ++open;
    }
    std::printf("records: %zu; calls without one: %zu, with several: %zu, not final: %zu\n", records.size(), none, several, open);
    EXPECT_EQ(none, 0U);
    EXPECT_EQ(several, 0U);
    EXPECT_EQ(open, 0U);
    gateway.end();
    // Told once, by its stream or by whoever found it orphaned. A stream that was lost and opened again has an end of its own each time;
    // what closes a record is one more.
    std::map<std::string, std::int64_t> ends;
    for (const auto& row : store_.rows(folder, "SELECT call_sid, COUNT(*) FROM facts WHERE kind = 'end' AND fact_id NOT LIKE 'over-%' GROUP BY call_sid"))
        ends[row.text(0)] = row.integer(1);
    std::size_t told_twice = 0;
    for (const auto& [sid, count] : ends)
        if (count > std::max(1, streams[sid])) ++told_twice;
    std::printf("calls whose end was told: %zu, more than once: %zu\n", ends.size(), told_twice);
    EXPECT_EQ(told_twice, 0U);
    EXPECT_EQ(store_.open(folder)->check(), "");
    const auto printed = gateway.printed();
    EXPECT_EQ(printed.find(kToken), std::string::npos);
    EXPECT_EQ(printed.find(kAdminToken), std::string::npos);
    EXPECT_EQ(printed.find("opening hours"), std::string::npos) << "words of a conversation are in the log";
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

ON_EACH_STORE(CrashSlow);

}  // namespace
}  // namespace parley::scenarios
