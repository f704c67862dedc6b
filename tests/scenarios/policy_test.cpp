// Who gets in, what the others hear, and that a call ends though nobody here ends it: on both stores.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "gateway_under_test.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/load/process.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "pitch.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kBusy = "<Reject reason=\"busy\"";

class Policy : public OnEachStore {
protected:
    [[nodiscard]] Sections with(std::string agents, const std::string& more = {}) const {
        Sections sections;
        sections.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        sections.agents = std::move(agents);
        sections.more = more + store();
        return sections;
    }
};

json api(GatewayUnderTest& gateway, const std::string& method, const std::string& path, const json& body = nullptr) {
    const auto raw = http(gateway.gateway().admin_port(), method, path,
                          {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}},
                          body.is_null() ? "" : body.dump());
    auto answer = json::parse(raw.body, nullptr, false);
    return {{"status", raw.status}, {"body", answer.is_discarded() ? json(nullptr) : answer}};
}

sim::Form from(const std::string& caller, const std::string& sid = sim::make_sid("CA")) {
    auto form = call_form(sid);
    for (auto& [name, value] : form)
        if (name == "From") value = caller;
    return form;
}

TEST_P(Policy, WhoMayNotCallHearsBusy) {
    GatewayUnderTest gateway(with("  desk: {default: true, brain: echo, policy: {allow: [\"+4930*\", \"client:alice\"], block: [\"+49301\"]}}\n"));
    EXPECT_THAT(gateway.webhook("voice", from("+4930123456")).body, HasSubstr("<Stream"));
    EXPECT_THAT(gateway.webhook("voice", from("client:alice")).body, HasSubstr("<Stream"));
    for (const char* caller : {"+49301", "+4989123456", "+266696687", "Anonymous", ""})
        EXPECT_THAT(gateway.webhook("voice", from(caller)).body, HasSubstr(kBusy)) << caller;
    EXPECT_EQ(gateway.metric("parley_calls_rejected_total{dir=\"in\",reason=\"policy\"}"), 5);
    EXPECT_EQ(gateway.events("call.rejected").size(), 5U);
    const auto sid = sim::make_sid("CA");
    const auto first = gateway.webhook("voice", from("+49301", sid)).body;
    EXPECT_EQ(gateway.webhook("voice", from("+49301", sid)).body, first);
    json record;
    EXPECT_TRUE(eventually([&] {
        record = api(gateway, "GET", "/v1/calls/" + sid)["body"];
        return record.contains("rejection");
    })) << record;
    EXPECT_EQ(record["rejection"]["reason"], "blocked") << record;
}

TEST_P(Policy, CallersWithoutANumberAndClosedHoursHaveTheirOwnAnswers) {
    GatewayUnderTest gateway(
        with("  named: {numbers: [\"+18005551217\"], brain: echo, policy: {anonymous: false}}\n"
             "  closed: {numbers: [\"+18005551218\"], brain: echo, hours: {time_zone: UTC, holidays: [\"01-01..12-31\"], closed: [voicemail], closed_text: We "
             "are closed.}}\n"));
    const auto call = [&](const std::string& caller, const char* number, const std::string& sid) {
        auto form = call_form(sid, "ringing", number);
        for (auto& [name, value] : form)
            if (name == "From") value = caller;
        return gateway.webhook("voice", form).body;
    };
    const auto sid = sim::make_sid("CA");
    EXPECT_THAT(call("Restricted", "+18005551217", sid), HasSubstr(kBusy));
    EXPECT_THAT(call("+86282452253", "+18005551217", sim::make_sid("CA")), HasSubstr(kBusy)) << "what carriers put in its place";
    EXPECT_THAT(call("+4930123456", "+18005551217", sim::make_sid("CA")), HasSubstr("<Stream"));
    EXPECT_THAT(call("+4930123456", "+18005551218", sim::make_sid("CA")), testing::AllOf(HasSubstr("We are closed."), Not(HasSubstr("<Stream"))));
    json record;
    EXPECT_TRUE(eventually([&] {
        record = api(gateway, "GET", "/v1/calls/" + sid)["body"];
        return record.contains("rejection");
    })) << record;
    EXPECT_EQ(record["rejection"]["reason"], "anonymous") << record;
}

