// What happens behind the hold, by the caller's ear: the caller looked up by a tool, a summary written by the model, both known to the greeting and to the
// first answer; a look-up that fails and one that takes too long, without which the call goes on; a caller who talks as the greeting begins; and an agent that
// is a speech-to-speech model. All of them call at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numbers>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "own_server.hpp"
#include "raw_stream.hpp"
#include "parley/audio/wav.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kAnn = "hello ann";
constexpr const char* kStranger = "hello there";
constexpr const char* kGold = "you are a gold customer";
constexpr const char* kNothing = "nothing is known of you";
constexpr const char* kQuestion = "what are your opening hours";
constexpr const char* kAnswer = "we are open from nine until five";
constexpr const char* kEnd = "that is all there is to say";
constexpr const char* kGreeting = "good day to you";
constexpr const char* kWaiting = "is there anybody";
constexpr double kMusic = 3000;  // hertz: above everything the people here say

constexpr const char* kKnown = "+18005551301";
constexpr const char* kFailed = "+18005551302";
constexpr const char* kSlow = "+18005551303";
constexpr const char* kEager = "+18005551304";
constexpr const char* kDirect = "+18005551305";

void put_music(const std::filesystem::path& data) {
    std::vector<std::int16_t> pcm(8000 * 3);
    for (std::size_t i = 0; i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(4000 * std::sin(2 * std::numbers::pi * kMusic * static_cast<double>(i) / 8000));
    auto writer = audio::WavWriter::open(data / "music.wav", {});
    ASSERT_TRUE(writer);
    ASSERT_FALSE(writer->write(pcm));
    ASSERT_FALSE(writer->close());
}

struct Caller {
    sim::CallReport report;
    std::vector<std::string> phrases;
    std::vector<double> music;  // dB in each tenth of a second
    [[nodiscard]] double music_seconds() const {
        return static_cast<double>(std::count_if(music.begin(), music.end(), [](double db) { return db > -30; })) / 10;
    }
};

class HoldPrepared : public OnEachStore {
protected:
    HoldPrepared()
        : crm_([this](const net::HttpRequest& request) {
              const std::lock_guard lock(mutex_);
              asked_.push_back(request.body);
              if (request.target == "/broken") return net::HttpResponse(500, "application/json", "{}");
              return net::HttpResponse(200, "application/json", R"({"name":"ann","tier":"gold","note":"prefers mornings"})");
          }),
          late_([](const net::HttpRequest&) {
              std::this_thread::sleep_for(4s);
              return net::HttpResponse(200, "application/json", R"({"name":"ann","tier":"gold"})");
          }) {
        auto settings = quick_world();
        settings.phrases = {kQuestion, kWaiting};
        sim::MindRule greeting, hours, gold, waiting;
        greeting.greeting = true;
        greeting.say = kGreeting;
        hours.words = {"hours"};
        hours.say = kAnswer;
        gold.words = {"gold"};
        gold.say = kGold;
        waiting.words = {"anybody"};
        waiting.say = kEnd;
        settings.rules = {greeting, hours, gold, waiting};
        vendors_ = std::make_unique<EmulatedVendors>(
            std::vector<std::string>{kAnn, kStranger, kGold, kNothing, kQuestion, kAnswer, kEnd, kGreeting, kWaiting, "i am sorry"}, settings);
        const auto tool = [](const std::string& name, const std::string& url) {
            return "    tool_networks: [\"127.0.0.1\"]\n    http_tools:\n      - {name: " + name + ", description: Who calls., url: \"" + url +
                   "\", parameters: {type: object, properties: {caller: {type: string}}, required: [caller]}, timeout: 10s}\n";
        };
        const std::string parts = "    brain: vendors\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n";
        const std::string greets = "    greeting: \"hello {crm_name|there}. {prepSummary|nothing is known of you}.\"\n";
        const std::string music = "    hold:\n      strategy: music\n      music: music.wav\n      least: 1500ms\n      look_up_caller: false\n";
        Sections setup;
        setup.prepare = put_music;
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n  talk_page: known\n";
        setup.more = "vendors:\n" + vendors_->lines() + store();
        const auto number = [](const char* which) { return std::string("    numbers: [\"") + which + "\"]\n"; };
        setup.agents = "  known:\n" + number(kKnown) + parts + greets + tool("crm", crm_.url("/crm")) + music +
                       "      tools: [crm]\n      summary_prompt: Summarise what the agent should know.\n      longest: 10s\n" + "  failed:\n" +
                       number(kFailed) + parts + greets + tool("crm", crm_.url("/broken")) + music + "      tools: [crm]\n      longest: 10s\n" + "  slow:\n" +
                       number(kSlow) + parts + greets + tool("crm", late_.url("/crm")) + music + "      tools: [crm]\n      longest: 2500ms\n" + "  eager:\n" +
                       number(kEager) + parts +
                       "    greeting: \"good day to you. you are a gold customer. nothing is known of you. that is all there is to say.\"\n" + music +
                       "  direct:\n" + number(kDirect) + "    brain: vendors\n    s2s: [openai]\n    greeting: good day to you\n" + music;
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
        auto options = vendors_->in_tones(gateway_->carrier());
        options.threads = 2;
        options.compute_threads = 3;
        carrier_ = std::make_unique<sim::SimCarrier>(options);
    }
    ~HoldPrepared() override { carrier_.reset(); }

    sim::SimCarrier::Placed call(const char* to, const std::string& steps) {
        auto plan = gateway_->plan(sim::parse_scenario("\nsteps:\n" + steps, "hold.yaml"));
        plan.to = to;
        return carrier_->place_call(plan);
    }
    Caller heard(sim::SimCarrier::Placed& placed) const {
        Caller caller;
        caller.report = placed.report.get();
        EXPECT_THAT(caller.report.failures, testing::IsEmpty());
        const auto pcm = sim::from_mulaw(caller.report.heard);
        caller.phrases = vendors_->phrases(pcm);
        for (std::size_t at = 0; at + 800 <= pcm.size(); at += 800) caller.music.push_back(tone_db(std::span(pcm).subspan(at, 800), kMusic));
        return caller;
    }
    json record(const std::string& sid, const char* field) {
        json found;
        EXPECT_TRUE(eventually([&] {
            found = json::parse(
                http(gateway_->gateway().admin_port(), "GET", "/v1/calls/" + sid, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}})
                    .body,
                nullptr, false);
            return found.is_object() && found.contains(field);
        })) << field
            << " in " << found;
        return found;
    }

    std::mutex mutex_;
    std::vector<std::string> asked_;
    Server crm_, late_;
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
    std::unique_ptr<sim::SimCarrier> carrier_;
};

