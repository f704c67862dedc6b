// Twilio's requests as they come on bad days: twice, late, forged, for nobody, when the house is full or closing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_server.hpp"
#include "gateway_under_test.hpp"
#include "raw_stream.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

// The token parameters of an answer, as the carrier would put them into `start`.
std::map<std::string, std::string> parameters_of(const std::string& document) {
    std::map<std::string, std::string> out;
    const std::string open = "<Parameter name=\"", middle = "\" value=\"";
    for (auto at = document.find(open); at != std::string::npos; at = document.find(open, at + 1)) {
        const auto name = at + open.size(), name_end = document.find('"', name);
        const auto value = name_end + middle.size(), value_end = document.find('"', value);
        out[document.substr(name, name_end - name)] = document.substr(value, value_end - value);
    }
    return out;
}

TEST(Webhooks, W1_TheSameCallDeliveredAgainGetsTheSameBytes) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA");
    const auto first = gateway.webhook("voice", call_form(sid), {}, "11111111-2222-3333-4444-555555555555");
    ASSERT_EQ(first.status, 200);
    for (int i = 0; i < 5; ++i) {
        const auto again = gateway.webhook("voice", call_form(sid), {}, i % 2 == 0 ? "11111111-2222-3333-4444-555555555555" : "");
        EXPECT_EQ(again.status, 200);
        EXPECT_EQ(again.body, first.body);
    }
    EXPECT_EQ(gateway.metric("parley_webhook_duplicates_total"), 5);
    EXPECT_EQ(gateway.events("webhook.answered").size(), 1U);
    EXPECT_NE(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, first.body) << "another call has a token of its own";
}

TEST(Webhooks, W1_TheSameCallDeliveredTwiceAtOnceGetsTheSameBytesAndIsOneCall) {
    const GatewayUnderTest gateway(with_limits("  max_calls: 20\n"));
    for (int round = 0; round < 10; ++round) {
        const auto sid = sim::make_sid("CA");
        std::vector<std::future<HttpAnswer>> asked;
        for (int i = 0; i < 6; ++i)
            asked.push_back(std::async(std::launch::async, [&, i] { return gateway.webhook("voice", call_form(sid), {}, "token-" + std::to_string(i)); }));
        std::set<std::string> bodies;
        for (auto& answer : asked) bodies.insert(answer.get().body);
        EXPECT_EQ(bodies.size(), 1U);
        EXPECT_THAT(*bodies.begin(), HasSubstr("<Stream"));
    }
    // Ten calls have their place, not sixty: ten more are taken, the next one is not.
    for (int i = 0; i < 10; ++i) EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Stream"));
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Reject reason=\"busy\""));
}

TEST(Webhooks, W3_ACallThatIsOverStaysOver) {
    const GatewayUnderTest gateway;
    sim::SimCarrier carrier(gateway.carrier());
    const auto report = carrier.place_call(gateway.plan(steps({pause(300), hang_up()}))).report.get();
    ASSERT_EQ(report.status, "completed");
    ASSERT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    ASSERT_FALSE(report.webhooks.empty());

    const auto replayed = gateway.webhook("voice", report.webhooks[0].form);
    EXPECT_EQ(replayed.status, 200);
    EXPECT_THAT(replayed.body, HasSubstr("<Response><Hangup"));
    EXPECT_FALSE(gateway.events("security.replay").empty());
    EXPECT_EQ(gateway.metric("parley_security_events_total{kind=\"replay\"}"), 1);
    // The tail and the callbacks of that call, played back, change nothing either.
    EXPECT_THAT(gateway.webhook("after?agent=desk&resume=0", call_form(report.call_sid, "completed")).body, HasSubstr("<Response><Hangup"));
    EXPECT_EQ(gateway.webhook("status", call_form(report.call_sid, "completed")).status, 204);
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 1);
}

