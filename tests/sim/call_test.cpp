// Whole calls against a scripted application. The line runs ten times faster than real; nothing here looks at a wall
// clock.

#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/carrier.hpp"
#include "parley/sim/signature.hpp"
#include "parley/sim/url.hpp"

namespace parley::sim {
namespace {

using test::AppServer;
using test::reply;
using test::Seen;
using test::StreamPeer;
using test::twiml;

constexpr const char* kToken = "5f2a9c0d7b1e4863a0c9d2f17e6b5a48";

CarrierOptions quick() {
    CarrierOptions options;
    options.auth_token = Secret(kToken);
    options.previous_auth_token = Secret("00000000000000000000000000000000");
    options.speed = 10;
    options.queue_time = milliseconds(2000);
    return options;
}

CallPlan to(std::string url) {
    CallPlan plan;
    plan.voice_url = std::move(url);
    return plan;
}

CallReport call(CarrierOptions options, CallPlan plan) {
    SimCarrier carrier(std::move(options));
    return carrier.place_call(std::move(plan)).report.get();
}

std::shared_ptr<const Scenario> steps(const std::string& yaml) {
    return parse_scenario("steps:\n" + yaml, "test.yaml");
}

TEST(Webhook, HasTheCarriersHeadersAndAValidSignature) {
    AppServer app([](const Seen&) { return twiml("<Hangup/>"); });
    const auto url = app.url("/voice?tenant=a%20b");
    const auto report = call(quick(), to(url + "#rc=2&ct=900"));
    EXPECT_EQ(report.status, "completed");
    ASSERT_EQ(app.requests().size(), 1u);
    const auto seen = app.requests()[0];
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.target, "/voice?tenant=a%20b") << "the fragment is never sent";
    EXPECT_EQ(seen.header("User-Agent"), "TwilioProxy/1.1");
    EXPECT_EQ(seen.header("Accept"), "*/*");
    EXPECT_EQ(seen.header("Accept-Encoding"), "gzip");
    EXPECT_EQ(seen.header("Content-Type"), "application/x-www-form-urlencoded; charset=UTF-8");
    EXPECT_EQ(seen.header("I-Twilio-Idempotency-Token").size(), 36u);
    EXPECT_EQ(seen.header("X-Home-Region"), "us1");
    EXPECT_EQ(seen.header("X-Twilio-Signature"), sign(kToken, url, seen.form));
    EXPECT_EQ(value_of(seen.form, "CallSid"), report.call_sid);
    EXPECT_EQ(value_of(seen.form, "CallStatus"), "ringing");
    EXPECT_EQ(value_of(seen.form, "Direction"), "inbound");
    EXPECT_TRUE(has_field(seen.form, "ToCity")) << "geo fields are there, partly empty";
    EXPECT_EQ(value_of(seen.form, "ToCity"), "");
}

TEST(Webhook, SignatureOptions) {
    AppServer app([](const Seen&) { return twiml("<Hangup/>"); });
    for (const auto mode : {SignatureMode::wrong, SignatureMode::missing, SignatureMode::stale_token}) {
        auto options = quick();
        options.signature = mode;
        (void)call(std::move(options), to(app.url("/voice")));
    }
    const auto seen = app.requests();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_NE(seen[0].header("X-Twilio-Signature"), sign(kToken, app.url("/voice"), seen[0].form));
    EXPECT_EQ(seen[0].header("X-Twilio-Signature").size(), 28u);
    EXPECT_EQ(seen[1].header("X-Twilio-Signature"), "");
    EXPECT_EQ(seen[2].header("X-Twilio-Signature"), sign("00000000000000000000000000000000", app.url("/voice"), seen[2].form));
}

TEST(Webhook, GetAppendsTheParametersAndSignsThem) {
    AppServer app([](const Seen&) { return twiml("<Hangup/>"); });
    auto plan = to(app.url("/voice?x=1"));
    plan.voice_method = "GET";
    (void)call(quick(), plan);
    const auto seen = app.requests()[0];
    EXPECT_EQ(seen.method, "GET");
    EXPECT_TRUE(seen.target.starts_with("/voice?x=1&AccountSid="));
    EXPECT_EQ(seen.header("X-Twilio-Signature"), sign(kToken, app.url(seen.target)));
}

TEST(Webhook, FollowsRedirectsWithGetAndWithoutParametersAndKeepsCookies) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") {
            auto out = reply("", "", 302);
            out.set(test::http::field::location, "/moved?a=1");
            out.insert("Set-Cookie", "call=7; Path=/; HttpOnly");
            return out;
        }
        if (seen.path() == "/moved") return twiml("<Redirect>next</Redirect>");
        return twiml("<Hangup/>");
    });
    (void)call(quick(), to(app.url("/voice")));
    const auto seen = app.requests();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[1].method, "GET");
    EXPECT_EQ(seen[1].target, "/moved?a=1");
    EXPECT_EQ(seen[1].header("X-Twilio-Signature"), sign(kToken, app.url("/moved?a=1")));
    EXPECT_EQ(seen[1].header("Cookie"), "call=7");
    EXPECT_EQ(seen[2].target, "/next") << "relative to where the document really was";
    EXPECT_EQ(value_of(seen[2].form, "CallStatus"), "in-progress");
}