TEST_P(HoldPrepared, SlowWhatIsFoundIsKnownAndWhatIsNotDoesNotKeepTheCallWaiting) {
    const std::string asks =
        "  - wait_for: {text: {any: [\"nothing is known of you\", \"you are a gold customer\"]}, within: 20s}\n  - say: what are your opening hours\n  - "
        "wait_for: {text: {any: [\"we are open from nine until five\"]}, within: 20s}\n  - pause: 300ms\n  - hangup\n";
    auto known = call(kKnown, asks), failed = call(kFailed, asks), slow = call(kSlow, asks);
    // Right behind the hold: into the greeting's first words.
    auto eager = call(kEager,
                      "  - pause: 2000ms\n  - say: what are your opening hours\n  - wait_for: {text: {any: [\"we are open from nine until five\"]}, within: "
                      "20s}\n  - pause: 300ms\n  - hangup\n");
    // A speech-to-speech model would answer who speaks on hold; it does not hear it.
    auto direct = call(kDirect,
                       "  - pause: 200ms\n  - say: is there anybody\n  - pause: 3s\n  - say: what are your opening hours\n  - wait_for: {text: {any: [\"we are "
                       "open from nine until five\"]}, within: 20s}\n  - pause: 300ms\n  - hangup\n");
    const auto known_sid = known.call_sid, failed_sid = failed.call_sid, slow_sid = slow.call_sid, eager_sid = eager.call_sid, direct_sid = direct.call_sid;
    {
        const auto caller = heard(known);
        EXPECT_THAT(caller.phrases, ElementsAre(kAnn, kGold, kAnswer));
        EXPECT_GE(caller.music_seconds(), 1.2);
        EXPECT_LE(caller.music_seconds(), 5.0);
        const auto prepared = record(known_sid, "preparation")["preparation"];
        EXPECT_EQ(prepared["tools"], json{"crm"}) << prepared;
        EXPECT_EQ(prepared["summary"], true) << prepared;
        // Who called was the tool's one argument, and what it answered is before the model at the first answer.
        const std::lock_guard lock(mutex_);
        EXPECT_THAT(asked_, Contains(HasSubstr("+14155550100")));
        EXPECT_THAT(vendors_->at("openai").received(), Contains(testing::AllOf(HasSubstr("prefers mornings"), HasSubstr(kQuestion))));
    }
    {
        const auto caller = heard(failed);
        EXPECT_THAT(caller.phrases, ElementsAre(kStranger, kNothing, kAnswer));
        EXPECT_GE(caller.music_seconds(), 1.2);
        EXPECT_THAT(record(failed_sid, "preparation")["preparation"].dump(), HasSubstr("tool:crm"));
    }
    {
        const auto caller = heard(slow);
        EXPECT_THAT(caller.phrases, ElementsAre(kStranger, kNothing, kAnswer));
        EXPECT_GE(caller.music_seconds(), 2.0);
        EXPECT_LE(caller.music_seconds(), 3.9) << "longest and the music's leave";
        EXPECT_THAT(record(slow_sid, "preparation")["preparation"].dump(), HasSubstr("tool:crm"));
    }
    {
        const auto caller = heard(eager);
        EXPECT_THAT(caller.phrases, Contains(kAnswer));
        EXPECT_THAT(caller.phrases, Not(Contains(kEnd))) << "the greeting goes on over the caller's words";
        bool interrupted = false;
        const auto turns = record(eager_sid, "turns")["turns"];
        for (const auto& turn : turns) interrupted = interrupted || (turn.value("who", "") == "agent" && turn.value("interrupted", false));
        EXPECT_TRUE(interrupted) << turns;
    }
    {
        const auto caller = heard(direct);
        EXPECT_GE(caller.music_seconds(), 1.2);
        EXPECT_THAT(caller.phrases, ElementsAre(kGreeting, kAnswer)) << record(direct_sid, "turns");
    }
    EXPECT_EQ(gateway_->events("prep.failed").size(), 2U);
}

