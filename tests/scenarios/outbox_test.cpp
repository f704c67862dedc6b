// A call that is told to a customer's receiver, watched, advised and taken over: heard at the caller's ear, at the receiver and at the watcher. On both stores.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "own_server.hpp"
#include "parley/outbox/signature.hpp"
#include "store_under_test.hpp"
#include "watcher.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kGreeting = "good day to you";
constexpr const char* kQuestion = "what are your opening hours";
constexpr const char* kAnswer = "we are open from nine until five";
constexpr const char* kAdvised = "there is a discount of ten percent";
constexpr const char* kPerson = "this is a real person now";
constexpr const char* kCard = "my card is four one one one one one one one one one one one one one one one";
constexpr const char* kSecret = "whsec_of_the_test";

// What an OpenAI-shaped model streams for one sentence.
net::HttpResponse streamed(const std::string& say) {
    const auto chunk = [](json delta, json finish) {
        return "data: " +
               json{{"id", "chatcmpl-1"},
                    {"object", "chat.completion.chunk"},
                    {"created", 1},
                    {"model", "m"},
                    {"choices", json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}}})}}
                   .dump() +
               "\n\n";
    };
    return {200, "text/event-stream", chunk({{"role", "assistant"}, {"content", say}}, nullptr) + chunk(json::object(), "stop") + "data: [DONE]\n\n"};
}

struct Delivered {
    json body;
    std::string raw, signature, key, event;
    int answered = 0;
};

class Outbox : public OnEachStore {
protected:
    explicit Outbox(const std::string& more_agent = {}, const std::string& more_hooks = {})
        : receiver_([this](const net::HttpRequest& request) {
              const std::lock_guard lock(mutex_);
              Delivered one{.body = json::parse(request.body, nullptr, false),
                            .raw = request.body,
                            .signature = std::string(request.headers.get("Parley-Signature")),
                            .key = std::string(request.headers.get("Idempotency-Key")),
                            .event = std::string(request.headers.get("Parley-Event"))};
              one.answered = delivered_.size() < 2 ? 503 : one.event == unwanted_ ? 410 : 200;  // it is restarted just now
              delivered_.push_back(one);
              return net::HttpResponse(one.answered);
          }),
          model_([](const net::HttpRequest& request) {
              const auto asked = json::parse(request.body, nullptr, false);
              std::string system;
              if (asked.is_object())
                  for (const auto& message : asked.value("messages", json::array()))
                      if (message.value("role", "") == "system") system += message.value("content", "");
              return streamed(system.find("ten percent") == std::string::npos ? kAnswer : kAdvised);
          }) {
        auto world = quick_world();
        world.phrases = {kQuestion, kCard};
        world.endpointing = 300ms;
        vendors_ = std::make_unique<EmulatedVendors>(
            std::vector<std::string>{kGreeting, kQuestion, kAnswer, kAdvised, kPerson, kCard, "one moment please", "i am sorry"}, world,
            std::vector<std::string>{"deepgram", "elevenlabs"});
        Sections setup;
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        setup.more = store() + "webhooks: {first_pause: 50ms, private_networks: [\"127.0.0.1\"]}\nvendors:\n  openai: {vendor: openai, base_url: \"" +
                     model_.url("/v1") + "\", key: k, model: m}\n" + vendors_->lines();
        setup.agents =
            "  desk:\n    default: true\n    brain: vendors\n    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n    "
            "webhooks: {url: \"" +
            receiver_.url("/events") + "\", secret: " + kSecret + more_hooks + "}\n" + more_agent;
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
    }
    HttpAnswer operate(const std::string& path, const json& body) {
        return http(gateway_->gateway().admin_port(), "POST", path,
                    {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}}, body.dump());
    }
    HttpAnswer look(const std::string& path) {
        return http(gateway_->gateway().admin_port(), "GET", path, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}});
    }
    [[nodiscard]] std::vector<Delivered> delivered() const {
        const std::lock_guard lock(mutex_);
        return delivered_;
    }
    [[nodiscard]] bool told(const std::string& type) const {
        for (const auto& one : delivered())
            if (one.event == type && one.answered == 200) return true;
        return false;
    }
    mutable std::mutex mutex_;
    std::vector<Delivered> delivered_;
    std::string unwanted_;  // of these it wants no more
    Server receiver_, model_;
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
};

