// Messages, tools, recordings and transcripts: the gateway against the simulated carrier with its REST front.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <csignal>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "parley/messaging/delivery.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/store/call_records.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kPerson = "+14155550100";
constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kCalled = "+4930123456";
const std::string kOutbound = std::string("outbound:\n  enabled: true\n  from: \"") + kNumber + "\"\n  allowed_prefixes: [\"+49\"]\n  calls_per_second: 100\n";
constexpr const char* kAsk = "text me the address";
constexpr const char* kSentNow = "it is on its way";
constexpr const char* kBye = "goodbye";
constexpr const char* kFarewell = "thank you for calling";

// A gateway whose agent thinks with an emulated model, a carrier in front of it, and people with telephones.
class Post {
public:
    explicit Post(const std::string& agent_lines, const std::string& more = {}, std::map<std::string, sim::DialTarget> people = {},
                  std::vector<std::string> tokens = {kToken}) {
        auto world = quick_world();
        world.phrases = {kAsk, kBye};
        const auto [bye, after] = goodbye_rules();
        sim::MindRule address, sent, hours;
        hours.words = {"parking"};
        hours.say = "There is parking behind the house.";
        address.words = {"address"};
        address.tool = "send_sms";
        address.arguments = R"({"text":"Main Street 1, ask for Ann."})";
        sent.tool_result = "send_sms";
        sent.say = kSentNow;
        world.rules = {sent, after, address, bye, hours};
        world.endpointing = 300ms;
        vendors_ = std::make_unique<EmulatedVendors>(
            std::vector<std::string>{kAsk, kSentNow, kBye, kFarewell, "good day to you", "one moment please", "i am sorry"}, world);
        const auto port = free_port();
        auto& setup = setup_;
        setup.tokens = std::move(tokens);
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        setup.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:" + std::to_string(port) + "\"\n";
        setup.more = more + "vendors:\n" + vendors_->lines();
        setup.agents =
            "  desk:\n    default: true\n    brain: vendors\n    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n" +
            agent_lines;
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
        sim::FakeTwilioOptions options;
        options.port = port;
        options.carrier = vendors_->in_tones(gateway_->carrier());
        const std::string base = std::string("https://") + kHost + "/webhooks/twilio/";
        sim::NumberEntry desk;
        desk.voice_url = base + "voice";
        desk.status_callback = base + "status";
        desk.sms_url = base + "sms";
        options.numbers[kNumber] = desk;
        options.carrier.numbers = std::move(people);
        twilio_ = std::make_unique<sim::FakeTwilio>(std::move(options));
    }
    ~Post() { twilio_->stop(); }
    GatewayUnderTest& gateway() { return *gateway_; }
    sim::FakeTwilio& twilio() { return *twilio_; }
    json record(const std::string& id) const {
        const store::CallRecords records({.directory = gateway_->data().string(), .read_only = true});
        const auto text = records.read(id);
        return text ? json::parse(*text, nullptr, false) : json::object();
    }
    void rotate(std::vector<std::string> tokens) {
        setup_.tokens = std::move(tokens);
        gateway_->write_config(setup_);
        ::raise(SIGHUP);
        EXPECT_TRUE(eventually([&] { return !gateway_->events("config.reloaded").empty(); }));
    }
    HttpAnswer place(const std::string& to) {
        return http(gateway_->gateway().admin_port(), "POST", "/v1/calls",
                    {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}},
                    json{{"agent", "desk"}, {"to", to}}.dump());
    }
    static std::string conversation() { return messaging::conversation_id(kNumber, kPerson); }

private:
    Sections setup_;
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
    std::unique_ptr<sim::FakeTwilio> twilio_;
};

std::vector<std::string> bodies(const std::vector<sim::PhoneMessage>& messages) {
    std::vector<std::string> all;
    for (const auto& message : messages) all.push_back(message.body);
    return all;
}

TEST(Messaging, AConversationBySmsIsAnsweredByRulesAndByTheAgentsBrain) {
    Post post("    sms: {mode: brain, greeting: This is the desk., rules: [{match: hours, reply: We open at nine.}]}\n");
    post.twilio().message_in(kNumber, kPerson, "What are your hours?");
    EXPECT_THAT(bodies(post.twilio().wait_inbox(kPerson, 2)), testing::ElementsAre("This is the desk.", "We open at nine."));
    post.twilio().message_in(kNumber, kPerson, "is there parking?");
    EXPECT_THAT(bodies(post.twilio().wait_inbox(kPerson, 3)).back(), HasSubstr("parking behind the house"));
    EXPECT_TRUE(eventually([&] { return post.record(Post::conversation()).value("messages", json::array()).size() >= 5; }))
        << post.record(Post::conversation());
    // Twilio answers STOP itself; we are silent, and send nothing any more.
    post.twilio().message_in(kNumber, kPerson, "STOP");
    EXPECT_TRUE(eventually([&] { return !post.gateway().events("message.opted_out").empty(); }));
    EXPECT_EQ(post.gateway().metric(R"(parley_messages_total{dir="in",outcome="received"})"), 3);
}

