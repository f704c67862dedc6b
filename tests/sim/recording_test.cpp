// Recordings: whose voice is on which channel, for how long, and what is told about it.

#include <gtest/gtest.h>

#include <atomic>

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

TEST(Recording, OfADialHasTheCallerLeftAndTheCalleeRight) {
    AppServer app([](const Seen& seen) {
        if (seen.path() != "/voice") return twiml("<Hangup/>");
        return twiml(
            "<Dial record=\"record-from-answer-dual\" recordingStatusCallback=\"/recorded\" recordingStatusCallbackEvent=\"in-progress "
            "completed\" action=\"/dialled\">+15550001</Dial>");
    });
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(600), say(900, 800), until_hangup()});
    SimCarrier carrier(std::move(options));
    const auto parent = carrier.place_call(caller(app, {pause(2500), say(700, 800), pause(400)})).report.get();
    const auto all = carrier.recordings(parent.call_sid);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].status, "completed");
    EXPECT_EQ(all[0].source, "DialVerb");
    EXPECT_EQ(all[0].channels, 2);
    const auto audio = carrier.recording_audio(all[0].sid);
    ASSERT_TRUE(audio);
    EXPECT_GE(heard_ms(audio->left, 700), 700);
    EXPECT_LE(heard_ms(audio->left, 900), 20);
    EXPECT_GE(heard_ms(audio->right, 900), 600);
    EXPECT_LE(heard_ms(audio->right, 700), 20);
    EXPECT_GE(heard_ms(carrier.recording(all[0].sid).value(), 700), 700);

    EXPECT_EQ(fields(app.requests("/recorded"), "RecordingStatus"), (std::vector<std::string>{"in-progress", "completed"}));
    const auto done = app.requests("/recorded").back();
    EXPECT_EQ(field(done, "CallSid"), parent.call_sid);
    EXPECT_EQ(field(done, "RecordingSid"), all[0].sid);
    EXPECT_EQ(field(done, "RecordingSource"), "DialVerb");
    EXPECT_EQ(field(done, "RecordingChannels"), "2");
    EXPECT_EQ(field(done, "RecordingTrack"), "both");
    EXPECT_EQ(field(done, "RecordingDuration"), std::to_string(*all[0].duration));
    EXPECT_FALSE(has_field(done.form, "From"));
    EXPECT_EQ(field(app.requests("/dialled").at(0), "RecordingUrl"), field(done, "RecordingUrl"));
}

TEST(Recording, OfTheVerbIsExactlyWhatWasSaid) {
    AppServer app(
        [](const Seen& seen) { return twiml(seen.path() == "/voice" ? "<Record action=\"/kept\" timeout=\"2\" playBeep=\"false\"/>" : "<Hangup/>"); });
    SimCarrier carrier(exchange());
    const auto report = carrier.place_call(caller(app, {pause(700), say(700, 1000), until_hangup()})).report.get();
    const auto sid = field(app.requests("/kept").at(0), "RecordingSid");
    const auto sound = carrier.recording(sid);
    ASSERT_TRUE(sound);
    const auto said = voiced_part(from_mulaw(report.said));
    ASSERT_TRUE(said);
    auto expected = from_mulaw(report.said);
    expected = Pcm8k(expected.begin() + said->from, expected.begin() + said->to);
    // The ends of the trimming are found in steps of 10 ms from different origins.
    const auto step = std::max(sound->size(), expected.size()) - std::min(sound->size(), expected.size());
    EXPECT_LE(step, 160u);
    EXPECT_NE(std::search(sound->begin(), sound->end(), expected.begin() + 160, expected.end() - 160), sound->end());
    EXPECT_EQ(carrier.recording_view(sid)->duration, 1);
}