TEST(Webhook, EndlessRedirectsAreGivenUp) {
    AppServer app([](const Seen&) {
        auto out = reply("", "", 307);
        out.set(test::http::field::location, "/again");
        return out;
    });
    const auto report = call(quick(), to(app.url("/voice")));
    EXPECT_TRUE(report.has_notification(11215));
    EXPECT_EQ(app.requests().size(), static_cast<std::size_t>(kMaxRedirects) + 1);
}

TEST(Webhook, RetriesOnlyWhatThePolicyAllowsWithOneToken) {
    AppServer app([](const Seen&) { return reply("no", "text/plain", 503); });
    EXPECT_EQ(call(quick(), to(app.url("/voice"))).webhooks[0].attempts, 1) << "by default a 5xx is not retried";
    (void)call(quick(), to(app.url("/retry#rc=3&rp=5xx")));
    const auto seen = app.requests("/retry");
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_EQ(seen[0].header("I-Twilio-Idempotency-Token"), seen[3].header("I-Twilio-Idempotency-Token"));
}

TEST(Webhook, ASlowAnswerBringsTheSameRequestAgain) {
    std::atomic<int> count{0};
    AppServer app([&](const Seen& seen) {
        if (seen.path() == "/voice" && count++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(600));
        return twiml("<Hangup/>");
    });
    auto options = quick();
    options.webhook_faults = {milliseconds(2000), 1};
    const auto report = call(std::move(options), to(app.url("/voice")));
    EXPECT_EQ(report.ended_by, "document");
    const auto seen = app.requests("/voice");
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].header("I-Twilio-Idempotency-Token"), seen[1].header("I-Twilio-Idempotency-Token"));
    EXPECT_EQ(report.webhooks[0].attempts, 2);
}

TEST(Webhook, AnswersAChallengeWithTheCredentialsOfTheUrl) {
    AppServer app([](const Seen& seen) {
        if (seen.header("Authorization").empty()) return reply("", "text/plain", 401);
        return twiml("<Hangup/>");
    });
    auto url = app.url("/voice");
    const auto plain = url;
    url.insert(7, "us:pw@");
    EXPECT_EQ(call(quick(), to(url)).ended_by, "document");
    const auto seen = app.requests();
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[1].header("Authorization"), "Basic dXM6cHc=");
    EXPECT_EQ(seen[1].header("X-Twilio-Signature"), sign(kToken, plain, seen[1].form));
}

struct Failure {
    const char* name;
    int code;
    std::function<test::HttpResponseOut()> answer;
};
class FailingDocument : public testing::TestWithParam<Failure> {};
TEST_P(FailingDocument, IsNotedAndTheFallbackIsAsked) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") return GetParam().answer();
        return twiml("<Hangup/>");
    });
    auto plan = to(app.url("/voice"));
    plan.fallback_url = app.url("/fallback");
    const auto report = call(quick(), plan);
    EXPECT_TRUE(report.has_notification(GetParam().code));
    EXPECT_EQ(report.ended_by, "document");
    const auto fallback = app.requests("/fallback");
    ASSERT_EQ(fallback.size(), 1u);
    EXPECT_EQ(value_of(fallback[0].form, "ErrorCode"), std::to_string(GetParam().code));
    EXPECT_EQ(value_of(fallback[0].form, "ErrorUrl"), app.url("/voice"));
    EXPECT_EQ(value_of(fallback[0].form, "CallSid"), report.call_sid);
}
INSTANTIATE_TEST_SUITE_P(cases, FailingDocument,
                         testing::Values(Failure{"status", 11200, [] { return reply("x", "text/xml", 500); }},
                                         Failure{"no_type", 11200, [] { return reply("<Response/>", ""); }},
                                         Failure{"type", 12300, [] { return reply("<Response/>", "application/json"); }},
                                         Failure{"xml", 12100, [] { return reply("<Response><Say>a & b</Say></Response>"); }},
                                         Failure{"html", 12102, [] { return reply("<html></html>", "text/html"); }},
                                         Failure{"version", 12101, [] { return reply("<?xml version=\"2.0\"?><Response/>"); }},
                                         Failure{"root_case", 12102, [] { return reply("<response/>"); }},
                                         Failure{"large", 11750, [] { return twiml("<!--" + std::string(70000, 'x') + "-->"); }}),
                         [](const auto& c) { return c.param.name; });

