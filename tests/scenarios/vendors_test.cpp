// Agents made of vendors' sockets, the vendors emulated in this process: real sockets, sound in tones that are heard exactly. What the caller
// heard, who said it, what the record says of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway_under_test.hpp"
#include "parley/call/call_file.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGreeting = "good day to you";
constexpr const char* kQuestion = "what are your opening hours";
constexpr const char* kAnswer = "we are open from nine until five";
constexpr const char* kLongQuestion = "tell me everything";
constexpr const char* kBye = "goodbye";
constexpr const char* kFarewell = "thank you for calling";

// Vendors by name, one world behind all of them: what the caller may say and what is answered.
class Vendors {
public:
    explicit Vendors(const std::vector<std::string>& names) {
        alphabet_ = std::make_shared<sim::ToneAlphabet>(std::vector<std::string>{kGreeting, kQuestion, kLongQuestion, kAnswer, kBye, kFarewell, "one moment please", "i am sorry"});
        sim::WorldSettings settings;
        settings.phrases = {kQuestion, kLongQuestion, kBye};
        sim::MindRule greeting, hours, bye, after, everything;
        everything.words = {"everything"};
        for (int i = 0; i < 10; ++i) everything.say += std::string(i == 0 ? "" : " ") + kAnswer + ".";
        greeting.greeting = true;
        greeting.say = kGreeting;
        hours.words = {"hours"};
        hours.say = kAnswer;
        bye.words = {"goodbye"};
        bye.say = kFarewell;
        bye.tool = "end_call";
        bye.arguments = R"({"farewell":"thank you for calling"})";
        after.tool_result = "end_call";
        settings.rules = {greeting, bye, after, hours, everything};
        settings.fallback = "i am sorry";
        settings.tones = true;
        settings.endpointing = 300ms;
        settings.recognition = 60ms;
        settings.first_token = 60ms;
        settings.token = 2ms;
        settings.first_audio = 40ms;
        world_ = std::make_shared<sim::EmulatorWorld>(settings, alphabet_, alphabet_);
        for (const auto& name : names)
            for (const auto& entry : sim::vendor_emulators())
                if (entry.name == name.substr(0, name.find('-'))) hosts_[name] = std::make_unique<sim::VendorHost>(entry.make(world_), world_);
    }
    sim::VendorHost& at(const std::string& name) { return *hosts_.at(name); }
    void fault(const std::string& name, sim::Fault fault, const std::string& path = {}) {
        sim::FaultRule rule;
        rule.path = path;
        rule.fault = std::move(fault);
        at(name).script({rule});
    }
    [[nodiscard]] std::string section() const {
        std::string text = "call_files: {enabled: true, retain_days: 1, directory: calls, frames: full}\nvendors:\n";
        for (const auto& [name, host] : hosts_) {
            const auto vendor = name.substr(0, name.find('-'));
            text += "  " + name + ": {vendor: " + vendor + ", base_url: \"" + host->url() + "\", key: sim-key, model: " + (vendor == "openai" ? "m" : "\"\"") + ", voice: " + (vendor == "elevenlabs" || vendor == "cartesia" ? "v" : "\"\"") + "}\n";
        }
        return text;
    }
    [[nodiscard]] const std::shared_ptr<sim::ToneAlphabet>& alphabet() const { return alphabet_; }

private:
    std::shared_ptr<sim::ToneAlphabet> alphabet_;
    std::shared_ptr<sim::EmulatorWorld> world_;
    std::map<std::string, std::unique_ptr<sim::VendorHost>> hosts_;
};

Sections agent(const Vendors& vendors, const std::string& lines) {
    Sections setup;
    setup.more = vendors.section();
    setup.agents = "  desk:\n    default: true\n    brain: vendors\n" + lines;
    return setup;
}
const std::string kPipeline = "    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai, openai-b]\n    tts: [elevenlabs, cartesia]\n";

struct Heard {
    sim::CallReport report;
    std::vector<std::string> phrases;  // in the order heard
    std::vector<json> in, out, vendors;
    std::filesystem::path file;
    [[nodiscard]] std::vector<json> of(const std::string& type) const {
        std::vector<json> found;
        for (const auto& command : out)
            if (command["type"] == type) found.push_back(command);
        return found;
    }
};

Heard call(const GatewayUnderTest& gateway, const Vendors& vendors, const std::string& scenario) {
    auto options = gateway.carrier();
    options.voice = vendors.alphabet();
    options.ear = vendors.alphabet();
    sim::SimCarrier carrier(options);
    Heard heard;
    heard.report = carrier.place_call(gateway.plan(sim::parse_scenario(scenario, "scenario.yaml"))).report.get();
    std::vector<std::int16_t> pcm;
    for (const auto byte : heard.report.heard) {
        const int inverted = ~byte & 0xFF;
        const int magnitude = (((inverted & 0x0F) << 3) + 0x84) << ((inverted & 0x70) >> 4);
        pcm.push_back(static_cast<std::int16_t>((inverted & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84));
    }
    for (const auto& phrase : vendors.alphabet()->recognise(pcm, {})) heard.phrases.push_back(phrase.text);
    EXPECT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    for (const auto& entry : std::filesystem::directory_iterator(gateway.data() / "calls")) heard.file = entry.path();
    // The file is complete once the vendors' sockets are closed, a little after the call.
    EXPECT_TRUE(eventually([&] {
        std::ifstream written(heard.file);
        const std::string all((std::istreambuf_iterator<char>(written)), {});
        return all.find("\n{\"end\":") != std::string::npos;
    }));
    std::ifstream in(heard.file);
    for (std::string text; std::getline(in, text);) {
        auto line = json::parse(text, nullptr, false);
        if (!line.is_object()) continue;
        if (line.contains("in")) heard.in.push_back(line["in"]);
        if (line.contains("out")) heard.out.push_back(line["out"]);
        if (line.contains("x") && line["x"].is_string()) {
            auto record = json::parse(line["x"].get<std::string>(), nullptr, false);
            if (record.is_object()) heard.vendors.push_back(std::move(record));
        }
    }
    if (std::getenv("PARLEY_TEST_KEEP") != nullptr) std::filesystem::copy_file(heard.file, std::getenv("PARLEY_TEST_KEEP"), std::filesystem::copy_options::overwrite_existing);
    return heard;
}

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
    for (const auto& record : heard.vendors) request = request || (record["role"] == "llm" && record["vendor"] == "openai" && record.value("request_id", "").starts_with("req_"));
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
    GatewayUnderTest gateway(agent(vendors, "    greeting: good day to you\n    stt: [deepgram, assemblyai]\n    lm: [openai]\n    tts: [elevenlabs]\n    failover: {stt_final: 700ms}\n"));
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
