// What ends a call whose time, tokens or money are used up, and that the caller hears of it: with vendors' sockets, with a bot and with the echo.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/base64.hpp"
#include "sounds.hpp"
#include "vendors_under_test.hpp"

namespace parley::scenarios {
namespace {

using sim::test::AppServer;
using sim::test::Seen;
using sim::test::StreamPeer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kWarning = "one moment please";
constexpr const char* kSaidAtTheEnd = "i am sorry";

// What is said before the end and at it, in words that are heard exactly.
const std::string kWords = "    conversation: {max_duration_warning_text: one moment please, max_duration_text: i am sorry}\n";
const std::string kRealtime = "    greeting: good day to you\n    s2s: [openai]\n    tts: [cartesia]\n" + kWords;

Sections with_admin(Sections setup, const std::string& more = {}) {
    setup.server += std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.more += more;
    return setup;
}
json api(GatewayUnderTest& gateway, const std::string& path) {
    const auto raw = http(gateway.gateway().admin_port(), "GET", path, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}});
    return json::parse(raw.body, nullptr, false);
}
// The row and the details of the only call, when its vendors' use has been billed.
json billed(GatewayUnderTest& gateway, const std::string& sid, const std::string& role) {
    json detail;
    EXPECT_TRUE(eventually([&] {
        const auto page = api(gateway, "/v1/history?callsid=" + sid);
        if (!page.is_object() || page["calls"].empty()) return false;
        detail = api(gateway, "/v1/history/" + page["calls"][0]["messageguid"].get<std::string>());
        for (const auto& entry : detail["usage"])
            if (entry["role"] == role) return true;
        return false;
    })) << detail.dump();
    return detail;
}

const std::string kAsksAndWaits = R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: what are your opening hours
  - wait_for: {hangup: true, within: 15s}
)";

TEST(Budgets, TokensOfASpeechToSpeechCallEndItWithWords) {
    Vendors vendors({"openai", "cartesia"});
    GatewayUnderTest gateway(with_admin(agent(vendors, kRealtime + "    policy: {warn_before: 2s, call: {tokens: 90}}\n")));
    const auto heard = call(gateway, vendors, kAsksAndWaits);
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, ElementsAre(kGreeting, kAnswer, kWarning, kSaidAtTheEnd));
    EXPECT_EQ(heard.of("end_call").back()["reason"], "max_duration");
    const auto reached = gateway.events("policy.budget_reached");
    ASSERT_EQ(reached.size(), 1U);
    EXPECT_EQ(reached[0]["what"], "tokens");
    // The whole of it is billed, and once.
    const auto detail = billed(gateway, heard.report.call_sid, "realtime");
    double tokens = 0;
    for (const auto& entry : detail["usage"])
        if (entry["role"] == "realtime") tokens += entry["input_tokens"].get<double>() + entry["output_tokens"].get<double>();
    double told = 0;
    for (const auto& record : heard.vendors)
        if (record["role"] == "realtime") told += record["input_tokens"].get<double>() + record["output_tokens"].get<double>();
    EXPECT_GE(tokens, 90);
    EXPECT_EQ(tokens, told);
    EXPECT_EQ(detail["endReason"], "max_duration");
}

