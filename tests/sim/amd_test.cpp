// Answering machine detection: what the party is decides the verdict, what it says decides the moment.

#include <gtest/gtest.h>

#include "pitch.hpp"

namespace parley::sim {
namespace {

using namespace test;

constexpr const char* kCallee = "+15550001";

DialTarget machine(int greeting_ms, bool beep = true) {
    auto greeting = std::make_shared<MachineGreeting>();
    greeting->text = "900 " + std::to_string(greeting_ms);
    greeting->before = milliseconds(200);
    greeting->after = milliseconds(200);
    greeting->beep = beep;
    greeting->patience = milliseconds(3000);
    DialTarget target;
    target.after = milliseconds(100);
    target.machine = std::move(greeting);
    return target;
}
DialTarget fax() {
    DialTarget target;
    target.after = milliseconds(100);
    target.fax = true;
    return target;
}

struct Verdict {
    const char* name;
    DialTarget target;
    MachineDetection::Mode mode;
    const char* who;
    int at_least, at_most;  // line milliseconds from the answer
};
class Detection : public testing::TestWithParam<Verdict> {};

TEST_P(Detection, WaitsAndTellsTheFirstRequest) {
    AppServer app([](const Seen&) { return twiml("<Hangup/>"); });
    auto options = exchange();
    options.numbers[kCallee] = GetParam().target;
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = kCallee;
    plan.voice_url = app.url("/voice");
    plan.detection.mode = GetParam().mode;
    plan.status_callback = app.url("/status");
    const auto report = carrier.place_call(plan).report.get();
    ASSERT_EQ(app.requests("/voice").size(), 1u);
    const auto request = app.requests("/voice")[0];
    EXPECT_EQ(field(request, "AnsweredBy"), GetParam().who);
    EXPECT_EQ(field(request, "CallStatus"), "in-progress");
    const auto took = std::stoi(field(request, "MachineDetectionDuration"));
    EXPECT_GE(took, GetParam().at_least);
    EXPECT_LE(took, GetParam().at_most);
    EXPECT_EQ(report.answered_by, GetParam().who);
    EXPECT_EQ(carrier.call(report.call_sid)->answered_by, GetParam().who);
    EXPECT_EQ(field(app.requests("/status").at(0), "AnsweredBy"), GetParam().who);
}
// How late a thread of a busy machine is moves the moment by some tens of milliseconds of true time, four times that on the line.
INSTANTIATE_TEST_SUITE_P(
    cases, Detection,
    testing::Values(Verdict{"person", answers({pause(300), say(700, 600), until_hangup()}), MachineDetection::Mode::enable, "human", 2000, 3500},
                    Verdict{"silent_person", answers({until_hangup()}), MachineDetection::Mode::enable, "unknown", 5000, 5000},
                    Verdict{"long_greeting", machine(4000), MachineDetection::Mode::enable, "machine_start", 2500, 4000},
                    Verdict{"short_greeting", machine(800), MachineDetection::Mode::enable, "machine_start", 2100, 3600},
                    Verdict{"beep", machine(1500), MachineDetection::Mode::detect_message_end, "machine_end_beep", 2300, 4200},
                    Verdict{"no_beep", machine(1500, false), MachineDetection::Mode::detect_message_end, "machine_end_silence", 2800, 4400},
                    Verdict{"fax", fax(), MachineDetection::Mode::enable, "fax", 1000, 1000}),
    [](const auto& c) { return c.param.name; });

TEST(DetectionCallback, AsynchronousTellsItsCallbackAndTheDocumentRunsAtOnce) {
    AppServer app([](const Seen& seen) { return twiml(seen.path() == "/voice" ? "<Pause length=\"5\"/>" : "<Hangup/>"); });
    auto options = exchange();
    options.numbers[kCallee] = machine(1500);
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = kCallee;
    plan.voice_url = app.url("/voice");
    plan.detection.mode = MachineDetection::Mode::detect_message_end;
    plan.detection.async = true;
    plan.detection.callback = app.url("/amd");
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_FALSE(has_field(app.requests("/voice").at(0).form, "AnsweredBy"));
    ASSERT_EQ(app.requests("/amd").size(), 1u);
    const auto told = app.requests("/amd")[0];
    ASSERT_EQ(told.form.size(), 4u);
    EXPECT_EQ(field(told, "AccountSid"), carrier.options().account_sid);
    EXPECT_EQ(field(told, "CallSid"), report.call_sid);
    EXPECT_EQ(field(told, "AnsweredBy"), "machine_end_beep");
    EXPECT_GE(std::stoi(field(told, "MachineDetectionDuration")), 2300);
}

TEST(DetectionCallback, OfADialledNumberTellsTheNounsCallback) {
    AppServer app([](const Seen& seen) {
        if (seen.path() != "/voice") return twiml("<Hangup/>");
        return twiml("<Dial timeLimit=\"5\"><Number machineDetection=\"Enable\" amdStatusCallback=\"/amd\">+15550001</Number></Dial>");
    });
    auto options = exchange();
    options.numbers[kCallee] = answers({say(900, 500), until_hangup()});
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.voice_url = app.url("/voice");
    plan.scenario = person({until_hangup()});
    (void)carrier.place_call(plan).report.get();
    ASSERT_EQ(app.requests("/amd").size(), 1u);
    EXPECT_EQ(field(app.requests("/amd")[0], "AnsweredBy"), "human");
    EXPECT_EQ(field(app.requests("/amd")[0], "CallSid"), carrier.wait_reports(kCallee, 1).at(0).call_sid);
}

TEST(Machine, KeepsWhatIsLeftOnItAfterTheBeep) {
    AppServer app([](const Seen&) { return twiml("<Say>500 800</Say><Pause length=\"30\"/>"); });
    auto options = exchange();
    options.numbers[kCallee] = machine(1500);
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = kCallee;
    plan.voice_url = app.url("/voice");
    plan.detection.mode = MachineDetection::Mode::detect_message_end;
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.ended_by, "caller") << "the machine hangs up when nothing more comes";
    ASSERT_TRUE(report.message);
    const auto heard = from_mulaw(report.heard);
    const auto from = report.message->from, to = std::min<Sample>(report.message->to, static_cast<Sample>(heard.size()));
    EXPECT_GE(heard_ms(std::span(heard).subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)), 500), 700)
        << "the whole message, because it began after the beep";
    EXPECT_GE(heard_ms(report.said, 1000), 400) << "the beep";
}

}  // namespace
}  // namespace parley::sim