TEST(Webhook, WithoutFallbackTheCallerIsToldAndTheCallEnds) {
    auto options = quick();
    AppServer app([](const Seen&) { return reply("", "", 500); });
    const auto report = call(std::move(options), to(app.url("/voice")));
    EXPECT_EQ(report.ended_by, "error");
    ASSERT_FALSE(report.transcript.empty());
    EXPECT_NE(report.transcript[0].text.find("application error"), std::string::npos);
    EXPECT_FALSE(report.agent_speech.empty()) << "the sentence is heard";
}

TEST(Webhook, NobodyListensOnThePort) {
    std::string url;
    {
        AppServer gone([](const Seen&) { return twiml(""); });
        url = gone.url("/voice");
    }
    const auto report = call(quick(), to(url));
    EXPECT_TRUE(report.has_notification(11202));
    EXPECT_EQ(report.webhooks[0].attempts, 2) << "connect failures are tried once more";
}

struct Flow {
    const char* name;
    const char* document;
    const char* ended_by;
    const char* status;
    bool answered;
    std::vector<std::string> then;
};
class DocumentFlow : public testing::TestWithParam<Flow> {};
TEST_P(DocumentFlow, Runs) {
    const auto& p = GetParam();
    AppServer app([&](const Seen& seen) { return twiml(seen.path() == "/voice" ? p.document : "<Hangup/>"); });
    const auto report = call(quick(), to(app.url("/voice")));
    EXPECT_EQ(report.ended_by, p.ended_by);
    EXPECT_EQ(report.status, p.status);
    EXPECT_EQ(report.answered_ms.has_value(), p.answered);
    std::vector<std::string> paths;
    for (const auto& seen : app.requests()) {
        if (seen.path() != "/voice") paths.push_back(seen.method + " " + seen.path());
    }
    EXPECT_EQ(paths, p.then);
}
INSTANTIATE_TEST_SUITE_P(
    table, DocumentFlow,
    testing::Values(
        Flow{"empty", "", "document", "completed", false, {}}, Flow{"hangup", "<Hangup/>", "document", "completed", true, {}},
        Flow{"reject", "<Reject/>", "reject", "no-answer", false, {}}, Flow{"reject_busy", "<Reject reason=\"busy\"/>", "reject", "busy", false, {}},
        Flow{"reject_after_say", "<Say>Hi.</Say><Reject/>", "document", "completed", true, {}},
        Flow{"reject_after_pause", "<Pause length=\"1\"/><Reject/>", "reject", "no-answer", false, {}},
        Flow{"say_then_end", "<Say>Hello there.</Say>", "document", "completed", true, {}},
        Flow{"redirect", "<Redirect>/next</Redirect><Say>Never.</Say>", "document", "completed", true, {"POST /next"}},
        Flow{"redirect_get", "<Redirect method=\"GET\">/next</Redirect>", "document", "completed", true, {"GET /next"}},
        Flow{"gather_without_input",
             "<Gather timeout=\"1\" action=\"/got\"><Say>Press.</Say></Gather><Redirect>/none</Redirect>",
             "document",
             "completed",
             true,
             {"POST /none"}},
        Flow{"gather_empty_result", "<Gather timeout=\"1\" action=\"/got\" actionOnEmptyResult=\"true\"/>", "document", "completed", true, {"POST /got"}},
        Flow{"dial_with_action", "<Dial action=\"/dialled\">+15550001</Dial><Say>Never.</Say>", "document", "completed", true, {"POST /dialled"}},
        Flow{"dial_then_next", "<Dial>+15550001</Dial><Redirect>/next</Redirect>", "document", "completed", true, {"POST /next"}},
        Flow{"enqueue", "<Enqueue action=\"/queued\">support</Enqueue>", "document", "completed", true, {"POST /queued"}},
        Flow{"silent_record", "<Record timeout=\"1\" action=\"/recorded\"/><Redirect>/silent</Redirect>", "document", "completed", true, {"POST /silent"}},
        Flow{"unknown_verb_is_skipped", "<Sing/><Redirect>/next</Redirect>", "document", "completed", true, {"POST /next"}}),
    [](const auto& c) { return c.param.name; });