TEST_P(Policy, OfTwentyAtOnceTheCapGetsInAndAPlaceGivenBackIsGivenOut) {
    GatewayUnderTest gateway(with("  desk: {default: true, brain: echo, policy: {max_calls: 2, full: busy}}\n"));
    std::vector<std::string> sids;
    std::vector<std::future<HttpAnswer>> asked;
    for (int i = 0; i < 20; ++i) {
        sids.push_back(sim::make_sid("CA"));
        asked.push_back(std::async(std::launch::async, [&gateway, sid = sids.back()] { return gateway.webhook("voice", call_form(sid)); }));
    }
    std::vector<std::string> in;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto body = asked[i].get().body;
        if (body.find("<Stream") != std::string::npos)
            in.push_back(sids[i]);
        else
            EXPECT_THAT(body, HasSubstr(kBusy));
    }
    ASSERT_EQ(in.size(), 2U);
    EXPECT_EQ(gateway.metric("parley_calls_rejected_total{dir=\"in\",reason=\"tenant_quota\"}"), 18);
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr(kBusy));
    EXPECT_TRUE(eventually([&] { return api(gateway, "GET", "/v1/limits")["body"]["agents"][0]["calls"] == 2; }));
    // The caller hung up before the stream came.
    (void)gateway.webhook("status", call_form(in[0], "completed"));
    EXPECT_TRUE(eventually([&] { return gateway.webhook("voice", call_form(sim::make_sid("CA"))).body.find("<Stream") != std::string::npos; }));
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr(kBusy));
}

TEST_P(Policy, AFullAgentsCallsGoWhereItsPolicySays) {
    GatewayUnderTest gateway(
        with("  mailbox: {numbers: [\"+18005551213\"], brain: echo, policy: {max_calls: 1, full: voicemail}}\n"
             "  elsewhere: {numbers: [\"+18005551214\"], brain: echo, policy: {max_calls: 1, full: redirect, full_to: \"+4930123456\"}}\n"
             "  twin: {numbers: [\"+18005551215\"], brain: echo, policy: {max_calls: 1, full: redirect, full_to: \"agent:mailbox\"}}\n"
             "  line: {numbers: [\"+18005551216\"], brain: echo, policy: {max_calls: 1, full: queue}}\n"));
    const auto call = [&](const char* number) { return gateway.webhook("voice", call_form(sim::make_sid("CA"), "ringing", number)).body; };
    for (const char* number : {"+18005551214", "+18005551215", "+18005551216"}) EXPECT_THAT(call(number), HasSubstr("<Stream")) << number;
    EXPECT_THAT(call("+18005551214"), HasSubstr("+4930123456"));
    EXPECT_THAT(call("+18005551215"), HasSubstr("<Stream")) << "the other agent has a place";
    EXPECT_THAT(call("+18005551215"), HasSubstr("<Record")) << "and now it has none";
    EXPECT_THAT(call("+18005551213"), HasSubstr("<Record"));
    const auto queued = call("+18005551216");
    EXPECT_THAT(queued, HasSubstr("<Enqueue"));
    EXPECT_THAT(queued, HasSubstr("full-wait?agent=line"));
    // Whoever waits hears the place in the line and music; with a place free the first one leaves the queue.
    const auto sid = sim::make_sid("CA");
    auto waiting = call_form(sid, "in-progress", "+18005551216");
    waiting.emplace_back("QueuePosition", "2");
    const auto second = gateway.webhook("full-wait?agent=line", waiting).body;
    EXPECT_THAT(second, HasSubstr("You are number 2"));
    EXPECT_THAT(second, HasSubstr("<Play"));
}