TEST_P(Outbox, ACallIsToldWatchedAdvisedAndTakenOver) {
    sim::SimCarrier carrier(vendors_->in_tones(gateway_->carrier()));
    Watcher all(gateway_->gateway().admin_port(), "/v1/events", kAdmin);
    ASSERT_TRUE(eventually([&] { return all.saw(": parley"); }));
    auto placed = carrier.place_call(gateway_->plan(sim::parse_scenario(R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: what are your opening hours
  - wait_for: {agent_silence: 700ms}
  - pause: 700ms
  - say: what are your opening hours
  - wait_for: {agent_silence: 700ms}
  - pause: 4s
  - hangup: stop
)",
                                                                        "scenario.yaml")));
    const auto sid = placed.call_sid;
    ASSERT_TRUE(eventually([&] { return all.saw(kAnswer); })) << all.text();
    Watcher one(gateway_->gateway().admin_port(), "/v1/calls/" + sid + "/events", kAdmin);
    EXPECT_EQ(operate("/v1/calls/" + sid + "/whisper", {{"text", "Offer ten percent."}}).status, 202);
    EXPECT_EQ(operate("/v1/calls/CA00000000000000000000000000000099/whisper", {{"text", "x"}}).status, 404);
    ASSERT_TRUE(eventually([&] { return all.saw(kAdvised); })) << all.text();
    EXPECT_EQ(operate("/v1/calls/" + sid + "/takeover", {{"on", true}}).status, 202);
    EXPECT_EQ(operate("/v1/calls/" + sid + "/say", {{"text", kPerson}}).status, 200);
    const auto report = placed.report.get();
    const auto heard = vendors_->phrases(report);
    EXPECT_THAT(heard, Contains(HasSubstr(kAnswer)));
    EXPECT_THAT(heard, Contains(HasSubstr(kAdvised)));
    EXPECT_THAT(heard, Contains(HasSubstr(kPerson)));
    // The watcher of one call has all of it from the start, and is let go when it is over; the other one stays.
    EXPECT_TRUE(eventually([&] { return one.ended(); }));
    EXPECT_THAT(one.text(), testing::AllOf(HasSubstr("event: turn"), HasSubstr(kAnswer), HasSubstr("\"taken_over\""), HasSubstr("event: end")));
    EXPECT_THAT(all.text(), testing::AllOf(HasSubstr("event: state"), HasSubstr("event: partial")));
    EXPECT_FALSE(all.ended());

    ASSERT_TRUE(eventually([&] { return told("call.ended"); }));
    const auto events = delivered();
    std::vector<std::string> types;
    for (const auto& event : events) {
        EXPECT_TRUE(outbox::signature_holds(Secret(kSecret), event.signature, event.raw,
                                            std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count()));
        EXPECT_EQ(event.body.value("id", ""), event.key);
        EXPECT_EQ(event.body["call"].value("sid", ""), sid);
        if (event.answered == 200) types.push_back(event.event);
    }
    // The first came three times, the same; nothing overtook it.
    ASSERT_GE(events.size(), 3U);
    EXPECT_EQ(events[0].raw, events[1].raw);
    EXPECT_EQ(events[0].raw, events[2].raw);
    ASSERT_FALSE(types.empty());
    EXPECT_EQ(types.front(), "call.started");
    EXPECT_THAT(types, Contains("call.answered"));
    EXPECT_GE(std::count(types.begin(), types.end(), "turn.completed"), 5);
    EXPECT_LT(std::find(types.begin(), types.end(), "turn.completed") - types.begin(), std::find(types.begin(), types.end(), "call.ended") - types.begin());
    const auto pending = look("/v1/webhooks/pending");
    EXPECT_EQ(pending.status, 200) << pending.body;
    EXPECT_EQ(json::parse(look("/v1/webhooks/dead").body)["dead"].size(), 0U);
}