TEST(Document, SchemaViolationsAreWarningsAndTheRestRuns) {
    AppServer app([](const Seen& seen) {
        return twiml(seen.path() == "/voice" ? "<say>x</say><Pause Length=\"9\" length=\"0\"/><Redirect>/next</Redirect>" : "<Hangup/>");
    });
    const auto report = call(quick(), to(app.url("/voice")));
    EXPECT_EQ(std::count_if(report.notifications.begin(), report.notifications.end(), [](const auto& n) { return n.code == 12200 && n.warning; }), 2);
    EXPECT_EQ(app.requests("/next").size(), 1u);
}

TEST(Document, InlineHasNoBaseForRelativeUrls) {
    CallPlan plan;
    plan.twiml = "<Response><Redirect>/next</Redirect></Response>";
    const auto report = call(quick(), plan);
    EXPECT_TRUE(report.has_notification(11100));
}

TEST(Gather, SendsTheDigitsOfTheCaller) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice")
            return twiml(
                "<Gather action=\"/got\" numDigits=\"3\" timeout=\"3\"><Say>Please enter three digits after this very "
                "long explanation.</Say></Gather>");
        return twiml("<Hangup/>");
    });
    auto plan = to(app.url("/voice"));
    plan.scenario = steps("  - wait_for: agent_speech\n  - dtmf: \"42*\"\n  - wait_for: hangup\n");
    const auto report = call(quick(), plan);
    EXPECT_TRUE(report.passed()) << (report.failures.empty() ? "" : report.failures[0]);
    const auto got = app.requests("/got");
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(value_of(got[0].form, "Digits"), "42*");
    EXPECT_EQ(value_of(got[0].form, "msg"), "Gather End");
}

TEST(Gather, EndsWithTheFinishKeyAndTakesSpeech) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") return twiml("<Gather action=\"/key\"/>");
        if (seen.path() == "/key") return twiml("<Gather input=\"speech\" action=\"/words\" speechTimeout=\"1\"/>");
        return twiml("<Hangup/>");
    });
    auto plan = to(app.url("/voice"));
    plan.scenario = steps("  - pause: 300ms\n  - dtmf: \"7#\"\n  - pause: 1s\n  - say: \"next tuesday\"\n  - wait_for: hangup\n");
    (void)call(quick(), plan);
    ASSERT_EQ(app.requests("/key").size(), 1u);
    EXPECT_EQ(value_of(app.requests("/key")[0].form, "Digits"), "7");
    EXPECT_EQ(value_of(app.requests("/key")[0].form, "FinishedOnKey"), "#");
    ASSERT_EQ(app.requests("/words").size(), 1u);
    EXPECT_EQ(value_of(app.requests("/words")[0].form, "SpeechResult"), "next tuesday");
    EXPECT_TRUE(has_field(app.requests("/words")[0].form, "Confidence"));
}

TEST(Record, KeepsWhatTheCallerSaidAndTellsItsCallback) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") {
            return twiml("<Record action=\"/recorded\" timeout=\"2\" recordingStatusCallback=\"/recording\"/>");
        }
        return twiml("<Hangup/>");
    });
    auto plan = to(app.url("/voice"));
    plan.scenario = steps("  - wait_for: agent_silence 100ms\n  - say: \"this is my message\"\n  - wait_for: hangup\n");
    SimCarrier carrier(quick());
    const auto report = carrier.place_call(plan).report.get();
    ASSERT_EQ(app.requests("/recorded").size(), 1u);
    const auto form = app.requests("/recorded")[0].form;
    EXPECT_EQ(std::string(value_of(form, "RecordingSid")).substr(0, 2), "RE");
    const auto sound = carrier.recording(std::string(value_of(form, "RecordingSid")));
    ASSERT_TRUE(sound);
    EXPECT_GT(level_dbfs(*sound), -45);
    ASSERT_EQ(app.requests("/recording").size(), 1u);
    EXPECT_EQ(value_of(app.requests("/recording")[0].form, "RecordingStatus"), "completed");
    EXPECT_FALSE(has_field(app.requests("/recording")[0].form, "From"));
}