// Without a REST account: by what the carrier asks while its caller waits.
TEST_P(Policy, WhoWaitsForAPlaceComesInWhenTheMusicIsOverOrIsForgotten) {
    GatewayUnderTest gateway(with("  line: {default: true, brain: echo, policy: {max_calls: 1, full: queue}}\n"));
    const auto voice = [&](const std::string& sid) { return gateway.webhook("voice", call_form(sid)).body; };
    const auto waits = [&](const std::string& sid, const char* position) {
        auto form = call_form(sid, "in-progress");
        form.emplace_back("QueuePosition", position);
        return gateway.webhook("full-wait?agent=line", form).body;
    };
    const auto left = [&](const std::string& sid, const char* result) {
        auto form = call_form(sid, "in-progress");
        form.emplace_back("QueueResult", result);
        return gateway.webhook("full-left?agent=line", form).body;
    };
    const auto running = [&] { return api(gateway, "GET", "/v1/limits")["body"]["agents"][0]["calls_here"]; };
    const auto row = [&](const std::string& sid) {
        const auto page = api(gateway, "GET", "/v1/history?callsid=" + sid)["body"];
        return page.is_object() && page["calls"].size() == 1 ? page["calls"][0] : json::object();
    };
    const auto ann = sim::make_sid("CA"), bob = sim::make_sid("CA"), cat = sim::make_sid("CA"), dan = sim::make_sid("CA");
    EXPECT_THAT(voice(ann), HasSubstr("<Stream"));
    EXPECT_THAT(voice(bob), HasSubstr("<Enqueue"));
    EXPECT_THAT(voice(cat), HasSubstr("<Enqueue"));
    EXPECT_THAT(waits(bob, "1"), HasSubstr("You are number one"));
    EXPECT_THAT(waits(cat, "2"), HasSubstr("You are number 2"));
    // Had enough of it.
    EXPECT_THAT(left(cat, "hangup"), HasSubstr("<Hangup"));
    (void)gateway.webhook("status", call_form(cat, "completed"));
    EXPECT_TRUE(eventually([&] { return row(cat).value("final", false); }));
    EXPECT_EQ(row(cat)["status"], "realtime_session_rejected") << row(cat);
    EXPECT_EQ(row(cat)["rejectionReason"], "concurrent_limit");
    EXPECT_EQ(row(cat)["rejectionDetail"], "abandoned");
    // The place of the first one is free: whoever waits leaves the queue, to the agent.
    (void)gateway.webhook("status", call_form(ann, "completed"));
    EXPECT_TRUE(eventually([&] { return waits(bob, "1").find("<Leave") != std::string::npos; }));
    EXPECT_THAT(left(bob, "leave"), HasSubstr("<Stream"));
    EXPECT_EQ(gateway.events("policy.called_in").size(), 1U);
    EXPECT_EQ(running(), 1);
    // One who waits and of whom nothing is heard but the carrier's last word stands in nobody's way.
    EXPECT_THAT(voice(dan), HasSubstr("<Enqueue"));
    (void)gateway.webhook("status", call_form(dan, "completed"));
    (void)gateway.webhook("status", call_form(bob, "completed"));
    EXPECT_TRUE(eventually([&] { return running() == 0; }));
    EXPECT_TRUE(eventually([&] { return api(gateway, "GET", "/v1/limits")["body"]["fleet"]["waiting"] == 0; }));
    EXPECT_THAT(voice(sim::make_sid("CA")), HasSubstr("<Stream"));
}

TEST_P(Policy, WhoTakesACallOverStandsInItsRecord) {
    GatewayUnderTest gateway(with("  desk: {default: true, brain: echo}\n  other: {numbers: [\"+18005551213\"], brain: echo}\n"));
    const auto call = [&](const std::string& sid) { return api(gateway, "GET", "/v1/calls/" + sid)["body"].value("call", json::object()); };
    const auto moved = sim::make_sid("CA"), direct = sim::make_sid("CA");
    (void)gateway.webhook("voice", call_form(direct, "ringing", "+18005551213"));
    (void)gateway.webhook("voice", call_form(moved));
    std::string token;
    EXPECT_TRUE(eventually([&] { return !(token = call(direct).value("agent_token", "")).empty() && call(moved).value("agent", "") == "desk"; }));
    EXPECT_NE(call(moved).value("agent_token", ""), token);
    EXPECT_THAT(gateway.webhook("full-go?agent=other", call_form(moved, "in-progress")).body, HasSubstr("<Stream"));
    EXPECT_TRUE(eventually([&] { return call(moved).value("agent", "") == "other"; }));
    EXPECT_EQ(call(moved).value("agent_token", ""), token);
    json row;
    EXPECT_TRUE(eventually([&] {
        const auto page = api(gateway, "GET", "/v1/history?callsid=" + moved)["body"];
        if (page.is_object() && page["calls"].size() == 1) row = page["calls"][0];
        return row.is_object() && row["agenttoken"] == token;
    })) << row;
    EXPECT_EQ(row["agent"], "other");
}

