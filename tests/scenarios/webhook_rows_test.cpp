// Rows of the failure catalogue about webhooks that need more than one gateway, something in front of it, or something missing. The other rows of the
// group are named W1 … W22 in webhooks_test.cpp, tests/twilio, tests/net, tests/rest and control_test.cpp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "balancer.hpp"
#include "gateway_under_test.hpp"
#include "parley/sim/identifiers.hpp"
#include "parley/sim/signature.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

HttpAnswer through(std::uint16_t port, const std::string& route, const sim::Form& form, const std::string& idempotency = {}) {
    const std::string target = "/webhooks/twilio/" + route;
    std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                                                             {"X-Twilio-Signature", sim::sign(kToken, std::string("https://") + kHost + target, form)}};
    if (!idempotency.empty()) headers.emplace_back("I-Twilio-Idempotency-Token", idempotency);
    return http(port, "POST", target, headers, sim::encode_form(form));
}

// The retry lands on the other instance: the same bytes, so that it does not matter which of the answers Twilio takes; and the call is served.
TEST(WebhookRows, W2_TheRetryOnAnotherInstanceGetsTheSameBytes) {
    GatewayUnderTest first, second;
    const Haproxy balancer({first.port(), second.port()});
    int alike = 0;
    for (int round = 0; round < 6; ++round) {
        const auto sid = sim::make_sid("CA");
        const auto one = through(balancer.port(), "voice", call_form(sid), "11111111-2222-3333-4444-" + std::to_string(100000000000 + round));
        const auto two = through(balancer.port(), "voice", call_form(sid), "11111111-2222-3333-4444-" + std::to_string(100000000000 + round));
        ASSERT_EQ(one.status, 200);
        ASSERT_EQ(two.status, 200);
        EXPECT_THAT(one.body, HasSubstr("<Stream"));
        if (one.body == two.body) ++alike;
    }
    // A token's time of issue is rounded to half a minute: one pair may stand on the border.
    EXPECT_GE(alike, 5);
    EXPECT_EQ(first.events("webhook.answered").size(), 6U);
    EXPECT_EQ(second.events("webhook.answered").size(), 6U);

    // A whole call through the balancer: webhook on one instance, stream on the other, tail on the first again.
    auto options = first.carrier();
    options.balancer.port = balancer.port();
    sim::SimCarrier carrier(options);
    const auto report = carrier.place_call(first.plan(steps({pause(400), hang_up()}))).report.get();
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(report.notifications.empty());
    EXPECT_TRUE(eventually([&] { return first.events("call.ended").size() + second.events("call.ended").size() == 1; }));
}

struct Mangling {
    const char* name;
    const char* rule;
    const char* hint;
};
class ManglingProxy : public testing::TestWithParam<Mangling> {};

// A proxy that changes what was signed is told apart from a forger.
TEST_P(ManglingProxy, W5_IsNamedInTheLog) {
    GatewayUnderTest gateway;
    const Haproxy proxy({gateway.port()}, GetParam().rule);
    const auto answer = through(proxy.port(), "voice", call_form(sim::make_sid("CA")));
    EXPECT_EQ(answer.status, 403);
    const auto lines = gateway.events("security.bad_signature");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["hint"], GetParam().hint);
    EXPECT_EQ(gateway.metric("parley_calls_started_total{dir=\"in\"}"), 0);
}
INSTANTIATE_TEST_SUITE_P(rules, ManglingProxy,
                         testing::Values(Mangling{"query", "  http-request set-query added=1\n", "none"},
                                         Mangling{"another_route", "  http-request set-path /webhooks/twilio/after\n", "none"}),
                         [](const auto& c) { return std::string(c.param.name); });

// What a proxy does to the host, or to the port, is no matter: the address is configured, not read from the request.
TEST(WebhookRows, W5_AHostChangedOnTheWayIsNoMatter) {
    GatewayUnderTest gateway;
    const Haproxy proxy({gateway.port()}, "  http-request set-header Host internal.example.test:8080\n  http-request set-header X-Forwarded-Proto http\n");
    EXPECT_EQ(through(proxy.port(), "voice", call_form(sim::make_sid("CA"))).status, 200);
    EXPECT_TRUE(gateway.events("security.bad_signature").empty());
}