TEST(Budgets, MinutesOfARecogniserAreMoneyWhileTheyRun) {
    Vendors vendors({"deepgram", "openai", "openai-b", "elevenlabs", "cartesia"});
    GatewayUnderTest gateway(with_admin(
        agent(vendors, kPipeline + kWords + "    policy: {warn_before: 2s, call: {money: 0.3}}\n    analysis: {enabled: true, models: [openai-b]}\n"),
        "fleet: {prices: [{vendor: deepgram, per_minute: 6}, {vendor: openai-b, input_per_million: 1000, output_per_million: 1000}]}\n"));
    const auto heard = call(gateway, vendors, "steps:\n  - wait_for: {hangup: true, within: 15s}\n");
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, testing::IsSupersetOf({kGreeting, kWarning, kSaidAtTheEnd}));
    EXPECT_EQ(heard.of("end_call").back()["reason"], "max_duration");
    ASSERT_EQ(gateway.events("policy.budget_reached").size(), 1U);
    EXPECT_EQ(gateway.events("policy.budget_reached")[0]["what"], "money");
    // The model that looked back at the call stands in its bill too: nobody else asked this one.
    json detail;
    EXPECT_TRUE(eventually([&] {
        detail = billed(gateway, heard.report.call_sid, "stt");
        for (const auto& entry : detail["usage"])
            if (entry["vendor"] == "openai-b" && entry["role"] == "llm" && entry["cost"].get<double>() > 0) return true;
        return false;
    })) << detail.dump();
    double sum = 0;
    for (const auto& entry : detail["usage"]) sum += entry["cost"].get<double>();
    EXPECT_NEAR(detail["cost"]["USD"].get<double>(), sum, 1e-6);
    EXPECT_GT(sum, 0.3);
    json usage;
    EXPECT_TRUE(eventually([&] {
        usage = api(gateway, "/v1/usage?agent=desk");
        return usage.is_object() && std::abs(usage["total"]["money"].get<double>() - sum) < 1e-5;
    })) << usage.dump()
        << " " << sum;
    EXPECT_EQ(usage["total"]["calls"], 1);
}

TEST(Budgets, TimeOfASpeechToSpeechCallEndsItWithWords) {
    Vendors vendors({"openai", "cartesia"});
    GatewayUnderTest gateway(with_admin(agent(vendors, kRealtime + "    policy: {warn_before: 2s, call: {time: 5s}}\n")));
    const auto heard = call(gateway, vendors, "steps:\n  - wait_for: {hangup: true, within: 15s}\n");
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, ElementsAre(kGreeting, kWarning, kSaidAtTheEnd));
    EXPECT_EQ(heard.of("end_call").back()["reason"], "max_duration");
}

std::vector<std::string> said_by_carrier(const sim::CallReport& report) {
    std::vector<std::string> out;
    for (const auto& line : report.transcript)
        if (line.who == sim::TranscriptLine::Who::carrier) out.push_back(line.text);
    return out;
}
sim::CallReport call_without_words(const GatewayUnderTest& gateway) {
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    return carrier.place_call(gateway.plan(steps({until_hangup()}))).report.get();
}

// Neither has a voice of its own in the stream: the words come behind it.
TEST(Budgets, ABotsCallIsEndedByItsMoneyAndByItsTimeWithWords) {
    AppServer bot([](const Seen&) { return sim::test::reply("", "text/plain", 404); },
                  [](StreamPeer& peer) {
                      peer.start();
                      while (!peer.read_until("stop").is_null()) {
                      }
                  });
    for (const std::string limit : {"max_call: 2s", "policy: {warn_before: 1s, call: {money: 1}}"}) {
        Sections setup;
        setup.agents = "  desk:\n    default: true\n    brain: bot\n    bot: \"" + bot.url("/bot", "ws") +
                       "\"\n    conversation: {max_duration_text: i am sorry}\n    " + limit + "\n";
        GatewayUnderTest gateway(with_admin(std::move(setup), "fleet: {call_per_minute: 60}\n"));
        const auto report = call_without_words(gateway);
        EXPECT_TRUE(report.passed()) << limit << ": " << report.failures.front();
        EXPECT_THAT(said_by_carrier(report), ElementsAre(kSaidAtTheEnd)) << limit;
        ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
        EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "max_duration") << limit;
        EXPECT_EQ(gateway.events("policy.budget_reached").size(), limit.starts_with("policy") ? 1U : 0U);
    }
}

TEST(Budgets, AnEchosCallIsEndedByItsMoneyWithWords) {
    Sections setup;
    setup.agents = "  desk: {default: true, brain: echo, conversation: {max_duration_text: i am sorry}, policy: {warn_before: 1s, call: {money: 1}}}\n";
    GatewayUnderTest gateway(with_admin(std::move(setup), "fleet: {call_per_minute: 60}\n"));
    const auto report = call_without_words(gateway);
    EXPECT_TRUE(report.passed()) << report.failures.front();
    EXPECT_THAT(said_by_carrier(report), ElementsAre(kSaidAtTheEnd));
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "max_duration");
}

}  // namespace
}  // namespace parley::scenarios
