// Dialled parties: calls of their own, bridged with the caller. Judged by what the people heard.

#include <gtest/gtest.h>

#include <random>

#include "pitch.hpp"

namespace parley::sim {
namespace {

using namespace test;

constexpr const char* kCallee = "+15550001";

CallPlan caller(const AppServer& app, std::vector<Step> steps) {
    CallPlan plan;
    plan.voice_url = app.url("/voice");
    plan.scenario = person(std::move(steps), "caller");
    return plan;
}

// Answers /voice with `dial`, and everything else by hanging up.
AppServer::Http dials(std::string dial, std::string whisper = "<Hangup/>") {
    return [dial = std::move(dial), whisper = std::move(whisper)](const Seen& seen) {
        if (seen.path() == "/voice") return twiml(dial);
        if (seen.path() == "/whisper") return twiml(whisper);
        return twiml("<Hangup/>");
    };
}

TEST(Bridge, BothHearTheOtherAndNotThemselves) {
    AppServer app(
        dials("<Dial action=\"/dialled\"><Number statusCallback=\"/leg\" statusCallbackEvent=\"initiated ringing answered "
              "completed\">+15550001</Number></Dial>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(800), say(900, 800), until_hangup()});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {pause(2500), say(700, 800), pause(800)}));
    const auto parent = placed.report.get();
    const auto legs = carrier.wait_reports(kCallee, 1);
    ASSERT_EQ(legs.size(), 1u);
    const auto& child = legs[0];
    EXPECT_GE(heard_ms(parent, 900), 600);
    EXPECT_GE(heard_ms(child, 700), 600);
    EXPECT_LE(heard_ms(parent, 700), 20);
    EXPECT_LE(heard_ms(child, 900), 20);
    EXPECT_EQ(child.parent_sid, parent.call_sid);
    EXPECT_EQ(child.direction, "outbound-dial");
    EXPECT_EQ(child.status, "completed");
    EXPECT_EQ(child.ended_by, "dial");

    ASSERT_EQ(app.requests("/dialled").size(), 1u);
    const auto action = app.requests("/dialled")[0];
    EXPECT_EQ(field(action, "DialCallStatus"), "completed");
    EXPECT_EQ(field(action, "DialBridged"), "true");
    EXPECT_EQ(field(action, "DialCallSid"), child.call_sid);
    EXPECT_GE(std::stoi(field(action, "DialCallDuration")), 2);
    auto events = app.requests("/leg");
    std::sort(events.begin(), events.end(), [](const Seen& a, const Seen& b) { return field(a, "SequenceNumber") < field(b, "SequenceNumber"); });
    EXPECT_EQ(fields(events, "CallStatus"), (std::vector<std::string>{"initiated", "ringing", "in-progress", "completed"}));
    for (const auto& event : events) {
        EXPECT_EQ(field(event, "CallSid"), child.call_sid);
        EXPECT_EQ(field(event, "ParentCallSid"), parent.call_sid);
        EXPECT_EQ(field(event, "Direction"), "outbound-dial");
    }
}

TEST(Bridge, TheCalleeHangsUpAndTheCallerGoesOn) {
    AppServer app(
        [](const Seen& seen) { return twiml(seen.path() == "/voice" ? "<Dial action=\"/dialled\">+15550001</Dial>" : "<Say>1100 500</Say><Hangup/>"); });
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(500), say(900, 500)});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {until_hangup()}));
    const auto parent = placed.report.get();
    EXPECT_EQ(parent.ended_by, "document");
    EXPECT_GE(heard_ms(parent, 1100), 400);
    ASSERT_EQ(app.requests("/dialled").size(), 1u);
    EXPECT_EQ(field(app.requests("/dialled")[0], "DialCallStatus"), "completed");
    EXPECT_EQ(carrier.wait_reports(kCallee, 1).at(0).ended_by, "caller");
}

