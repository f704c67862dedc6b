// An agent over ConversationRelay: gateway and simulated carrier with the embedded voice and ear, judged by what the caller heard, by what the carrier
// knows was heard, and by the call's record.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "gateway_under_test.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "parley/store/call_records.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using sim::test::AppServer;
using sim::test::Seen;
using testing::HasSubstr;
using testing::StartsWith;

Sections relay_agent(const std::string& more = {}) {
    Sections setup;
    setup.agents = "  desk:\n    default: true\n    answer: relay\n    script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"\n" + more;
    return setup;
}

sim::CallReport call(const GatewayUnderTest& gateway, const std::string& scenario, const sim::RelayFaults& faults = {}) {
    auto options = gateway.carrier();
    options.voice = sim::make_embedded_voice();
    options.ear = sim::make_embedded_ear();
    options.compute_threads = 4;  // the ear must not keep the voice waiting
    options.relay_faults = faults;
    sim::SimCarrier carrier(options);
    return carrier.place_call(gateway.plan(sim::parse_scenario(scenario, "relay.yaml"))).report.get();
}

// The turns of a call's record, once there are so many.
std::vector<json> turns_of(const GatewayUnderTest& gateway, const std::string& call_sid, std::size_t least) {
    const store::CallRecords records({.directory = gateway.data().string(), .read_only = true});
    std::vector<json> turns;
    (void)eventually([&] {
        const auto text = records.read(call_sid);
        const auto record = json::parse(text.value_or("{}"), nullptr, false);
        turns = record.value("turns", std::vector<json>{});
        return turns.size() >= least;
    });
    return turns;
}

std::string letters(const std::string& text) {
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// The first pause reaches into the answer: a last syllable of the cut sentence must not count as one. Behind the transfer it rings, which is no silence.
constexpr const char* kTalk = R"(
name: relay
caller: {voice: rms}
steps:
  - interrupt: {after: 1500ms, say: where are you located}
  - pause: 2500ms
  - wait_for: {agent_silence: 1200ms}
  - expect:
      all: ["twelve harbour street"]
      distractors: ["ninety main street", "seven market square"]
  - dtmf: {keys: "1", in_band: false}
  - wait_for: {agent_silence: 1200ms}
  - expect:
      all: ["from nine until five"]
      distractors: ["from ten until eight", "twelve harbour street"]
  - say: i want to speak to a person
  - wait_for: agent_speech
  - pause: 6s
  - hangup
)";

TEST(ConversationRelaySlow, TalksIsInterruptedTakesKeysAndHandsTheCallOver) {
    const GatewayUnderTest gateway(relay_agent());
    const auto report = call(gateway, kTalk);
    for (const auto& failure : report.failures) ADD_FAILURE() << failure;
    for (const auto& note : report.notifications) ADD_FAILURE() << note.code << " " << note.text;
    ASSERT_EQ(report.relays.size(), 1U);
    const auto& relay = report.relays[0];
    EXPECT_EQ(relay.status, "ended");
    EXPECT_EQ(relay.invalid_messages, 0U);
    EXPECT_EQ(relay.tokens_after_interrupt, 0U) << "nothing of the old answer behind its interruption";
    EXPECT_EQ(relay.empty_cycles, 0U);
    ASSERT_GE(relay.cycles.size(), 4U);
    for (const auto& cycle : relay.cycles) EXPECT_TRUE(cycle.closed || cycle.interrupted) << cycle.text;
    EXPECT_TRUE(relay.cycles[0].interrupted);
    EXPECT_FALSE(relay.cycles[0].heard.empty());
    EXPECT_LT(relay.cycles[0].heard.size() + 20, relay.cycles[0].text.size());
    // Last words first, then the end, then the transfer.
    const auto& farewell = relay.cycles.back();
    EXPECT_THAT(farewell.text, HasSubstr("connect you with a colleague"));
    EXPECT_EQ(letters(farewell.heard), letters(farewell.text));
    const auto handoff = json::parse(relay.handoff, nullptr, false);
    EXPECT_EQ(handoff, (json{{"reasonCode", "transferred"}, {"reason", "the agent hands the call over"}, {"target", "+15550100"}}));
    const auto action = std::ranges::find_if(report.webhooks, [](const auto& one) { return one.url.find("/relayed") != std::string::npos; });
    ASSERT_NE(action, report.webhooks.end());
    EXPECT_THAT(action->document, HasSubstr("<Number>+15550100</Number>"));

    // What the record and the brain's memory say was heard is what was heard.
    const auto turns = turns_of(gateway, report.call_sid, 7);
    ASSERT_GE(turns.size(), 7U);
    EXPECT_EQ(turns[0]["who"], "agent");
    EXPECT_TRUE(turns[0].value("interrupted", false));
    EXPECT_EQ(letters(turns[0]["text"]), letters(relay.interruptions.at(0).heard));
    EXPECT_EQ(turns[1]["who"], "caller");
    EXPECT_EQ(turns[1]["text"], "where are you located");
    EXPECT_EQ(turns[2]["who"], "agent");
    EXPECT_THAT(turns[2]["text"].get<std::string>(), HasSubstr("twelve Harbour Street"));
    EXPECT_TRUE(std::ranges::any_of(turns, [](const json& turn) { return turn["who"] == "keys" && turn["text"] == "1"; }));
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    const auto ended = gateway.events("call.ended").at(0);
    EXPECT_EQ(ended["reason"], "transferred");
    EXPECT_EQ(ended["interruptions"], relay.interruptions.size());
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 0);
}