struct Forged {
    const char* name;
    Signing signing;
    int status;
    const char* reason;
};
class ForgedWebhook : public testing::TestWithParam<Forged> {};
TEST_P(ForgedWebhook, W4_StartsNothing) {
    const GatewayUnderTest gateway;
    for (const auto* route : {"voice", "after?agent=desk&resume=0", "status", "stream", "recorded", "fallback"}) {
        const auto sid = sim::make_sid("CA");
        const auto answer = gateway.webhook(route, call_form(sid), GetParam().signing);
        EXPECT_EQ(answer.status, GetParam().status) << route;
        EXPECT_EQ(answer.body, "") << route;
    }
    EXPECT_EQ(gateway.metric(std::string("parley_webhook_signature_failures_total{reason=\"") + GetParam().reason + "\"}"), 6);
    const auto lines = gateway.events("security.bad_signature");
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines[0]["remote"], "127.0.0.1");
    for (const auto& line : gateway.log().lines()) EXPECT_THAT(line, Not(HasSubstr(kToken)));
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 0);
}
INSTANTIATE_TEST_SUITE_P(cases, ForgedWebhook,
                         testing::Values(Forged{"missing", {.token = "", .spoiled = {}}, 400, "missing"},
                                         Forged{"garbage", {.token = {}, .spoiled = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, 403, "mismatch"},
                                         Forged{"not_base64", {.token = {}, .spoiled = "%%%"}, 403, "mismatch"},
                                         Forged{"foreign_token", {.token = "99999999999999999999999999999999", .spoiled = {}}, 403, "mismatch"}),
                         [](const auto& c) { return c.param.name; });

TEST(Webhooks, W4_TheUpgradeIsSignedToo) {
    const GatewayUnderTest gateway;
    EXPECT_EQ(RawStream(gateway, {.signature_token = "", .spoiled = {}, .origin = {}}).status(), 403);
    EXPECT_EQ(RawStream(gateway, {.signature_token = "99999999999999999999999999999999", .spoiled = {}, .origin = {}}).status(), 403);
    EXPECT_EQ(RawStream(gateway, {.signature_token = {}, .spoiled = "%%%", .origin = {}}).status(), 403);
    EXPECT_EQ(gateway.metric("parley_stream_rejected_total{reason=\"signature\"}"), 3);
    EXPECT_EQ(gateway.metric("parley_streams_active"), 0);
    EXPECT_TRUE(RawStream(gateway).open()) << "rightly signed";
}

TEST(Webhooks, ASignatureHoldsForItsOwnBodyAndUrlOnly) {
    const GatewayUnderTest gateway;
    const auto form = call_form(sim::make_sid("CA"));
    auto other = form;
    sim::set_field(other, "To", "+18005550000");
    const std::string base = std::string("https://") + kHost;
    EXPECT_EQ(gateway.webhook("voice", other, {.token = {}, .spoiled = sim::sign(kToken, base + "/webhooks/twilio/voice", form)}).status, 403);
    EXPECT_EQ(gateway.webhook("voice", form, {.token = {}, .spoiled = sim::sign(kToken, base + "/webhooks/twilio/status", form)}).status, 403);
    EXPECT_EQ(
        gateway.webhook("voice", form, {.token = {}, .spoiled = sim::sign(kToken, "http://" + std::string(kHost) + "/webhooks/twilio/voice", form)}).status,
        403);
    EXPECT_EQ(gateway.webhook("voice", form).status, 200);
}

TEST(Webhooks, W6_TwoTokensHoldWhileOneIsBeingRotated) {
    Sections both;
    both.tokens = {kToken, kOldToken};
    GatewayUnderTest gateway(both);
    EXPECT_EQ(gateway.webhook("voice", call_form(sim::make_sid("CA")), {.token = kOldToken, .spoiled = {}}).status, 200);
    EXPECT_EQ(gateway.webhook("voice", call_form(sim::make_sid("CA")), {.token = kToken, .spoiled = {}}).status, 200);
    EXPECT_TRUE(RawStream(gateway, {.signature_token = kOldToken, .spoiled = {}, .origin = {}}).open());
    // A whole call whose every request still carries the old one.
    auto options = gateway.carrier();
    options.auth_token = Secret(kOldToken);
    sim::SimCarrier carrier(options);
    const auto report = carrier.place_call(gateway.plan(steps({pause(300), hang_up()}))).report.get();
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(report.notifications.empty());

    ASSERT_FALSE(gateway.events("auth.token_in_use").empty());
    EXPECT_EQ(gateway.events("auth.token_in_use")[0]["index"], 1);

    // The rotation is over: a reload drops the old one.
    gateway.write_config(Sections{});
    ::raise(SIGHUP);
    ASSERT_TRUE(eventually([&] { return !gateway.events("config.reloaded").empty(); }));
    EXPECT_EQ(gateway.webhook("voice", call_form(sim::make_sid("CA")), {.token = kOldToken, .spoiled = {}}).status, 403);
    EXPECT_EQ(gateway.webhook("voice", call_form(sim::make_sid("CA")), {.token = kToken, .spoiled = {}}).status, 200);
}

TEST(Webhooks, W9_NobodysNumberAndAStrangersAccountAreRejected) {
    Sections setup;
    setup.agents = "  desk: {numbers: [\"+18005551212\"], brain: echo}\n";
    setup.more = "";
    const GatewayUnderTest gateway(setup);
    const auto answer = gateway.webhook("voice", call_form(sim::make_sid("CA"), "ringing", "+18005559999"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("<Response><Reject reason=\"rejected\""));
    EXPECT_EQ(gateway.metric("parley_calls_rejected_total{dir=\"in\",reason=\"unknown_number\"}"), 1);
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Stream"));

    sim::SimCarrier carrier(gateway.carrier());
    auto plan = gateway.plan();
    plan.to = "+18005559999";
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.ended_by, "reject");
    EXPECT_EQ(report.status, "no-answer");
    EXPECT_FALSE(report.answered_ms) << "a rejected call is never picked up";
}

TEST(Webhooks, W9_AnAccountThatIsNotOursIsRejected) {
    Sections setup;
    setup.tokens = {std::string(kToken) + "\"]\n  account_sids: [\"" + kAccount};  // one more key of the section
    const GatewayUnderTest gateway(setup);
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"), "ringing", kNumber, "AC000000000000000000000000000000ff")).body,
                HasSubstr("<Reject reason=\"rejected\""));
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Stream"));
}