TEST_P(Policy, LimitsOfAgentsMadeByTheApiAreShown) {
    GatewayUnderTest gateway(with("  desk: {default: true, brain: echo}\n"));
    const auto made = api(gateway, "POST", "/v1/agents", {{"name", "late"}, {"document", {{"brain", "echo"}, {"policy", {{"max_calls", 3}}}}}});
    ASSERT_EQ(made["status"], 201) << made;
    json limits;
    EXPECT_TRUE(eventually([&] {
        limits = api(gateway, "GET", "/v1/limits")["body"]["agents"];
        for (const auto& agent : limits)
            if (agent["agent"] == "late") return agent["max_calls"] == 3;
        return false;
    })) << limits;
}

TEST_P(Policy, NobodyIsCalledInTheQuietHours) {
    auto sections =
        with("  desk: {default: true, brain: echo}\n",
             "fleet: {quiet_from: \"00:00\", quiet_to: \"24:00\"}\noutbound: {enabled: true, from: \"+18005551212\", allowed_prefixes: [\"+49\"]}\n");
    sections.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:1\"\n";
    GatewayUnderTest gateway(sections);
    const auto refused = api(gateway, "POST", "/v1/calls", {{"agent", "desk"}, {"to", "+4930123456"}});
    EXPECT_EQ(refused["body"]["error"]["code"], "not_allowed") << refused;
    EXPECT_EQ(gateway.events("dial.denied").size(), 1U);
    EXPECT_EQ(gateway.metric("parley_dials_refused_total{reason=\"quiet_hours\"}"), 1);
}

TEST_P(Policy, Slow_ADaysBudgetIsCountedAndEndsTheDay) {
    GatewayUnderTest gateway(
        with("  desk: {default: true, brain: echo, policy: {full: busy, day: {money: 1.2}}}\n"
             "  timed: {numbers: [\"+18005551219\"], brain: echo, policy: {full: busy, day: {time: 1s}}}\n"
             "  brief: {numbers: [\"+18005551220\"], brain: echo, policy: {call: {time: 2s}}}\n",
             "fleet: {currency: EUR, call_per_minute: 60}\n"));
    sim::SimCarrier carrier(gateway.carrier());
    const auto elsewhere = [&](const char* number, std::vector<sim::Step> steps) {
        auto plan = gateway.plan(sim::test::person(std::move(steps)));
        plan.to = number;
        return carrier.place_call(plan);
    };
    auto timed = elsewhere("+18005551219", {sim::test::pause(1500), {sim::HangupStep{}, {}}}), brief = elsewhere("+18005551220", {sim::test::until_hangup()});
    const auto brief_sid = brief.call_sid;
    const auto report = carrier.place_call(gateway.plan(sim::test::person({sim::test::pause(1500), {sim::HangupStep{}, {}}}))).report.get();
    ASSERT_EQ(report.status, "completed");
    json record;
    EXPECT_TRUE(eventually([&] {
        record = api(gateway, "GET", "/v1/calls/" + report.call_sid)["body"];
        return record.contains("usage");
    })) << record;
    EXPECT_GT(record["usage"][0]["cost"].get<double>(), 1.2) << record;
    EXPECT_EQ(record["usage"][0]["currency"], "EUR");
    const auto sid = sim::make_sid("CA");
    EXPECT_THAT(gateway.webhook("voice", call_form(sid)).body, HasSubstr(kBusy));
    EXPECT_TRUE(eventually([&] {
        record = api(gateway, "GET", "/v1/calls/" + sid)["body"];
        return record.contains("rejection");
    }));
    EXPECT_EQ(record["rejection"]["reason"], "budget");
    EXPECT_EQ(record["rejection"]["detail"], "agent");
    json usage;
    EXPECT_TRUE(eventually([&] {
        usage = api(gateway, "GET", "/v1/usage?agent=desk")["body"];
        return usage.is_object() && usage["total"]["calls"] == 1 && usage["total"]["money"].get<double>() > 1.2;
    })) << usage;
    EXPECT_EQ(api(gateway, "GET", "/v1/usage?day=yesterday")["status"], 400);
    // By time: the day's is used up as well, and a call's own ends it.
    EXPECT_EQ(timed.report.get().status, "completed");
    EXPECT_TRUE(
        eventually([&] { return gateway.webhook("voice", call_form(sim::make_sid("CA"), "ringing", "+18005551219")).body.find(kBusy) != std::string::npos; }));
    EXPECT_NE(brief.report.get().ended_by, "caller");
    EXPECT_TRUE(eventually([&] {
        record = api(gateway, "GET", "/v1/calls/" + brief_sid)["body"];
        return record.contains("end");
    })) << record;
    EXPECT_EQ(record["end"]["reason"], "max_duration") << record;
}