ON_EACH_STORE(Outbox);

// Looked back at by rules, masked before anything of it is kept or told; one event is refused for good, found among the dead and tried again.
class AfterTheCall : public Outbox {
protected:
    AfterTheCall()
        : Outbox(
              "    privacy: {redact: true}\n    analysis:\n      enabled: true\n      operators: [{name: hours_asked, rule: \"opening hours\"}, {name: "
              "complained, rule: \"complaint\"}]\n",
              ", alerts: [{name: asked, on: analysis.completed, pointer: /operators/hours_asked/result, is: equals, value: \"true\"}, "
              "{name: complained, on: analysis.completed, pointer: /operators/complained/result, is: equals, value: \"true\"}]") {}
};

TEST_P(AfterTheCall, ItIsSummarisedMaskedAndTold) {
    {
        const std::lock_guard lock(mutex_);
        unwanted_ = "call.answered";
    }
    sim::SimCarrier carrier(vendors_->in_tones(gateway_->carrier()));
    Watcher all(gateway_->gateway().admin_port(), "/v1/events", kAdmin);
    ASSERT_TRUE(eventually([&] { return all.saw(": parley"); }));
    const auto report =
        carrier
            .place_call(gateway_->plan(sim::parse_scenario(
                "\nsteps:\n  - wait_for: {agent_silence: 500ms}\n  - say: " + std::string(kCard) +
                    "\n  - wait_for: {agent_silence: 700ms}\n  - say: what are your opening hours\n  - wait_for: {agent_silence: 700ms}\n  - hangup: stop\n",
                "scenario.yaml")))
            .report.get();
    EXPECT_THAT(report.failures, testing::IsEmpty());
    ASSERT_TRUE(eventually([&] { return told("alert.asked"); }));
    EXPECT_TRUE(eventually([&] { return told("analysis.completed"); }));
    std::string bodies;
    for (const auto& one : delivered()) {
        bodies += one.raw;
        if (one.event != "analysis.completed") continue;
        EXPECT_FALSE(one.body["data"].value("summary", "").empty()) << one.raw;
        EXPECT_EQ(one.body["data"]["operators"]["hours_asked"]["result"], true) << one.raw;
        EXPECT_EQ(one.body["data"]["operators"]["complained"]["result"], false) << one.raw;
    }
    EXPECT_FALSE(told("alert.complained"));
    // What was said of the card is nowhere: not in the store, in the record, in what was told or watched.
    const auto record = look("/v1/calls/" + report.call_sid).body;
    const auto kept = store_.texts(gateway_->data(), "SELECT json FROM facts UNION ALL SELECT line FROM call_lines UNION ALL SELECT payload FROM jobs");
    for (const auto& text : {record, kept, bodies, all.text()}) {
        EXPECT_THAT(text, HasSubstr("[card]"));
        EXPECT_THAT(text, testing::Not(HasSubstr("one one one")));
    }
    // Dead, and brought to life again.
    json dead;
    EXPECT_TRUE(eventually([&] {
        dead = json::parse(look("/v1/webhooks/dead").body, nullptr, false)["dead"];
        return dead.size() == 1;
    })) << dead;
    EXPECT_EQ(dead[0].value("type", ""), "call.answered") << dead;
    {
        const std::lock_guard lock(mutex_);
        unwanted_.clear();
    }
    EXPECT_FALSE(told("call.answered"));
    EXPECT_LT(operate("/v1/webhooks/dead/" + dead[0].value("id", "") + "/retry", json::object()).status, 300);
    EXPECT_TRUE(eventually([&] { return told("call.answered"); }));
    EXPECT_TRUE(eventually([&] { return json::parse(look("/v1/webhooks/dead").body, nullptr, false)["dead"].empty(); }));
}

ON_EACH_STORE(AfterTheCall);

}  // namespace
}  // namespace parley::scenarios