TEST(Webhooks, W10_AFullHouseIsBusyAtOnceAndEmptiesAgain) {
    const GatewayUnderTest gateway(with_limits("  max_calls: 2\n"));
    sim::SimCarrier carrier(gateway.carrier());
    std::vector<sim::SimCarrier::Placed> calls;
    for (int i = 0; i < 2; ++i) calls.push_back(carrier.place_call(gateway.plan()));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 2; }));
    EXPECT_EQ(gateway.metric("parley_calls_limit"), 2);

    std::chrono::microseconds worst{0};
    for (int i = 0; i < 20; ++i) {
        const auto answer = gateway.webhook("voice", call_form(sim::make_sid("CA")));
        EXPECT_THAT(answer.body, HasSubstr("<Response><Reject reason=\"busy\""));
        worst = std::max(worst, answer.took);
    }
    RecordProperty("worst_busy_answer_us", static_cast<int>(worst.count()));
    std::printf("worst busy answer of 20: %.1f ms\n", static_cast<double>(worst.count()) / 1000);
    EXPECT_EQ(gateway.metric("parley_calls_rejected_total{dir=\"in\",reason=\"capacity\"}"), 20);
    const auto turned_away = carrier.place_call(gateway.plan()).report.get();
    EXPECT_EQ(turned_away.status, "busy");
    EXPECT_EQ(gateway.admin("/readyz").status, 200) << "a full house is healthy";

    for (auto& call : calls) EXPECT_EQ(carrier.end_call(call.call_sid), sim::CallUpdate::done);
    for (auto& call : calls) EXPECT_EQ(call.report.get().status, "completed");
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_THAT(gateway.webhook("voice", call_form(sim::make_sid("CA"))).body, HasSubstr("<Stream")) << "there is room again";
}

