// What is understood of calls, at the caller's ear and at the API: looked back at by rules, remembered at the next call, handed to another agent by an intent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/profiles.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAdmin = "a token for the operators of this test";
constexpr const char* kGreeting = "good day to you";
constexpr const char* kName = "my name is ann and i want to book an appointment on tuesday";
constexpr const char* kBooked = "you are booked for tuesday";
constexpr const char* kBill = "it is about my bill";
constexpr const char* kMoment = "one moment please";
constexpr const char* kRefund = "i want my money back";
constexpr const char* kBilling = "this is the billing desk";
constexpr const char* kWhich = "which bill is it";
constexpr const char* kLast = "the last one";
constexpr const char* kWarning = "our time is nearly over";
constexpr const char* kOver = "our time is over now";
constexpr const char* kLimited = "+18005551401";
constexpr const char* kBye = "goodbye";
constexpr const char* kFarewell = "thank you for calling";

// One model, one voice, one recogniser, in this process; sound in tones.
class Desk {
public:
    explicit Desk(const std::string& store = {}) {
        auto settings = quick_world();
        settings.phrases = {kName, kBill, kRefund, kLast, kBye};
        const auto [bye, after] = goodbye_rules();
        sim::MindRule name, last, refund;
        name.words = {"ann"};
        name.say = kBooked;
        last.words = {"last"};
        last.say = kWhich;
        refund.words = {"money", "back"};
        refund.tool = "transfer_call";
        refund.arguments = R"({"to":"billing","announcement":"one moment please"})";
        settings.rules = {bye, after, name, last, refund};
        vendors_ = std::make_unique<EmulatedVendors>(std::vector<std::string>{kGreeting, kName, kBooked, kBill, kRefund, kMoment, kBilling, kWhich, kLast,
                                                                              kWarning, kOver, kBye, kFarewell, "i am sorry"},
                                                     settings);
        const std::string parts = "    brain: vendors\n    stt: [deepgram]\n    lm: [openai]\n    tts: [elevenlabs]\n";
        Sections setup;
        setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        setup.more = "vendors:\n" + vendors_->lines() + store;
        setup.agents = "  desk:\n    default: true\n    greeting: good day to you\n" + parts +
                       "    analysis: {enabled: true, extract: {appointment: \"\"}}\n    memory: {callers: true}\n    route_by: both\n"
                       "    intents:\n      - {name: billing, phrases: [\"my bill\"], to: \"agent:billing\", deflect: one moment please}\n"
                       "  billing:\n    greeting: this is the billing desk\n" +
                       parts + "  limited:\n    numbers: [\"" + kLimited + "\"]\n    greeting: good day to you\n" + parts +
                       "    conversation: {max_duration: 6s, max_duration_text: our time is over now, max_duration_warning_text: our time is nearly over}\n    "
                       "policy: {warn_before: 3s}\n";
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
    }
    sim::CallReport call(const std::string& scenario, const char* to = kNumber) {
        sim::SimCarrier carrier(vendors_->in_tones(gateway_->carrier()));
        auto plan = gateway_->plan(sim::parse_scenario(scenario, "scenario.yaml"));
        plan.to = to;
        auto report = carrier.place_call(std::move(plan)).report.get();
        heard_ = vendors_->phrases(report);
        return report;
    }
    json ask(const std::string& method, const std::string& path, int status = 200, const json& body = nullptr) const {
        const auto answer = http(gateway_->gateway().admin_port(), method, path,
                                 {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}},
                                 body.is_null() ? std::string() : body.dump());
        EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
        return json::parse(answer.body, nullptr, false);
    }
    json analysis_of(const std::string& sid, std::uint32_t run = 1) const {
        json found;
        EXPECT_TRUE(eventually([&] {
            found = ask("GET", "/v1/calls/" + sid + "/analysis");
            return found.value("state", "") == "done" && found.contains("analysis") && found["analysis"].value("run", 0U) >= run;
        })) << found;
        return found;
    }
    [[nodiscard]] std::string last_request() const {
        const auto all = vendors_->at("openai").received();
        return all.empty() ? std::string() : all.back();
    }
    [[nodiscard]] const std::vector<std::string>& heard() const { return heard_; }
    [[nodiscard]] const GatewayUnderTest& gateway() const { return *gateway_; }