// A wrong public URL: the log says which spelling would have been right.
TEST(WebhookRows, W5_AWrongPublicUrlIsDiagnosed) {
    GatewayUnderTest gateway;
    const auto form = call_form(sim::make_sid("CA"));
    for (const auto& [url, hint] : {std::pair{std::string("http://") + kHost + "/webhooks/twilio/voice", "other_scheme"},
                                    {std::string("https://") + kHost + "/webhooks/twilio/voice/", "other_slash"}}) {
        const auto answer =
            http(gateway.port(), "POST", "/webhooks/twilio/voice",
                 {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Twilio-Signature", sim::sign(kToken, url, form)}}, sim::encode_form(form));
        EXPECT_EQ(answer.status, 403);
        EXPECT_EQ(gateway.events("security.bad_signature").back()["hint"], hint);
    }
    EXPECT_EQ(gateway.metric("parley_webhook_signature_failures_total{reason=\"url_mismatch\"}"), 2);
}

// Nothing can be kept: the call is answered and served as ever, and the loss is told once.
TEST(WebhookRows, W11_ARecordThatCannotBeWrittenHoldsUpNobody) {
    Sections setup;
    setup.more = "store:\n  url: \"sqlite:/proc/none/parley.db\"\n  ignore: true\n";
    setup.prepare = [](const std::filesystem::path& data) { std::ofstream(data / "spool") << "a file where the directory would be"; };
    GatewayUnderTest gateway(setup);
    sim::SimCarrier carrier(gateway.carrier());
    const auto report = carrier.place_call(gateway.plan(steps({pause(300), hang_up()}))).report.get();
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(report.notifications.empty());
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_store_write_errors_total{kind=\"record\"}") >= 1; }));
    EXPECT_FALSE(gateway.events("store.full").empty());
}

// No status callback ever comes: the call is over by its socket, and nothing stays counted.
TEST(WebhookRows, W13_WithoutAFinalCallbackTheSocketEndsTheCall) {
    GatewayUnderTest gateway;
    auto options = gateway.carrier();
    options.callbacks.dropped = 1;
    sim::SimCarrier carrier(options);
    const auto report = carrier.place_call(gateway.plan(steps({pause(300), hang_up()}))).report.get();
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(eventually([&] { return gateway.events("call.ended").size() == 1; }));
    EXPECT_EQ(gateway.metric("parley_calls_active{dir=\"in\"}"), 0);
}

class StreamErrors : public testing::TestWithParam<const char*> {};
TEST_P(StreamErrors, W15_AreCountedByCode) {
    GatewayUnderTest gateway;
    auto form = call_form(sim::make_sid("CA"), "in-progress");
    form.emplace_back("StreamSid", sim::make_sid("MZ"));
    form.emplace_back("StreamEvent", "stream-error");
    form.emplace_back("StreamErrorCode", GetParam());
    form.emplace_back("StreamError", "what happened");
    EXPECT_EQ(gateway.webhook("stream", form).status, 204);
    EXPECT_EQ(gateway.metric("parley_twilio_errors_total{code=\"" + std::string(GetParam()) + "\"}"), 1);
    ASSERT_EQ(gateway.events("stream.error").size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(codes, StreamErrors,
                         testing::Values("31901", "31902", "31903", "31904", "31910", "31920", "31921", "31924", "31930", "31931", "31950", "31951"),
                         [](const auto& c) { return std::string(c.param); });

TEST(WebhookRows, W15_AnUnknownCodeMakesNoNewSeries) {
    GatewayUnderTest gateway;
    for (int i = 0; i < 50; ++i) {
        auto form = call_form(sim::make_sid("CA"), "in-progress");
        form.emplace_back("StreamEvent", "stream-error");
        form.emplace_back("StreamErrorCode", std::to_string(90000 + i));
        EXPECT_EQ(gateway.webhook("stream", form).status, 204);
    }
    EXPECT_EQ(gateway.metric("parley_twilio_errors_total{code=\"other\"}"), 50);
}

// The fallback depends on nothing: fixed words, and an alarm with the code.
TEST(WebhookRows, W20_TheFallbackAnswersWithoutAnything) {
    GatewayUnderTest gateway(with_limits("  max_calls: 1\n"));
    auto form = call_form(sim::make_sid("CA"));
    form.emplace_back("ErrorCode", "11200");
    form.emplace_back("ErrorUrl", std::string("https://") + kHost + "/webhooks/twilio/voice");
    const auto answer = gateway.webhook("fallback", form);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("<Say>"));
    EXPECT_THAT(answer.body, HasSubstr("<Hangup"));
    EXPECT_THAT(answer.body, Not(HasSubstr("Stream")));
    EXPECT_EQ(gateway.events("twilio.fallback_invoked").size(), 1U);
    EXPECT_EQ(gateway.metric("parley_twilio_errors_total{code=\"11200\"}"), 1);
    // And so a real call hears it when the main answer cannot be had.
    auto plan = gateway.plan(nullptr);
    plan.voice_url = "https://" + std::string(kHost) + "/webhooks/twilio/nothing-here";
    plan.fallback_url = "https://" + std::string(kHost) + "/webhooks/twilio/fallback";
    auto options = gateway.carrier();
    options.speed = 4;
    sim::SimCarrier carrier(options);
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.status, "completed");
    ASSERT_EQ(report.webhooks.size(), 2U);
    EXPECT_EQ(report.webhooks[1].status, 200);
}

}  // namespace
}  // namespace parley::scenarios