// A call from a browser has its hold and its preparation like any other.
TEST_P(HoldPrepared, SlowABrowserIsHeldToo) {
    const auto origin = std::string("https://") + kHost;
    const auto session =
        http(gateway_->port(), "POST", "/web/session", {{"Origin", origin}, {"Content-Type", "application/json"}, {"Referer", origin + "/contact"}}, "{}");
    ASSERT_EQ(session.status, 200) << session.body;
    const auto given = json::parse(session.body, nullptr, false);
    const auto sid = given["callSid"].get<std::string>();
    RawStream::Opening opening;
    opening.signature_token.clear();
    opening.origin = origin;
    opening.target = "/web/voice";
    RawStream browser(*gateway_, opening);
    ASSERT_TRUE(browser.open()) << browser.status();
    browser.account_sid = given["accountSid"].get<std::string>();
    browser.stream_sid = given["streamSid"].get<std::string>();
    browser.start(sid, given["parameters"].get<std::map<std::string, std::string>>());
    for (int i = 0; i < 5; ++i) browser.media(0xFF);
    // It answers each piece of sound with a silent one, and plays everything at once.
    sim::Pcm8k heard;
    std::vector<std::string> phrases;
    double music = 0;
    while (phrases.size() < 2) {
        const auto message = browser.read();
        ASSERT_FALSE(message.is_null()) << "the stream is over";
        const auto understand = [&] { phrases = vendors_->phrases(heard); };
        if (message.value("event", "") == "mark") {
            browser.json(message);
            understand();
        }
        if (message.value("event", "") != "media") continue;
        const auto codes = sim::from_base64(message["media"]["payload"].get<std::string>());
        ASSERT_TRUE(codes);
        for (std::size_t i = 0; i < codes->size(); i += 160) browser.media(0xFF);
        const auto before = heard.size();
        for (const auto code : *codes) heard.push_back(sim::mulaw_to_linear(code));
        if (heard.size() / 8000 != before / 8000) understand();
    }
    for (std::size_t at = 0; at + 800 <= heard.size(); at += 800) music += tone_db(std::span(heard).subspan(at, 800), kMusic) > -30 ? 0.1 : 0;
    EXPECT_THAT(phrases, ElementsAre(kAnn, kGold));
    EXPECT_GE(music, 1.2);
    browser.stop(sid);
    EXPECT_EQ(record(sid, "preparation")["preparation"]["tools"], json{"crm"});
    EXPECT_EQ(record(sid, "call")["call"].value("channel", ""), "web");
}

ON_EACH_STORE(HoldPrepared);

}  // namespace
}  // namespace parley::scenarios