private:
    std::unique_ptr<EmulatedVendors> vendors_;
    std::unique_ptr<GatewayUnderTest> gateway_;
    std::vector<std::string> heard_;
};

constexpr const char* kBooking = R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: my name is ann and i want to book an appointment on tuesday
  - wait_for: {agent_silence: 700ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)";
constexpr const char* kShort = R"(
steps:
  - wait_for: {agent_silence: 500ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 15s}
)";

class Understanding : public OnEachStore {};

void looked_back_and_remembered(Desk& desk) {
    const auto first = desk.call(kBooking);
    EXPECT_THAT(first.failures, IsEmpty());
    EXPECT_THAT(desk.heard(), ElementsAre(kGreeting, kBooked, kFarewell));
    const auto found = desk.analysis_of(first.call_sid)["analysis"];
    EXPECT_EQ(found["by"], "rules");
    EXPECT_EQ(found["agent"], "desk");
    EXPECT_EQ(found["intent"]["name"], "book_appointment");
    EXPECT_EQ(found["extracted"]["appointment"]["date"], "tuesday");
    EXPECT_THAT(found["summary"].get<std::string>(), HasSubstr("book an appointment"));
    EXPECT_EQ(desk.ask("GET", "/v1/calls/" + first.call_sid)["analysis"]["summary"], found["summary"]);

    // Once more by hand, with its own number.
    EXPECT_EQ(desk.ask("POST", "/v1/calls/" + first.call_sid + "/analysis", 202, json::object())["run"], 2);
    EXPECT_EQ(desk.analysis_of(first.call_sid, 2)["analysis"]["run"], 2);

    // Who called is known now.
    const auto callers = desk.ask("GET", "/v1/callers?agent=desk")["callers"];
    ASSERT_EQ(callers.size(), 1U) << callers;
    EXPECT_EQ(callers[0]["profile"]["name"], "Ann");
    const auto number = callers[0]["caller"].get<std::string>();
    EXPECT_EQ(desk.ask("PATCH", "/v1/callers/" + number + "/profile?agent=desk", 200, {{"preferences", {"mornings"}}})["profile"]["preferences"][0],
              "mornings");
    desk.ask("PATCH", "/v1/callers/" + number + "/profile?agent=desk", 422, {{"name", 7}});

    // And the model is told at the next call.
    const auto second = desk.call(kShort);
    EXPECT_THAT(second.failures, IsEmpty());
    EXPECT_THAT(desk.last_request(), HasSubstr("Ann"));
    EXPECT_THAT(desk.last_request(), HasSubstr("mornings"));

    EXPECT_EQ(desk.ask("DELETE", "/v1/callers/" + number + "/profile", 200)["erased"], 1);
    desk.ask("GET", "/v1/callers/" + number + "/profile", 404);
}

TEST_P(Understanding, ACallIsLookedBackAtAndItsCallerRemembered) {
    Desk desk(store());
    looked_back_and_remembered(desk);
}

// Words that match go at once; what does not, the model understands. The second agent's model has the words of the first talk and why it is there.
void handed_over(Desk& desk, const char* wish, const char* by) {
    SCOPED_TRACE(wish);
    const auto report = desk.call(std::string("\nsteps:\n  - wait_for: {agent_silence: 500ms}\n  - say: ") + wish + R"(
  - wait_for: {agent_silence: 1500ms}
  - say: the last one
  - wait_for: {agent_silence: 700ms}
  - say: goodbye
  - wait_for: {hangup: true, within: 20s}
)");
    EXPECT_THAT(report.failures, IsEmpty());
    EXPECT_THAT(desk.heard(), ElementsAre(kGreeting, kMoment, kBilling, kWhich, kFarewell));
    EXPECT_THAT(desk.last_request(), HasSubstr(wish));
    json events;
    EXPECT_TRUE(eventually([&] {
        events = desk.ask("GET", "/v1/calls/" + report.call_sid).value("events", json::array());
        return std::any_of(events.begin(), events.end(), [&](const auto& event) {
            return event.value("event", "") == "intent" && event.value("intent", "") == "billing" && event.value("by", "") == by;
        });
    })) << events;
}

