// Two gateways as processes of their own on one PostgreSQL, behind a real HAProxy that gives each request to the next of them: whatever a call needs, any
// instance has it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "balancer.hpp"
#include "gateway_process.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/sim/signature.hpp"
#include "postgres_server.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using testing::HasSubstr;

struct Folder {
    Folder() {
        std::string pattern = testing::TempDir() + "parley_fleet_XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
};

std::string on(const test::PostgresDatabase& database, const std::string& more = {}) {
    return "store:\n  url: \"" + database.url() + "\"\n  seal_keys: [\"" + std::string(64, 'a') + "\"]\n" + more;
}

HttpAnswer arrive(std::uint16_t port, const std::string& sid) {
    const std::string target = "/webhooks/twilio/voice";
    const auto form = call_form(sid);
    return http(port, "POST", target,
                {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                 {"X-Twilio-Signature", sim::sign(kToken, std::string("https://") + kHost + target, form)}},
                sim::encode_form(form));
}

// The webhook comes to the first, the stream to the second, the tail to the first again, which has to know there that the agent had said goodbye.
TEST(FleetOnPostgres, AnyInstanceServesWhateverACallNeeds) {
    const test::PostgresDatabase database;
    const Folder folder;
    const std::string agents = "  desk: {default: true, script: \"" PARLEY_SOURCE_DIR
                               "/config/scripts/receptionist.yaml\", greeting: \"Hello.\", conversation: {idle_after: 1s, idle_prompts: 0}}\n";
    GatewayProcess first(folder.path / "one", "one", on(database), agents), second(folder.path / "two", "two", on(database), agents);
    const Haproxy balancer({first.port(), second.port()});
    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", balancer.port()};
    sim::SimCarrier carrier(options);
    sim::CallPlan plan;
    plan.to = kNumber;
    plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
    plan.scenario = steps({pause(15000), hang_up()});
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.status, "completed");
    EXPECT_EQ(report.streams.size(), 1U) << "the tail's instance did not know that the call had ended";
    EXPECT_NE(report.ended_by, "caller");
    EXPECT_EQ(first.count("webhook.answered") + second.count("webhook.answered"), 1U);
    EXPECT_EQ(first.count("call.started") + second.count("call.started"), 1U);
    const auto& webhook_side = first.count("webhook.answered") == 1 ? first : second;
    EXPECT_EQ(webhook_side.count("call.started"), 0U) << "the balancer gave both to one instance: nothing is shown";
    // One list, whoever is asked.
    for (const auto* gateway : {&first, &second}) {
        nlohmann::json list;
        EXPECT_TRUE(eventually([&] {
            list = gateway->get("/v1/history");
            return list.is_object() && list.contains("calls") && list["calls"].size() == 1 && list["calls"][0].value("status", "") == "realtime_session";
        })) << list.dump();
    }
    first.end();
    second.end();
}

// Of 200 callers at the same moment exactly ten come in.
TEST(FleetOnPostgres, ACapIsExact) {
    const test::PostgresDatabase database;
    const Folder folder;
    const std::string agents = "  desk: {default: true, brain: echo}\n";
    const auto more = on(database, "fleet: {max_calls: 10}\n");
    GatewayProcess first(folder.path / "one", "one", more, agents), second(folder.path / "two", "two", more, agents);
    const Haproxy balancer({first.port(), second.port()});
    std::atomic<int> in{0}, busy{0}, other{0}, next{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 12; ++t)
        callers.emplace_back([&] {
            while (next.fetch_add(1) < 200) {
                const auto answer = arrive(balancer.port(), sim::make_sid("CA"));
                if (answer.status == 200 && answer.body.find("<Stream") != std::string::npos)
                    ++in;
                else if (answer.status == 200 && answer.body.find("busy") != std::string::npos)
                    ++busy;
                else
                    ++other;
            }
        });
    for (auto& caller : callers) caller.join();
    // Whoever waits too long for the store decides alone, by its share.
    EXPECT_EQ(first.count("policy.alone") + second.count("policy.alone"), 0U);
    EXPECT_EQ(in, 10);
    EXPECT_EQ(busy, 190);
    EXPECT_EQ(other, 0);
    EXPECT_GT(first.count("webhook.answered"), 0U);
    EXPECT_GT(second.count("webhook.answered"), 0U);
    first.end();
    second.end();
}

// The instance that has a call is killed: the other one takes it up where the conversation stood.
TEST(FleetOnPostgres, AKilledInstancesCallGoesOnElsewhere) {
    const test::PostgresDatabase database;
    const Folder folder;
    const std::string agents = "  desk: {default: true, script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"}\n";
    GatewayProcess first(folder.path / "one", "one", on(database), agents), second(folder.path / "two", "two", on(database), agents);
    const Haproxy balancer({first.port(), second.port()});
    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", balancer.port()};
    options.voice = sim::make_embedded_voice();
    sim::SimCarrier carrier(options);
    sim::CallPlan plan;
    plan.to = kNumber;
    plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
    plan.scenario = steps({pause(18000), hang_up()});
    auto placed = carrier.place_call(plan);
    ASSERT_TRUE(eventually([&] { return first.count("call.started") + second.count("call.started") == 1; }));
    auto& owner = first.count("call.started") == 1 ? first : second;
    auto& other = first.count("call.started") == 1 ? second : first;
    // The greeting has been said, and written down.
    std::this_thread::sleep_for(std::chrono::milliseconds(6500));
    owner.kill();
    const auto report = placed.report.get();
    ASSERT_EQ(report.streams.size(), 2U);
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_EQ(other.count("call.recalled"), 1U);
    EXPECT_EQ(other.count("call.started"), 1U);
    // One record of it, and it is final.
    nlohmann::json list;
    EXPECT_TRUE(eventually([&] {
        list = other.get("/v1/history");
        return list.is_object() && list.contains("calls") && list["calls"].size() == 1 && list["calls"][0].value("status", "") == "realtime_session";
    })) << list.dump();
    other.end();
}

}  // namespace
}  // namespace parley::scenarios