TEST_P(Policy, Slow_TheCarrierEndsACallThatAStoppedGatewayDoesNotEnd) {
    const auto directory = std::filesystem::path(testing::TempDir()) / ("parley-limit-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    const auto port = load::free_loopback_port(), admin = load::free_loopback_port(), rest = load::free_loopback_port();
    std::ofstream(directory / "parley.yaml")
        << "version: 1\nserver: {listen: \"127.0.0.1:" << port << "\", admin_listen: \"127.0.0.1:" << admin << "\", public_url: \"https://" << kHost
        << "\", data_dir: \"" << directory.string() << "\", workers: 1}\n"
        << store() << "twilio: {auth_tokens: [\"" << kToken << "\"], account_sids: [\"" << kAccount << "\"], api_base_url: \"http://127.0.0.1:" << rest
        << "\"}\nagents:\n  desk: {default: true, brain: echo, max_call: 3s, conversation: {max_duration: 3s}, policy: {carrier_margin: 1s}}\n";
    const auto log = (directory / "log").string();
    std::ofstream(log).flush();
    auto gateway = load::Child::spawn({PARLEY_BIN, "serve", "--config", (directory / "parley.yaml").string()}, {}, -1, log);
    ASSERT_TRUE(load::wait_ready(admin, gateway, 20s));
    sim::FakeTwilioOptions options;
    options.port = rest;
    options.carrier.account_sid = kAccount;
    options.carrier.auth_token = Secret(kToken);
    options.carrier.balancer = {kHost, "127.0.0.1", port};
    sim::NumberEntry desk;
    desk.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
    options.numbers[kNumber] = desk;
    sim::FakeTwilio twilio(std::move(options));
    auto call = twilio.call_in(kNumber, "+14155550100", sim::test::person({sim::test::until_hangup()}));
    const auto told = [&] {
        const auto requests = json::parse(twilio.requests(), nullptr, false);
        for (const auto& request : requests.is_array() ? requests : requests.value("requests", json::array()))
            if (request.dump().find("TimeLimit") != std::string::npos) return true;
        return false;
    };
    EXPECT_TRUE(eventually(told)) << twilio.requests();
    // Its loops stand still: nothing of it ends this call any more.
    ASSERT_EQ(::kill(gateway.pid(), SIGSTOP), 0);
    ASSERT_EQ(call.report.wait_for(60s), std::future_status::ready);  // its callbacks wait for a process that stands still
    const auto report = call.report.get();
    EXPECT_EQ(report.ended_by, "limit");
    EXPECT_TRUE(report.failures.empty()) << report.failures.front();
    ::kill(gateway.pid(), SIGKILL);
    twilio.stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

ON_EACH_STORE(Policy);

}  // namespace
}  // namespace parley::scenarios
