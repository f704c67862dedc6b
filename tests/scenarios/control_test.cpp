// Calls we place and powers over calls under way: the gateway against the simulated carrier with its REST front, judged by what the people heard.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_under_test.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "pitch.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using sim::test::answers;
using sim::test::heard_ms;
using sim::test::keys;
using sim::test::pause;
using sim::test::person;
using sim::test::say;
using sim::test::until_hangup;
using testing::HasSubstr;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kPerson = "+4930123456";
constexpr const char* kSecond = "+4930123457";

// A gateway and a carrier that know each other.
class Town {
public:
    explicit Town(std::map<std::string, sim::DialTarget> people, double speed = 1, const std::string& store = {})
        : api_port_(free_port()), gateway_(sections(api_port_, store)) {
        sim::FakeTwilioOptions options;
        options.port = api_port_;
        options.carrier = gateway_.carrier();
        options.carrier.speed = speed;
        options.carrier.threads = 2;
        options.carrier.voice = std::make_shared<sim::test::PitchVoice>();
        options.carrier.numbers = std::move(people);
        sim::NumberEntry desk;
        desk.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
        desk.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
        options.numbers[kNumber] = desk;
        twilio_ = std::make_unique<sim::FakeTwilio>(std::move(options));
    }
    ~Town() { twilio_->stop(); }
    Town(const Town&) = delete;
    Town& operator=(const Town&) = delete;

    GatewayUnderTest& gateway() { return gateway_; }
    sim::FakeTwilio& twilio() { return *twilio_; }

    struct Answer {
        int status = 0;
        json body;
    };
    Answer post(const std::string& path, const json& body = json::object()) {
        return parse(http(gateway_.gateway().admin_port(), "POST", path, headers(), body.dump()));
    }
    Answer get(const std::string& path) { return parse(http(gateway_.gateway().admin_port(), "GET", path, headers())); }
    Answer act(const std::string& sid, const std::string& action, const json& body = json::object()) { return post("/v1/calls/" + sid + "/" + action, body); }

    // The end of a dial, once it has come.
    json over(const std::string& id) {
        json last;
        EXPECT_TRUE(eventually([&] {
            last = get("/v1/calls/" + id + "/status").body;
            return last.value("status", "") == "over";
        })) << last;
        return last;
    }
    bool live(const std::string& sid) {
        return eventually([&] { return HasLive(sid); });
    }
    bool in_conference(const std::string& sid, std::size_t people) {
        return eventually([&] {
            const auto answer = get("/v1/conferences");
            const auto rooms = answer.body.value("conferences", json::array());
            for (const auto& room : rooms) {
                bool here = false;
                std::size_t connected = 0;
                for (const auto& one : room["participants"]) {
                    connected += one["status"] == "connected";
                    here = here || one["call_sid"] == sid;
                }
                if (here && connected == people) return true;
            }
            return false;
        });
    }
    json record(const std::string& sid, const std::string& field) {
        json found;
        EXPECT_TRUE(eventually([&] {
            found = get("/v1/calls/" + sid).body;
            return found.contains(field);
        })) << field
            << " in " << found;
        return found;
    }

private:
    static Sections sections(std::uint16_t api_port, const std::string& store) {
        Sections s;
        s.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        s.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:" + std::to_string(api_port) + "\"\n";
        s.more = std::string("outbound:\n  enabled: true\n  from: \"") + kNumber +
                 "\"\n  allowed_prefixes: [\"+49\"]\n  calls_per_second: 100\n  calls_per_minute: 1000\n  per_destination_per_hour: 100\n" + store;
        s.agents = "  desk: {default: true, brain: echo, machine_message: \"1300 800\"}\n";
        return s;
    }
    static std::vector<std::pair<std::string, std::string>> headers() {
        return {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}};
    }
    static Answer parse(const HttpAnswer& raw) { return {raw.status, json::parse(raw.body, nullptr, false)}; }
    bool HasLive(const std::string& sid) {
        const auto answer = get("/v1/calls");
        const auto calls = answer.body.value("calls", json::array());
        for (const auto& call : calls)
            if (call["call_sid"] == sid) return true;
        return false;
    }

    std::uint16_t api_port_;
    GatewayUnderTest gateway_;
    std::unique_ptr<sim::FakeTwilio> twilio_;
};