TEST(ConversationRelaySlow, ALostSocketIsOpenedAgainAndTheTalkGoesOn) {
    const GatewayUnderTest gateway(relay_agent());
    sim::RelayFaults faults;
    faults.drop_after = std::chrono::milliseconds(9000);
    faults.empty_prompts = faults.duplicated_prompts = faults.malformed_frames = faults.duration_as_text = true;
    const auto report = call(gateway, R"(
name: dropped
caller: {voice: rms}
steps:
  - interrupt: {after: 900ms, say: how much is a cleaning}
  - pause: 9s
  - wait_for: {agent_silence: 1500ms}
  - say: where are you located
  - wait_for: {agent_silence: 900ms}
  - expect:
      all: ["twelve harbour street"]
      distractors: ["ninety main street", "seven market square"]
  - say: goodbye
  - wait_for: hangup
)",
                             faults);
    for (const auto& failure : report.failures) ADD_FAILURE() << failure;
    ASSERT_EQ(report.relays.size(), 2U);
    EXPECT_EQ(report.relays[0].error, 64105);
    EXPECT_EQ(report.relays[1].status, "ended");
    EXPECT_EQ(report.relays[1].invalid_messages, 0U);
    ASSERT_FALSE(report.relays[1].cycles.empty());
    EXPECT_EQ(report.relays[1].cycles[0].text.find("Hello, this is"), std::string::npos)
        << "it does not greet as if nothing had been: " << report.relays[1].cycles[0].text;
    // Each prompt came twice and was answered once.
    for (const auto& relay : report.relays) EXPECT_LE(relay.cycles.size(), 4U);
    ASSERT_TRUE(eventually([&] { return gateway.events("call.ended").size() == 2; }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "carrier_lost");
    EXPECT_EQ(gateway.events("call.ended").at(1)["reason"], "agent_completed");
    EXPECT_EQ(gateway.events("call.started").at(1)["resume"], 1);
}

// --- the socket itself, without speech -----------------------------------------------------------------------------------------

TEST(ConversationRelay, TurnsAwayWhoeverHasNoTokenAndNobodyWithoutASignature) {
    const GatewayUnderTest gateway(relay_agent());
    auto options = gateway.carrier();
    options.speed = 10;
    {
        AppServer forged([](const Seen&) {
            return sim::test::twiml(std::string("<Connect action=\"https://") + kHost +
                                    "/webhooks/twilio/relayed?agent=desk&amp;resume=2\"><ConversationRelay url=\"wss://" + kHost +
                                    "/webhooks/twilio/relay\"><Parameter name=\"t\" value=\"forged\"/></ConversationRelay></Connect>");
        });
        sim::SimCarrier carrier(options);
        auto plan = gateway.plan();
        plan.voice_url = forged.url("/voice");
        const auto report = carrier.place_call(plan).report.get();
        EXPECT_EQ(report.relays.at(0).error, 64105);
        EXPECT_EQ(report.relays.at(0).close_code, 1008);
        EXPECT_GE(gateway.events("security.stream_token").size(), 1U);
        // No resume is left: an apology and the end.
        EXPECT_THAT(report.webhooks.back().document, HasSubstr("<Say>We are sorry"));
    }
    options.stream_signature = sim::SignatureMode::missing;
    sim::SimCarrier carrier(options);
    auto plan = gateway.plan();
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.relays.at(0).error, 64102);
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 0);
    EXPECT_EQ(gateway.metric("parley_stream_rejected_total{reason=\"signature\"}"), report.relays.size());
}

TEST(ConversationRelay, ASilentCallerIsRemindedAndLeftInTheEnd) {
    const GatewayUnderTest gateway(relay_agent("    relay: {welcome: \"Hello from Twilio.\"}\n    conversation: {idle_after: 1s, idle_prompts: 1}\n"));
    auto options = gateway.carrier();
    options.speed = 10;
    sim::SimCarrier carrier(options);
    auto plan = gateway.plan();
    const auto report = carrier.place_call(plan).report.get();
    const auto& relay = report.relays.at(0);
    ASSERT_EQ(relay.cycles.size(), 3U);
    EXPECT_EQ(relay.cycles[0].heard, "Hello from Twilio.");
    EXPECT_THAT(relay.cycles[1].heard, StartsWith("Are you still there"));
    EXPECT_THAT(relay.cycles[2].heard, HasSubstr("hang up now"));
    EXPECT_EQ(json::parse(relay.handoff)["reasonCode"], "silence");
    EXPECT_THAT(report.webhooks.back().document, HasSubstr("<Hangup"));
    const auto turns = turns_of(gateway, report.call_sid, 3);
    ASSERT_EQ(turns.size(), 3U);
    EXPECT_EQ(turns[0]["text"], "Hello from Twilio.") << "spoken by Twilio, remembered here";
}

}  // namespace
}  // namespace parley::scenarios