TEST_P(Understanding, AnIntentHandsTheCallToAnotherAgentWhoKnowsOfIt) {
    Desk desk(store());
    handed_over(desk, kBill, "grammar");
    EXPECT_THAT(desk.last_request(), HasSubstr("What the caller wanted: billing"));
}

TEST_P(Understanding, TheModelHandsTheCallOverWhereNoPhraseMatches) {
    Desk desk(store());
    handed_over(desk, kRefund, "model");
}

// A call is looked back at while its caller's profile is deleted: that stays deleted.
TEST_P(Understanding, AProfileThatIsDeletedMeanwhileIsNotBroughtBack) {
    EmulatedVendors vendors({kGreeting}, quick_world(), {"openai"});
    sim::Fault slow;
    slow.accept_delay = 2s;
    sim::FaultRule always;
    always.fault = slow;
    vendors.at("openai").script({always});
    const std::string sid = "CA000000000000000000000000000000b1", caller = "+14155550100";
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.more = "vendors:\n" + vendors.lines() + store();
    setup.agents = "  desk: {default: true, brain: echo, analysis: {enabled: true, models: [openai]}, memory: {callers: true}}\n";
    setup.prepare = [&](const std::filesystem::path& data) {
        const auto database = store_.open(data, false);
        store::CallRecords records({.database = database.get(), .instance = "before", .directory = data.string()});
        records.add(sid, store::Fact::call, R"({"direction":"in","from":"+14155550100","to":"+18005551212","agent":"desk"})");
        records.add(sid, store::Fact::turn, R"({"who":"caller","text":"my name is ann and i want to book an appointment on tuesday","at_ms":1000})");
        records.add(sid, store::Fact::end, R"({"reason":"caller_hung_up","agent":"desk","duration_ms":5000,"final":true})");
        records.flush();
        database->transact([&](store::Session& session) { (void)store::write_profile(session, "desk", caller, R"({"name":"Ann"})", 0); });
    };
    GatewayUnderTest gateway(setup);
    const auto ask = [&](const std::string& method, const std::string& path, int status, const std::string& body = {}) {
        const auto answer = http(gateway.gateway().admin_port(), method, path,
                                 {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}}, body);
        EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
        return json::parse(answer.body, nullptr, false);
    };
    ask("POST", "/v1/calls/" + sid + "/analysis", 202, "{}");
    ASSERT_TRUE(eventually([&] { return vendors.at("openai").counts().requests > 0; })) << "the model is asked";
    EXPECT_EQ(ask("DELETE", "/v1/callers/" + caller + "/profile", 200)["erased"], 1);
    EXPECT_TRUE(eventually([&] { return ask("GET", "/v1/calls/" + sid + "/analysis", 200).value("state", "") == "done"; }));
    ask("GET", "/v1/callers/" + caller + "/profile", 404);
    // Without one before, what is learned is kept.
    ask("POST", "/v1/calls/" + sid + "/analysis", 202, "{}");
    EXPECT_TRUE(eventually([&] {
        const auto now = ask("GET", "/v1/calls/" + sid + "/analysis", 200);
        return now.value("state", "") == "done" && now.value("run", 0) == 2;
    }));
    EXPECT_EQ(ask("GET", "/v1/callers/" + caller + "/profile?agent=desk", 200)["profile"]["name"], "Ann");
}

// The longest duration, by ear: told beforehand, and ended in words.
TEST_P(Understanding, ACallIsToldThatItsTimeIsNearlyOverAndEndsInWords) {
    Desk desk(store());
    const auto report = desk.call("\nsteps:\n  - wait_for: {hangup: true, within: 15s}\n", kLimited);
    EXPECT_THAT(report.failures, IsEmpty());
    EXPECT_THAT(desk.heard(), ElementsAre(kGreeting, kWarning, kOver));
    json record;
    EXPECT_TRUE(eventually([&] {
        record = desk.ask("GET", "/v1/calls/" + report.call_sid);
        return record.contains("end");
    }));
    EXPECT_EQ(record["end"]["reason"], "max_duration") << record["end"];
}

ON_EACH_STORE(Understanding);

}  // namespace
}  // namespace parley::scenarios