TEST(Messaging, AnAgentSendsAMessageInACallAndSaysSo) {
    Post post("    tools: [send_sms]\n");
    auto placed = post.twilio().call_in(kNumber, kPerson,
                                        sim::parse_scenario(R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: text me the address
  - wait_for: {agent_silence: 900ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)",
                                                            "scenario.yaml"));
    const auto report = placed.report.get();
    EXPECT_THAT(report.failures, testing::IsEmpty());
    EXPECT_THAT(bodies(post.twilio().wait_inbox(kPerson, 1)), testing::ElementsAre("Main Street 1, ask for Ann."));
    const auto sid = placed.call_sid;
    json kept;
    EXPECT_TRUE(eventually([&] {
        kept = post.record(sid);
        return kept.contains("messages") && kept["messages"][0].value("status", "") == "delivered";
    })) << kept;
    bool said = false;
    for (const auto& turn : kept.value("turns", json::array())) said = said || turn.value("text", "").find(kSentNow) != std::string::npos;
    EXPECT_TRUE(said) << kept["turns"];
}

TEST(Messaging, OfACallWePlacedTheMessageGoesToWhoWasCalled) {
    sim::DialTarget called;
    called.person = sim::parse_scenario(R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: text me the address
  - wait_for: {agent_silence: 900ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)",
                                        "called.yaml");
    Post post("    tools: [send_sms]\n", kOutbound, {{kCalled, called}});
    const auto placed = post.place(kCalled);
    ASSERT_EQ(placed.status, 201) << placed.body;
    EXPECT_THAT(bodies(post.twilio().wait_inbox(kCalled, 1)), testing::ElementsAre("Main Street 1, ask for Ann."));
}

TEST(Messaging, ARotatedTokenSignsTheNextRequest) {
    sim::DialTarget called;
    called.person = sim::parse_scenario("steps:\n  - pause: 100ms\n  - hangup: stop\n", "called.yaml");
    Post post("    tools: [send_sms]\n", kOutbound, {{kCalled, called}}, {kOldToken, kToken});
    // Twilio knows the new token only.
    const auto before = post.place(kCalled);
    EXPECT_NE(before.status, 201) << before.body;
    post.rotate({kToken, kOldToken});
    const auto after = post.place(kCalled);
    EXPECT_EQ(after.status, 201) << after.body;
}

TEST(Messaging, AVoicemailsWordsJoinItsRecord) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA"), recording = sim::make_sid("RE");
    auto form = call_form(sid);
    form.emplace_back("TranscriptionSid", sim::make_sid("TR"));
    form.emplace_back("TranscriptionText", "please call me back");
    form.emplace_back("RecordingSid", recording);
    auto odd = form;
    odd.emplace_back("TranscriptionStatus", "odd");
    EXPECT_EQ(gateway.webhook("voicemail-text", odd).status, 400);
    form.emplace_back("TranscriptionStatus", "completed");
    EXPECT_EQ(gateway.webhook("voicemail-text", form).status, 204);
    EXPECT_EQ(gateway.webhook("transcription", form).status, 400);
    const store::CallRecords records({.directory = gateway.data().string(), .read_only = true});
    EXPECT_TRUE(eventually([&] { return records.read(sid).value_or("").find("please call me back") != std::string::npos; }));
}

TEST(Messaging, TwiliosRecordingIsFetchedAndDeletedThere) {
    Post post("    twilio_recording: {mode: dual}\n", "recording: {enabled: false, retain_days: 30}\n");
    auto placed = post.twilio().call_in(kNumber, kPerson,
                                        sim::parse_scenario(R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)",
                                                            "scenario.yaml"));
    EXPECT_THAT(placed.report.get().failures, testing::IsEmpty());
    json kept;
    EXPECT_TRUE(eventually([&] {
        kept = post.record(placed.call_sid);
        return kept.contains("recordings") && kept["recordings"][0].value("at_twilio", "") == "deleted";
    })) << kept;
    EXPECT_GT(std::filesystem::file_size(kept["recordings"][0]["path"].get<std::string>()), 1000U);
}

TEST(Messaging, AForwardedCallIsListenedToOnBothSides) {
    sim::DialTarget ann;
    ann.person = sim::parse_scenario(R"(
steps:
  - pause: 3s
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)",
                                     "ann.yaml");
    Post post("    answer: listen\n    listen: {to: \"+4930123456\"}\n", {}, {{"+4930123456", ann}});
    auto placed = post.twilio().call_in(kNumber, kPerson,
                                        sim::parse_scenario(R"(
steps:
  - pause: 1s
  - say: text me the address
  - pause: 4s
  - hangup: stop
)",
                                                            "scenario.yaml"));
    (void)placed.report.get();
    json kept;
    EXPECT_TRUE(eventually([&] {
        kept = post.record(placed.call_sid);
        return kept.value("transcript", json::array()).size() >= 2;
    })) << kept;
    std::map<std::string, std::string> said;
    for (const auto& line : kept.value("transcript", json::array())) said[line.value("who", "")] += line.value("text", "");
    EXPECT_THAT(said["caller"], HasSubstr("address"));
    EXPECT_THAT(said["callee"], HasSubstr("goodbye"));
}

}  // namespace
}  // namespace parley::scenarios
