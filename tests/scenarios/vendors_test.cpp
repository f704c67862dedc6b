// Agents made of vendors' sockets, the vendors emulated in this process: real sockets, sound in tones that are heard exactly. What the caller
// heard, who said it, what the record says of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "parley/call/call_file.hpp"
#include "vendors_under_test.hpp"

namespace parley::scenarios {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOneTurn = R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: what are your opening hours
  - wait_for: {agent_silence: 700ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)";

void expect_identical_replay(const std::filesystem::path& file) {
    std::ifstream in(file);
    const auto result = call::replay_call_file(in);
    EXPECT_TRUE(result.identical) << result.error << "\n" << result.recorded << "\n" << result.replayed;
}

TEST(Vendors, HoldAConversation) {
    Vendors vendors({"deepgram", "openai", "openai-b", "elevenlabs", "cartesia"});
    GatewayUnderTest gateway(agent(vendors, kPipeline));
    const auto heard = call(gateway, vendors, kOneTurn);
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, testing::ElementsAre(kGreeting, kAnswer, kFarewell));
    EXPECT_EQ(heard.of("end_call").back()["reason"], "agent_completed");
    EXPECT_TRUE(gateway.events("provider.failover").empty());
    bool request = false;
    for (const auto& record : heard.vendors)
        request = request || (record["role"] == "llm" && record["vendor"] == "openai" && record.value("request_id", "").starts_with("req_"));
    EXPECT_TRUE(request) << "the vendor's request id stands in the call file";
    EXPECT_GE(gateway.metric("parley_provider_requests_total{role=\"llm\",provider=\"openai\",outcome=\"ok\"}"), 2);
    expect_identical_replay(heard.file);
}

TEST(Vendors, AModelThatRefusesOurKeyIsReplacedUnheard) {
    Vendors vendors({"deepgram", "openai", "openai-b", "elevenlabs", "cartesia"});
    sim::Fault refused;
    refused.status = 401;
    vendors.fault("openai", refused);
    GatewayUnderTest gateway(agent(vendors, kPipeline));
    const auto heard = call(gateway, vendors, kOneTurn);
    EXPECT_THAT(heard.phrases, testing::ElementsAre(kGreeting, kAnswer, kFarewell));
    EXPECT_EQ(gateway.events("provider.failover").size(), 1U) << "once: a wrong key is never tried again";
    EXPECT_EQ(gateway.metric("parley_provider_breaker_state{role=\"llm\",provider=\"openai\",state=\"open\"}"), 1);
}

TEST(Vendors, AVoiceThatBreaksOffIsFollowedFromTheLastWordHeard) {
    Vendors vendors({"deepgram", "openai", "openai-b", "elevenlabs", "cartesia"});
    sim::Fault stall;
    stall.stall_after = 1;  // a tenth of a second of sound, then nothing
    vendors.fault("elevenlabs", stall);
    GatewayUnderTest gateway(agent(vendors, kPipeline + "    failover: {tts_first: 700ms, tts_stall: 700ms}\n"));
    const auto heard = call(gateway, vendors, kOneTurn);
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, Contains(kFarewell));
    EXPECT_FALSE(gateway.events("provider.failover").empty());
    // What the model is told it said is what was heard, once.
    for (const auto& line : heard.of("agent_said")) {
        const auto text = line["heard"].get<std::string>();
        EXPECT_EQ(text.find("open"), text.rfind("open")) << text;
    }
    expect_identical_replay(heard.file);
}

TEST(Vendors, WithEveryModelDownThereIsAnApologyAndAnEnd) {
    Vendors vendors({"deepgram", "openai", "openai-b", "elevenlabs", "cartesia"});
    sim::Fault down;
    down.status = 503;
    vendors.fault("openai", down);
    vendors.fault("openai-b", down);
    GatewayUnderTest gateway(agent(vendors, kPipeline + "    conversation: {failures_max: 1, apology_text: i am sorry}\n"));
    const auto heard = call(gateway, vendors, R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: what are your opening hours
  - wait_for: {hangup: true, within: 15s}
)");
    EXPECT_EQ(heard.of("end_call").back()["reason"], "brain_failed");
    EXPECT_EQ(heard.of("agent_said").back()["kind"], "apology");
    // No storm: each of them was asked once and once more.
    EXPECT_LE(vendors.at("openai").counts().requests, 3U);
    EXPECT_LE(vendors.at("openai-b").counts().requests, 3U);
}