TEST(Webhooks, W14_CompletedEndsACallWhoseSocketIsStillOpen) {
    const GatewayUnderTest gateway;
    const auto sid = sim::make_sid("CA");
    const auto document = gateway.webhook("voice", call_form(sid)).body;
    RawStream stream(gateway);
    ASSERT_TRUE(stream.open());
    stream.start(sid, parameters_of(document));
    stream.media(0x20);
    EXPECT_EQ(stream.next_audio(), std::string(160, 0x20));
    EXPECT_EQ(gateway.webhook("status", call_form(sid, "completed")).status, 204);
    EXPECT_EQ(stream.close_code(), 1000U);
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");
}

TEST(Webhooks, W12_StatusCallbacksInAnyOrderAndNumberDisturbNothing) {
    const GatewayUnderTest gateway;
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    options.callbacks.order = sim::CallbackWeather::Order::shuffled;
    options.callbacks.duplicated = 1;
    sim::SimCarrier carrier(options);
    auto plan = gateway.plan(steps({say("noise 5 600"), pause(300), hang_up()}));
    plan.direction = "outbound-api";
    plan.status_callback_events = {"initiated", "ringing", "answered", "completed"};
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.status, "completed");
    for (const auto& callback : report.callbacks) EXPECT_EQ(callback.status, 204) << callback.kind;
    EXPECT_GE(report.callbacks.size(), 8U);
    // Before any webhook, and of a call nobody knows.
    for (const auto* status : {"completed", "ringing", "in-progress", "busy", "nonsense"})
        EXPECT_EQ(gateway.webhook("status", call_form(sim::make_sid("CA"), status)).status, 204);
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 1);
}

TEST(Webhooks, W18_ADrainingGatewayStillAnswers) {
    GatewayUnderTest gateway(with_server("  drain: 20s\n"));
    sim::SimCarrier carrier(gateway.carrier());
    auto live = carrier.place_call(gateway.plan());
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    gateway.gateway().stop();
    ASSERT_TRUE(eventually([&] { return gateway.admin("/readyz").status == 503; }));
    const auto answer = gateway.webhook("voice", call_form(sim::make_sid("CA")));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("url=\"wss://voice.example.test/webhooks/twilio/media\""));
    EXPECT_EQ(gateway.events("webhook.answered").back()["draining"], true);
    EXPECT_EQ(gateway.metric("parley_draining"), 1);
    EXPECT_EQ(carrier.end_call(live.call_sid), sim::CallUpdate::done);
    EXPECT_EQ(live.report.get().status, "completed");
}

TEST(Webhooks, WhatIsNoWebhookIsRefusedWithoutABody) {
    const GatewayUnderTest gateway;
    EXPECT_EQ(http(gateway.port(), "PUT", "/webhooks/twilio/voice").status, 405);
    EXPECT_EQ(http(gateway.port(), "POST", "/webhooks/twilio/voice", {{"Content-Type", "application/json"}}, "{}").status, 415);
    EXPECT_EQ(http(gateway.port(), "POST", "/webhooks/twilio/unknown").status, 404);
    EXPECT_EQ(http(gateway.port(), "GET", "/").status, 404);
    EXPECT_EQ(http(gateway.port(), "GET", "/metrics").status, 404) << "metrics are the admin listener's";
    EXPECT_EQ(gateway.webhook("voice", {{"AccountSid", kAccount}, {"CallSid", "CA1"}}).status, 400);
    EXPECT_EQ(gateway.webhook("voice", {}).status, 400);
}

}  // namespace
}  // namespace parley::scenarios