std::size_t updates_of(Town& town, const std::string& sid) {
    const auto requests = json::parse(town.twilio().requests(), nullptr, false);
    std::size_t n = 0;
    for (const auto& request : requests.is_array() ? requests : requests.value("requests", json::array()))
        n += request.value("method", "") == "POST" && request.value("path", "").find("/Calls/" + sid + ".json") != std::string::npos;
    return n;
}

TEST(Admin, IsClosedWithoutATokenAndToTheWrongOne) {
    const GatewayUnderTest shut;
    const auto closed =
        http(const_cast<GatewayUnderTest&>(shut).gateway().admin_port(), "GET", "/v1/calls", {{"Host", "127.0.0.1"}, {"Authorization", "Bearer "}});
    EXPECT_EQ(closed.status, 403);
    EXPECT_THAT(closed.body, HasSubstr("server.admin_token"));

    Town town({});
    const auto port = town.gateway().gateway().admin_port();
    for (const char* header : {"", "Bearer wrong", "Bearer an-admin-token-for-test", "Basic an-admin-token-for-tests"})
        EXPECT_EQ(http(port, "GET", "/v1/calls", {{"Host", "127.0.0.1"}, {"Authorization", header}}).status, 401) << header;
    EXPECT_EQ(town.gateway().metric("parley_security_events_total{kind=\"admin_denied\"}"), 4);
    EXPECT_EQ(town.get("/v1/calls").status, 200);
}