TEST(Bridge, KeysAreHeardAsTones) {
    AppServer app(dials("<Dial>+15550001</Dial>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({until_hangup()});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {pause(1500), keys("5"), pause(800)}));
    (void)placed.report.get();
    EXPECT_GE(heard_ms(from_mulaw(carrier.wait_reports(kCallee, 1).at(0).heard), 770, 3000), 60);
}

TEST(Bridge, TheStarKeyEndsTheDialAndTheTimeLimitDoes) {
    for (const std::string rule : {"hangupOnStar=\"true\"", "timeLimit=\"2\""}) {
        AppServer app(dials("<Dial " + rule + " action=\"/dialled\">+15550001</Dial>"));
        auto options = exchange();
        options.numbers[kCallee] = answers({until_hangup()});
        SimCarrier carrier(std::move(options));
        auto placed = carrier.place_call(caller(app, {pause(1200), keys("*"), until_hangup()}));
        EXPECT_EQ(placed.report.get().ended_by, "document") << rule;
        ASSERT_EQ(app.requests("/dialled").size(), 1u) << rule;
        EXPECT_EQ(field(app.requests("/dialled")[0], "DialCallStatus"), "completed");
        EXPECT_EQ(carrier.wait_reports(kCallee, 1).at(0).status, "completed");
    }
}

TEST(Whisper, IsHeardByTheCalleeAloneBeforeTheBridge) {
    AppServer app(dials("<Dial action=\"/dialled\"><Number url=\"/whisper\">+15550001</Number></Dial>", "<Say>1300 1500</Say>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(200), say(900, 600), pause(2500), say(500, 500)});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {until_hangup()}));
    const auto parent = placed.report.get();
    const auto child = carrier.wait_reports(kCallee, 1).at(0);
    EXPECT_GE(heard_ms(child, 1300), 1200);
    EXPECT_LE(heard_ms(parent, 1300), 20);
    EXPECT_LE(heard_ms(parent, 900), 20) << "not bridged yet";
    EXPECT_GE(heard_ms(parent, 500), 300);
    ASSERT_EQ(app.requests("/whisper").size(), 1u);
    const auto whisper = app.requests("/whisper")[0];
    EXPECT_EQ(field(whisper, "CallSid"), child.call_sid);
    EXPECT_EQ(field(whisper, "ParentCallSid"), parent.call_sid);
    EXPECT_EQ(field(whisper, "CallStatus"), "in-progress");
    EXPECT_EQ(field(whisper, "Direction"), "outbound-dial");
}

TEST(Whisper, HangupDeclines) {
    AppServer app(dials("<Dial action=\"/dialled\"><Number url=\"/whisper\">+15550001</Number></Dial>", "<Hangup/>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({until_hangup()});
    SimCarrier carrier(std::move(options));
    (void)carrier.place_call(caller(app, {until_hangup()})).report.get();
    ASSERT_EQ(app.requests("/dialled").size(), 1u);
    EXPECT_EQ(field(app.requests("/dialled")[0], "DialBridged"), "false");
    EXPECT_EQ(field(app.requests("/dialled")[0], "DialCallStatus"), "completed");
}

TEST(Several, TheFirstToAnswerWinsAndTheOthersAreCanceled) {
    AppServer app(dials("<Dial action=\"/dialled\"><Number>+15550001</Number><Client>alice</Client><Sip>sip:bob@example.com</Sip></Dial>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({until_hangup()}, 3000);
    options.numbers["client:alice"] = answers({pause(500), say(900, 500), pause(200)}, 400);
    options.numbers["sip:bob@example.com"] = answers({until_hangup()}, 5000);
    SimCarrier carrier(std::move(options));
    const auto parent = carrier.place_call(caller(app, {until_hangup()})).report.get();
    EXPECT_GE(heard_ms(parent, 900), 300);
    EXPECT_EQ(carrier.wait_reports(kCallee, 1).at(0).status, "canceled");
    EXPECT_EQ(carrier.wait_reports("sip:bob@example.com", 1).at(0).status, "canceled");
    const auto alice = carrier.wait_reports("client:alice", 1).at(0);
    ASSERT_EQ(app.requests("/dialled").size(), 1u);
    EXPECT_EQ(field(app.requests("/dialled")[0], "DialCallSid"), alice.call_sid);
}

TEST(Several, SequentialTriesOneAfterTheOther) {
    AppServer app(dials("<Dial sequential=\"true\" timeout=\"5\" action=\"/dialled\"><Number>+15550001</Number><Number>+15550002</Number></Dial>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({until_hangup()});
    options.numbers[kCallee].answer = DialTarget::Answer::busy;
    options.numbers["+15550002"] = answers({pause(300), say(900, 400)});
    SimCarrier carrier(std::move(options));
    const auto parent = carrier.place_call(caller(app, {until_hangup()})).report.get();
    EXPECT_GE(heard_ms(parent, 900), 200);
    EXPECT_EQ(carrier.wait_reports(kCallee, 1).at(0).status, "busy");
    EXPECT_EQ(field(app.requests("/dialled").at(0), "DialCallStatus"), "completed");
}

TEST(Several, NobodyAnswersInTime) {
    AppServer app(dials("<Dial timeout=\"5\" action=\"/dialled\">+15550001</Dial>"));
    auto options = exchange(10);
    options.numbers[kCallee] = answers({until_hangup()}, 9000);
    SimCarrier carrier(std::move(options));
    (void)carrier.place_call(caller(app, {until_hangup()})).report.get();
    EXPECT_EQ(field(app.requests("/dialled").at(0), "DialCallStatus"), "no-answer");
    EXPECT_EQ(field(app.requests("/dialled").at(0), "DialBridged"), "false");
}

TEST(AnswerOnBridge, TheCallerRingsUntilTheCalleeAnswers) {
    AppServer app(dials("<Dial answerOnBridge=\"true\">+15550001</Dial>"));
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(500), say(900, 400)}, 2000);
    SimCarrier carrier(std::move(options));
    const auto parent = carrier.place_call(caller(app, {until_hangup()})).report.get();
    ASSERT_TRUE(parent.answered_ms);
    EXPECT_GE(*parent.answered_ms, 450) << "two seconds of line time";
    EXPECT_GE(heard_ms(parent, 900), 200);
}

TEST(Application, ADialledNumberWithADocumentIsAnIncomingCallThere) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") return twiml("<Dial callerId=\"+15557777\">+15550003</Dial>");
        if (seen.path() == "/desk") return twiml("<Gather numDigits=\"1\" action=\"/chosen\" timeout=\"20\"><Say>1300 800</Say></Gather>");
        return twiml("<Say>1100 800</Say>");
    });
    auto options = exchange();
    options.numbers["+15550003"].voice_url = app.url("/desk");
    SimCarrier carrier(std::move(options));
    const auto parent = carrier.place_call(caller(app, {pause(3000), keys("7"), until_hangup()})).report.get();
    EXPECT_GE(heard_ms(parent, 1300), 500);
    EXPECT_GE(heard_ms(parent, 1100), 500);
    ASSERT_EQ(app.requests("/desk").size(), 1u);
    const auto desk = app.requests("/desk")[0];
    EXPECT_EQ(field(desk, "Direction"), "inbound");
    EXPECT_EQ(field(desk, "From"), "+15557777");
    EXPECT_EQ(field(desk, "To"), "+15550003");
    EXPECT_EQ(field(desk, "CallStatus"), "ringing");
    ASSERT_EQ(app.requests("/chosen").size(), 1u);
    EXPECT_EQ(field(app.requests("/chosen")[0], "Digits"), "7");
    EXPECT_EQ(carrier.wait_reports("+15550003", 2).size(), 2u) << "the dialled leg and the incoming call";
}

TEST(Created, ACallIsPlayedByItsTarget) {
    AppServer app([](const Seen&) { return twiml("<Pause length=\"2\"/><Say>700 600</Say>"); });
    auto options = exchange();
    options.numbers[kCallee] = answers({say(900, 500), until_hangup()});
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = kCallee;
    plan.voice_url = app.url("/voice");
    plan.send_digits = "w1";
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_GE(heard_ms(report, 700), 400);
    EXPECT_GE(heard_ms(report.said, 900), 400);
    EXPECT_GE(heard_ms(from_mulaw(report.heard), 697, 3000), 60) << "the digit";
}

TEST(Updates, ARedirectedChildFollowsItsDocumentAndTheParentGoesOn) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice") return twiml("<Dial action=\"/dialled\">+15550001</Dial>");
        if (seen.path() == "/moved") return twiml("<Say>1300 600</Say>");
        return twiml("<Say>1100 600</Say>");
    });
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(300), say(900, 300), until_hangup()});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {until_hangup()}));
    std::string child;
    ASSERT_TRUE(eventually([&] {
        for (const auto& view : carrier.calls()) {
            if (view.parent_sid == placed.call_sid && view.status == "in-progress") child = view.sid;
        }
        return !child.empty();
    }));
    EXPECT_EQ(carrier.redirect_call(child, app.url("/moved"), "POST", ""), CallUpdate::done);
    const auto parent = placed.report.get();
    const auto leg = carrier.wait_reports(kCallee, 1).at(0);
    EXPECT_GE(heard_ms(parent, 1100), 400);
    EXPECT_LE(heard_ms(parent, 1300), 20);
    EXPECT_GE(heard_ms(leg, 1300), 400);
    EXPECT_LE(heard_ms(leg, 1100), 20);
    const auto action = app.requests("/dialled").at(0);
    EXPECT_EQ(field(action, "DialCallStatus"), "completed");
    EXPECT_EQ(field(action, "DialCallDuration"), "") << "the child was redirected";
}