TEST(Vendors, ARecogniserThatDiesInAnUtteranceIsReplacedAndHearsAllOfIt) {
    Vendors vendors({"deepgram", "assemblyai", "openai", "openai-b", "elevenlabs", "cartesia"});
    sim::Fault half_open;
    half_open.half_open_after = 0;
    vendors.fault("deepgram", half_open);
    GatewayUnderTest gateway(
        agent(vendors,
              "    greeting: good day to you\n    stt: [deepgram, assemblyai]\n    lm: [openai]\n    tts: [elevenlabs]\n    failover: {stt_final: 700ms}\n"));
    const auto heard = call(gateway, vendors, kOneTurn);
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, Contains(kAnswer));
    ASSERT_FALSE(gateway.events("provider.failover").empty());
    EXPECT_EQ(gateway.events("provider.failover").front()["role"], "stt");
}

class SpeechToSpeech : public testing::TestWithParam<std::string> {};

TEST_P(SpeechToSpeech, HoldsAConversation) {
    Vendors vendors({GetParam()});
    auto lines = "    greeting: good day to you\n    s2s: [" + GetParam() + "]\n";
    auto setup = agent(vendors, lines);
    if (GetParam() == "elevenlabs") setup.more.replace(setup.more.find("model: \"\""), 9, "model: agent_1");
    GatewayUnderTest gateway(setup);
    const auto heard = call(gateway, vendors, kOneTurn);
    EXPECT_THAT(heard.report.failures, IsEmpty());
    EXPECT_THAT(heard.phrases, testing::ElementsAre(kGreeting, kAnswer, kFarewell));
    EXPECT_EQ(heard.of("end_call").back()["reason"], "agent_completed");
    std::vector<std::string> understood;
    for (const auto& line : heard.of("caller_said")) understood.push_back(line["text"]);
    EXPECT_THAT(understood, Contains(HasSubstr("opening hours")));
    expect_identical_replay(heard.file);
}

TEST_P(SpeechToSpeech, IsCutWhereTheCallerStoppedHearing) {
    Vendors vendors({GetParam()});
    auto setup = agent(vendors, "    greeting: good day to you\n    s2s: [" + GetParam() + "]\n");
    if (GetParam() == "elevenlabs") setup.more.replace(setup.more.find("model: \"\""), 9, "model: agent_1");
    GatewayUnderTest gateway(setup);
    const auto heard = call(gateway, vendors, R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: tell me everything
  - interrupt: {after: 1200ms, say: goodbye}
  - wait_for: {hangup: true, within: 15s}
)");
    EXPECT_THAT(heard.phrases, Contains(kFarewell));
    const auto barged = heard.of("barged_in");
    ASSERT_EQ(barged.size(), 1U);
    EXPECT_LT(barged[0]["heard"].get<std::string>().size(), 10 * std::string(kAnswer).size());
    EXPECT_GT(barged[0]["heard"].get<std::string>().size(), std::string(kAnswer).size());
    if (GetParam() == "openai") {
        // The vendor is told, and with no more than it has sent: the emulator refuses a number beyond that.
        std::vector<int> ends;
        for (const auto& message : vendors.at("openai").received()) {
            const auto parsed = json::parse(message, nullptr, false);
            if (parsed.is_object() && parsed.value("type", "") == "conversation.item.truncate") ends.push_back(parsed["audio_end_ms"].get<int>());
        }
        ASSERT_EQ(ends.size(), 1U);
        for (const auto& line : heard.of("agent_said"))
            if (line["interrupted"] == true) EXPECT_NEAR(ends[0], line["heard_for_us"].get<double>() / 1000, 1.0);
    }
}

INSTANTIATE_TEST_SUITE_P(each, SpeechToSpeech, testing::Values("openai", "deepgram", "gemini", "elevenlabs"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace parley::scenarios