TEST(Admin, MistakesAreNamedByField) {
    Town town({});
    const auto wrong = [&](const json& body, const std::string& field, int status = 400) {
        const auto answer = town.post("/v1/calls", body);
        EXPECT_EQ(answer.status, status) << body << answer.body;
        EXPECT_EQ(answer.body["error"].value("field", ""), field) << body << answer.body;
        EXPECT_FALSE(answer.body["error"].value("message", "").empty());
    };
    wrong({{"to", kPerson}}, "agent");
    wrong({{"agent", "desk"}}, "to");
    wrong({{"agent", "nobody"}, {"to", kPerson}}, "agent");
    wrong({{"agent", "desk"}, {"to", "030"}}, "to");
    wrong({{"agent", 7}, {"to", kPerson}}, "agent");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"ring_seconds", "30"}}, "ring_seconds");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"ring_seconds", 601}}, "ring_seconds");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"record", 1}}, "record");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"machine", "maybe"}}, "machine");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"parameters", {{"a", json::array()}}}}, "parameters");
    wrong({{"agent", "desk"}, {"to", kPerson}, {"tow", kPerson}}, "tow");
    wrong({{"agent", "desk"}, {"to", "+19005550100"}}, "to", 403);
    const auto port = town.gateway().gateway().admin_port();
    const std::vector<std::pair<std::string, std::string>> json_headers{
        {"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}};
    for (const char* body : {"[]", "{", "7", "{\"agent\":\"desk\",\"agent\":\"desk\",\"to\":\"+4930123456\"}", "[[[[[[[[[[]]]]]]]]]]"})
        EXPECT_EQ(http(port, "POST", "/v1/calls", json_headers, body).status, 400) << body;
    EXPECT_EQ(http(port, "POST", "/v1/calls", json_headers, std::string(100'000, ' ')).status, 413);
    EXPECT_EQ(http(port, "POST", "/v1/calls", {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "text/plain"}}, "{}")
                  .status,
              415);
    EXPECT_EQ(town.get("/v1/calls/CA0123456789abcdef0123456789abcdef/status").status, 404);
    EXPECT_EQ(town.act("CA0123456789abcdef0123456789abcdef", "dance").status, 404);
    EXPECT_EQ(town.act("CA0123456789abcdef0123456789abcdef", "mute").status, 409);
    EXPECT_EQ(town.get("/v1/nothing").status, 404);
    EXPECT_EQ(town.gateway().metric("parley_security_events_total{kind=\"policy\"}"), 1);
}

TEST(Outbound, APersonTalksToTheAgent) {
    Town town({{kPerson, answers({pause(700), say(700, 600), pause(1500)})}});
    const auto placed = town.post("/v1/calls", {{"agent", "desk"}, {"to", kPerson}, {"machine", "drop"}});
    ASSERT_EQ(placed.status, 201) << placed.body;
    const auto end = town.over(placed.body["dial"]);
    EXPECT_EQ(end["reason"], "answered") << end;
    EXPECT_EQ(end["answered_by"], "human");
    const auto sid = end["call_sid"].get<std::string>();
    const auto heard = town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    EXPECT_GE(heard_ms(heard, 700), 400) << "the agent is an echo";
    EXPECT_EQ(heard.streams.size(), 1U);
    EXPECT_EQ(updates_of(town, sid), 0U) << "W16: nothing replaces the running stream because somebody answered";
    const auto record = town.record(sid, "machine");
    EXPECT_EQ(record["call"].value("direction", ""), "out");
    EXPECT_EQ(record["machine"].value("answered_by", ""), "human");
}

TEST(Outbound, AMachineKeepsTheMessage) {
    auto machine = std::make_shared<sim::MachineGreeting>();
    machine->text = "500 1500";
    sim::DialTarget target;
    target.after = 200ms;
    target.machine = machine;
    Town town({{kPerson, target}});
    const auto placed = town.post("/v1/calls", {{"agent", "desk"}, {"to", kPerson}, {"machine", "drop"}});
    ASSERT_EQ(placed.status, 201) << placed.body;
    const auto end = town.over(placed.body["dial"]);
    EXPECT_EQ(end["reason"], "machine") << end;
    const auto heard = town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    EXPECT_GE(heard_ms(heard, 1300), 600);
    ASSERT_TRUE(heard.message);
    EXPECT_TRUE(eventually([&] { return town.gateway().gateway().public_port() != 0 && town.get("/v1/calls").body["calls"].empty(); }))
        << "the stream opened for the machine has ended";
    EXPECT_EQ(town.gateway().metric("parley_dials_ended_total{reason=\"machine\"}"), 1);
}

TEST(Outbound, NobodyAndBusy) {
    auto nobody = answers({until_hangup()});
    nobody.answer = sim::DialTarget::Answer::no_answer;
    auto busy = answers({until_hangup()});
    busy.answer = sim::DialTarget::Answer::busy;
    Town town({{kPerson, nobody}, {kSecond, busy}}, 4);
    const auto first = town.post("/v1/calls", {{"agent", "desk"}, {"to", kPerson}, {"ring_seconds", 5}});
    const auto second = town.post("/v1/calls", {{"agent", "desk"}, {"to", kSecond}});
    ASSERT_EQ(first.status, 201) << first.body;
    ASSERT_EQ(second.status, 201) << second.body;
    const auto end = town.over(first.body["dial"]);
    EXPECT_EQ(end["reason"], "no_answer");
    EXPECT_EQ(town.over(second.body["dial"])["reason"], "busy");
    EXPECT_EQ(town.gateway().metric("parley_calls_started_total{dir=\"in\"}"), 0) << "W21: no stream was opened";
    const auto record = town.record(end["call_sid"], "end");
    EXPECT_EQ(record["end"].value("reason", ""), "no_answer");
}

TEST(Outbound, ARingingCallIsTakenBack) {
    Town town({{kPerson, answers({until_hangup()}, 30'000)}});
    const auto placed = town.post("/v1/calls", {{"agent", "desk"}, {"to", kPerson}});
    ASSERT_EQ(placed.status, 201) << placed.body;
    EXPECT_EQ(town.act(placed.body["dial"], "hangup").status, 200);
    EXPECT_EQ(town.over(placed.body["dial"])["reason"], "canceled");
}

class Live : public OnEachStore {};

// One caller is put through to somebody, another one is hung up on: by an operator, and it stands in the records.
TEST_P(Live, AnOperatorTransfersOneCallerAndHangsUpOnAnother) {
    Town town({{kPerson, answers({pause(500), say(900, 900), pause(300)})}}, 1, store());
    auto first = town.twilio().call_in(kNumber, "+14155550100", person({until_hangup()}, "first"));
    auto second = town.twilio().call_in(kNumber, "+14155550101", person({until_hangup()}, "second"));
    ASSERT_TRUE(town.live(first.call_sid));
    ASSERT_TRUE(town.live(second.call_sid));
    EXPECT_EQ(town.act(first.call_sid, "transfer", {{"to", kPerson}}).status, 200);
    EXPECT_EQ(town.act(second.call_sid, "hangup").status, 200);
    const auto put_through = first.report.get(), hung_up_on = second.report.get();
    EXPECT_GE(heard_ms(put_through, 900), 500) << "the caller hears the person";
    EXPECT_NE(hung_up_on.ended_by, "caller");
    EXPECT_EQ(town.record(first.call_sid, "transfers")["transfers"].back().value("to", ""), kPerson);
    json list;
    EXPECT_TRUE(eventually([&] {
        list = town.get("/v1/history").body;
        const auto calls = list.value("calls", json::array());
        return std::any_of(calls.begin(), calls.end(), [&](const auto& call) {
            return call["callsid"] == second.call_sid && call["final"] == true && call["endReason"] == "parley_cancelled";
        });
    })) << list;
}

ON_EACH_STORE(Live);

// A caller at the desk, and a person the caller is to be transferred to.
struct Warm {
    explicit Warm(sim::DialTarget target, std::vector<sim::Step> steps = {pause(600), say(700, 500), until_hangup()}) : town({{kPerson, std::move(target)}}) {
        placed = town.twilio().call_in(kNumber, "+14155550100", person(std::move(steps), "caller"));
        EXPECT_TRUE(town.live(placed.call_sid));
        std::this_thread::sleep_for(1500ms);  // the caller has spoken
    }
    json transfer() {
        const auto answer =
            town.act(placed.call_sid, "transfer",
                     {{"to", std::string("warm:") + kPerson}, {"summary", "The caller wants to know the price of a window."}, {"ring_seconds", 5}});
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }
    std::string result() { return town.record(placed.call_sid, "transfers")["transfers"].back().value("result", ""); }

    Town town;
    sim::SimCarrier::Placed placed;
};

TEST(WarmTransfers, Accepted) {
    Warm warm(answers({pause(1500), keys("1"), pause(1500), say(900, 800), pause(500)}),
              {pause(600), say(700, 500), pause(5500), say(1100, 800), until_hangup()});
    warm.transfer();
    const auto human = warm.town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    const auto caller = warm.placed.report.get();
    EXPECT_GE(heard_ms(caller, 900), 500) << "the caller hears the person";
    EXPECT_GE(heard_ms(caller, 392), 60) << "music while waiting";
    EXPECT_EQ(warm.result(), "accepted");
    bool briefed = false;
    for (const auto& hook : human.webhooks) briefed = briefed || hook.document.find("price of a window") != std::string::npos;
    EXPECT_TRUE(briefed);
}

TEST(WarmTransfers, RefusedAndTheCallerIsBackWithTheAgent) {
    Warm warm(answers({pause(1500), keys("2"), until_hangup()}), {pause(600), say(700, 500), pause(7000), say(1100, 600), pause(1500)});
    warm.transfer();
    const auto human = warm.town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    const auto caller = warm.placed.report.get();
    EXPECT_EQ(warm.result(), "refused");
    EXPECT_GE(heard_ms(caller, 1100), 400) << "the agent, an echo, is there again";
    EXPECT_LE(heard_ms(human, 1100), 20);
    EXPECT_EQ(caller.streams.size(), 2U);
}

TEST(WarmTransfers, UnansweredAndTheCallerIsBackWithTheAgent) {
    auto nobody = answers({until_hangup()});
    nobody.answer = sim::DialTarget::Answer::busy;
    Warm warm(nobody, {pause(600), say(700, 500), pause(4000), say(1100, 600), pause(1500)});
    warm.transfer();
    const auto caller = warm.placed.report.get();
    EXPECT_EQ(warm.result(), "busy");
    EXPECT_GE(heard_ms(caller, 1100), 400);
}

TEST(WarmTransfers, TheCallerHangsUpWhileThePersonListens) {
    Warm warm(answers({pause(20'000), until_hangup()}), {pause(600), say(700, 500), pause(3500)});
    warm.transfer();
    const auto caller = warm.placed.report.get();
    const auto human = warm.town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    EXPECT_EQ(warm.result(), "caller_left");
    EXPECT_NE(human.ended_by, "caller") << "the person is told and hung up on";
}

TEST(Conferences, AThirdPartyAndASupervisorWhoIsHeardByOneAlone) {
    Town town({{kPerson, answers({pause(1500), say(900, 4000), until_hangup()})}, {kSecond, answers({pause(300), say(1300, 9000), until_hangup()})}});
    auto placed = town.twilio().call_in(kNumber, "+14155550100", person({until_hangup()}, "caller"));
    ASSERT_TRUE(town.live(placed.call_sid));
    const auto joined = town.act(placed.call_sid, "join", {{"to", kPerson}, {"label", "expert"}});
    ASSERT_EQ(joined.status, 200) << joined.body;
    const auto expert = joined.body["call_sid"].get<std::string>();
    ASSERT_TRUE(town.in_conference(placed.call_sid, 2));
    const auto coached = town.act(expert, "coach", {{"to", kSecond}});
    ASSERT_EQ(coached.status, 200) << coached.body;
    ASSERT_TRUE(town.in_conference(placed.call_sid, 3));
    std::this_thread::sleep_for(2500ms);
    EXPECT_EQ(town.act(placed.call_sid, "mute").status, 200);
    EXPECT_EQ(town.act(placed.call_sid, "unmute").status, 200);
    EXPECT_EQ(town.act(placed.call_sid, "announce", {{"text", "1500 600"}}).status, 200);
    std::this_thread::sleep_for(1500ms);
    EXPECT_EQ(town.act(expert, "hangup").status, 200);
    EXPECT_EQ(town.act(placed.call_sid, "hangup").status, 200);
    const auto caller = placed.report.get();
    const auto heard_by_expert = town.twilio().carrier().wait_reports(kPerson, 1).at(0);
    EXPECT_GE(heard_ms(caller, 900), 1000) << "the third party is heard";
    EXPECT_GE(heard_ms(heard_by_expert, 1300), 1000) << "the coach is heard by the coached";
    EXPECT_LE(heard_ms(caller, 1300), 100) << "and by nobody else";
    EXPECT_GE(heard_ms(caller, 1500), 300) << "the announcement";
}

TEST(Parking, PositionIsSpokenAndTheCallIsFetchedBack) {
    Town town({{kPerson, answers({pause(500), say(900, 1500)})}});
    auto first = town.twilio().call_in(kNumber, "+14155550100", person({until_hangup()}, "first"));
    auto second = town.twilio().call_in(kNumber, "+14155550101", person({pause(6000), say(1100, 600), pause(1000)}, "second"));
    ASSERT_TRUE(town.live(first.call_sid));
    ASSERT_TRUE(town.live(second.call_sid));
    ASSERT_EQ(town.act(first.call_sid, "park", {{"slot", "blue"}}).status, 200);
    const auto waiting = [&](std::size_t n) {
        return eventually([&] {
            const auto answer = town.get("/v1/queues");
            const auto queues = answer.body.value("queues", json::array());
            for (const auto& queue : queues)
                if (queue["name"] == "park-blue" && queue["waiting"].size() == n) return true;
            return false;
        });
    };
    ASSERT_TRUE(waiting(1));
    ASSERT_EQ(town.act(second.call_sid, "park", {{"slot", "blue"}}).status, 200);
    ASSERT_TRUE(waiting(2));
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(town.act(first.call_sid, "pickup", {{"to", kPerson}}).status, 200);
    EXPECT_EQ(town.act(second.call_sid, "pickup").status, 200);
    const auto one = first.report.get();
    const auto two = second.report.get();
    EXPECT_GE(heard_ms(one, 900), 800) << "fetched to a telephone";
    EXPECT_GE(heard_ms(two, 1100), 400) << "fetched back by its agent";
    const auto said = [](const sim::CallReport& report, const char* words) {
        return std::any_of(report.webhooks.begin(), report.webhooks.end(), [&](const auto& hook) { return hook.document.find(words) != std::string::npos; });
    };
    EXPECT_TRUE(said(one, "You are number one"));
    EXPECT_TRUE(said(two, "You are number two"));
}

TEST(Holding, TheAgentsCallerHearsMusicAndComesBack) {
    Town town({});
    auto placed = town.twilio().call_in(kNumber, "+14155550100", person({pause(4500), say(1100, 600), pause(1200)}, "caller"));
    ASSERT_TRUE(town.live(placed.call_sid));
    ASSERT_EQ(town.act(placed.call_sid, "hold").status, 200);
    EXPECT_TRUE(eventually([&] { return town.get("/v1/calls").body["calls"].empty(); }));
    std::this_thread::sleep_for(500ms);
    const auto back = town.act(placed.call_sid, "resume");
    EXPECT_EQ(back.status, 200) << back.body;
    EXPECT_TRUE(town.live(placed.call_sid));
    EXPECT_GE(heard_ms(placed.report.get(), 1100), 400);
}

}  // namespace
}  // namespace parley::scenarios