TEST(Recording, OverRestStartsPausesGoesOnAndStops) {
    AppServer app([](const Seen&) { return twiml("<Say>nothing</Say><Pause length=\"60\"/>"); });
    auto options = exchange(8);
    options.recording_delay = milliseconds(2000);
    SimCarrier carrier(std::move(options));
    auto talks = caller(app, {say(700, 60000), until_hangup()});
    auto speaking = std::make_shared<std::atomic<bool>>(false);
    talks.on_line = [speaking](const TranscriptLine& line) {
        if (line.who == TranscriptLine::Who::caller) *speaking = true;
    };
    auto placed = carrier.place_call(std::move(talks));
    ASSERT_TRUE(eventually([&] { return speaking->load(); }));
    RecordingPlan plan;
    plan.callback = app.url("/recorded");
    plan.callback_events = "in-progress completed";
    std::string sid, second;
    ASSERT_EQ(carrier.start_recording(placed.call_sid, plan, sid), RecordingOutcome::done);
    EXPECT_EQ(carrier.start_recording(placed.call_sid, plan, second), RecordingOutcome::overlap);
    EXPECT_EQ(carrier.recording_view(sid)->status, "in-progress");
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(carrier.update_recording(placed.call_sid, "Twilio.CURRENT", "paused", false), RecordingOutcome::done);
    EXPECT_EQ(carrier.recording_view(sid)->status, "paused");
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(carrier.update_recording(placed.call_sid, sid, "in-progress"), RecordingOutcome::done);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    EXPECT_EQ(carrier.update_recording(placed.call_sid, sid, "stopped"), RecordingOutcome::done);
    EXPECT_EQ(carrier.recording_view(sid)->status, "processing");
    EXPECT_FALSE(carrier.recording_audio(sid)) << "not before it is completed";
    EXPECT_EQ(carrier.update_recording(placed.call_sid, sid, "paused"), RecordingOutcome::wrong_state);
    EXPECT_EQ(carrier.update_recording(placed.call_sid, "RE0", "paused"), RecordingOutcome::no_such_recording);
    ASSERT_TRUE(eventually([&] { return carrier.recording_view(sid)->status == "completed"; }));
    const auto sound = carrier.recording_audio(sid);
    ASSERT_TRUE(sound);
    const auto tone = heard_ms(sound->left, 700);
    const auto whole = static_cast<int>(sound->left.size() / 8);
    EXPECT_GE(tone, 400);
    EXPECT_GE(whole - tone, 300) << "the pause is silence";
    EXPECT_EQ(carrier.start_recording(placed.call_sid, plan, second), RecordingOutcome::done) << "the first one has ended";
    (void)carrier.end_call(placed.call_sid);
    (void)placed.report.get();
    EXPECT_EQ(carrier.recordings(placed.call_sid).size(), 2u);
    EXPECT_EQ(carrier.start_recording(placed.call_sid, plan, second), RecordingOutcome::wrong_state);
    EXPECT_TRUE(carrier.delete_recording(sid));
    EXPECT_FALSE(carrier.delete_recording(sid));
    EXPECT_FALSE(carrier.recording_view(sid));
    EXPECT_EQ(field(app.requests("/recorded").at(0), "RecordingSource"), "StartCallRecordingAPI");
}

TEST(Recording, OfTheDocumentAndOfACreatedCall) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice")
            return twiml(
                "<Start><Recording recordingStatusCallback=\"http://127.0.0.1:1/never\" channels=\"dual\"/></Start><Say>900 500</Say>"
                "<Pause length=\"2\"/>");
        return twiml("<Hangup/>");
    });
    auto options = exchange();
    options.numbers[kCallee] = answers({pause(600), say(700, 500), until_hangup()});
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.to = kCallee;
    plan.voice_url = app.url("/voice");
    plan.record = true;
    plan.status_callback = app.url("/status");
    const auto report = carrier.place_call(plan).report.get();
    const auto all = carrier.recordings(report.call_sid);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].source, "OutboundAPI");
    EXPECT_EQ(all[1].source, "StartCallRecordingTwiML");
    for (const auto& one : all) {
        const auto sound = carrier.recording_audio(one.sid);
        ASSERT_TRUE(sound) << one.source;
        EXPECT_EQ(sound->right.empty(), one.channels == 1);
        EXPECT_GE(heard_ms(sound->mono(), 700), 400);
        EXPECT_GE(heard_ms(sound->mono(), 900), 400);
    }
    const auto status = app.requests("/status").at(0);
    EXPECT_EQ(field(status, "RecordingSid"), all[0].sid);
    EXPECT_TRUE(has_field(status.form, "RecordingUrl"));
}

TEST(Recording, WithoutAWordIsAbsent) {
    AppServer app([](const Seen& seen) {
        if (seen.path() == "/voice")
            return twiml("<Record timeout=\"1\" recordingStatusCallback=\"/recorded\" recordingStatusCallbackEvent=\"completed absent\"/><Hangup/>");
        return twiml("<Hangup/>");
    });
    SimCarrier carrier(exchange());
    const auto report = carrier.place_call(caller(app, {until_hangup()})).report.get();
    ASSERT_EQ(app.requests("/recorded").size(), 1u);
    EXPECT_EQ(field(app.requests("/recorded")[0], "RecordingStatus"), "absent");
    EXPECT_EQ(carrier.recordings(report.call_sid).at(0).status, "absent");
}

}  // namespace
}  // namespace parley::sim