TEST(Updates, ARedirectedParentLeavesAndTheChildIsHungUp) {
    AppServer app([](const Seen& seen) { return twiml(seen.path() == "/voice" ? "<Dial action=\"/dialled\">+15550001</Dial>" : "<Say>1100 500</Say>"); });
    auto options = exchange();
    options.numbers[kCallee] = answers({until_hangup()});
    SimCarrier carrier(std::move(options));
    auto placed = carrier.place_call(caller(app, {until_hangup()}));
    ASSERT_TRUE(eventually([&] {
        for (const auto& view : carrier.calls()) {
            if (view.parent_sid == placed.call_sid && view.status == "in-progress") return true;
        }
        return false;
    }));
    EXPECT_EQ(carrier.redirect_call(placed.call_sid, app.url("/moved"), "POST", ""), CallUpdate::done);
    EXPECT_GE(heard_ms(placed.report.get(), 1100), 300);
    EXPECT_EQ(carrier.wait_reports(kCallee, 1).at(0).ended_by, "dial");
    EXPECT_TRUE(app.requests("/dialled").empty()) << "the Dial was aborted, not ended";
}

// Hang-ups and redirects of either leg at every moment: everything ends, nobody is left behind, and every Dial that ended tells its action.
TEST(Races, EveryMomentOfADial) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice")
            return twiml("<Dial action=\"/dialled\" answerOnBridge=\"true\"><Number url=\"/whisper\">+15550001</Number><Number>+15550002</Number></Dial>");
        if (seen.path() == "/whisper") return twiml("<Say>1300 200</Say>");
        return twiml("<Say>1100 100</Say>");
    });
    for (unsigned seed = 1; seed <= 40; ++seed) {
        std::mt19937 random(seed);
        const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
        auto options = exchange(20);
        options.numbers[kCallee] = answers({pause(between(20, 900)), say(900, 100)}, between(1, 400));
        options.numbers["+15550002"] = answers({pause(between(20, 900))}, between(1, 400));
        SimCarrier carrier(std::move(options));
        auto plan = caller(app, {pause(between(50, 1500))});
        auto placed = carrier.place_call(plan);
        const auto whom = between(0, 3);
        const auto moved = between(0, 1) == 1;
        std::this_thread::sleep_for(std::chrono::milliseconds(between(0, 60)));
        auto sid = placed.call_sid;
        if (whom > 0) {
            for (const auto& view : carrier.calls()) {
                if (!view.parent_sid.empty() && (whom != 2 || view.to == kCallee)) sid = view.sid;
            }
        }
        if (moved) {
            (void)carrier.redirect_call(sid, app.url("/moved"), "POST", "");
        } else {
            (void)carrier.end_call(sid);
        }
        const auto report = placed.report.get();
        EXPECT_TRUE(report.passed() || report.failures[0].find("simulator") == std::string::npos) << seed << ": " << report.failures[0];
        carrier.stop();
        EXPECT_EQ(carrier.live_calls(), 0u) << seed;
        for (const auto& view : carrier.calls()) EXPECT_FALSE(view.live()) << seed;
    }
}

}  // namespace
}  // namespace parley::sim