TEST(Record, HangupOfTheCallerIsItsDigits) {
    AppServer app([](const Seen& seen) { return twiml(seen.path() == "/voice" ? "<Record action=\"/recorded\"/>" : "<Hangup/>"); });
    auto plan = to(app.url("/voice"));
    plan.scenario = steps("  - pause: 500ms\n  - say: \"message\"\n  - hangup\n");
    const auto report = call(quick(), plan);
    EXPECT_EQ(report.ended_by, "caller");
    ASSERT_EQ(app.requests("/recorded").size(), 1u);
    EXPECT_EQ(value_of(app.requests("/recorded")[0].form, "Digits"), "hangup");
    EXPECT_EQ(value_of(app.requests("/recorded")[0].form, "CallStatus"), "completed");
}

struct Dialled {
    const char* name;
    DialTarget target;
    const char* status;
};
class DialAction : public testing::TestWithParam<Dialled> {};
TEST_P(DialAction, Tells) {
    AppServer app([](const Seen& seen) {
        if (seen.path() != "/voice") return twiml("<Hangup/>");
        return twiml(
            "<Dial action=\"/dialled\" timeout=\"5\"><Number statusCallback=\"/leg\" statusCallbackEvent=\"initiated "
            "ringing answered completed\">+1555</Number></Dial>");
    });
    auto options = quick();
    options.numbers["+1555"] = GetParam().target;
    const auto report = call(std::move(options), to(app.url("/voice")));
    ASSERT_EQ(app.requests("/dialled").size(), 1u);
    EXPECT_EQ(value_of(app.requests("/dialled")[0].form, "DialCallStatus"), GetParam().status);
    const auto legs = app.requests("/leg");
    ASSERT_EQ(legs.size(), std::string_view(GetParam().status) == "completed" ? 4u : 3u);
    for (const auto& leg : legs) EXPECT_EQ(value_of(leg.form, "ParentCallSid"), report.call_sid);
}
INSTANTIATE_TEST_SUITE_P(cases, DialAction,
                         testing::Values(Dialled{"answers", {}, "completed"}, Dialled{"busy", {DialTarget::Answer::busy, milliseconds(100), {}}, "busy"},
                                         Dialled{"failed", {DialTarget::Answer::failed, milliseconds(100), {}}, "failed"},
                                         Dialled{"late", {DialTarget::Answer::answer, milliseconds(9000), {}}, "no-answer"}),
                         [](const auto& c) { return c.param.name; });

TEST(CallUpdates, RedirectAbortsTheRunningVerbAndEndCompletes) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") return twiml("<Say>hello</Say><Pause length=\"600\"/>");
        return twiml("<Say>moved</Say><Pause length=\"600\"/>");
    });
    SimCarrier carrier(quick());
    auto placed = carrier.place_call(to(app.url("/voice")));
    const auto until = [&](auto done) {
        while (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    };
    until([&] { return carrier.call(placed.call_sid)->status == "in-progress"; });
    EXPECT_EQ(carrier.redirect_call(placed.call_sid, app.url("/moved"), "POST", ""), CallUpdate::done);
    until([&] { return !app.requests("/moved").empty(); });
    EXPECT_EQ(carrier.end_call(placed.call_sid), CallUpdate::done);
    const auto report = placed.report.get();
    EXPECT_EQ(report.ended_by, "rest");
    EXPECT_EQ(report.status, "completed");
    EXPECT_EQ(carrier.end_call(placed.call_sid), CallUpdate::wrong_state);
    EXPECT_EQ(carrier.redirect_call(placed.call_sid, app.url("/x"), "POST", ""), CallUpdate::wrong_state);
    EXPECT_EQ(carrier.end_call("CA0"), CallUpdate::no_such_call);
}

}  // namespace
}  // namespace parley::sim
