// Conferences: who hears whom, and who must not.

#include <gtest/gtest.h>

#include "pitch.hpp"

namespace parley::sim {
namespace {

using namespace test;

// A participant in a document of its own: /room?<attributes of the noun>.
class Room : public testing::Test {
protected:
    static constexpr const char* kEvents = "start end join leave mute hold modify speaker announcement";

    static test::HttpResponseOut answer(const Seen& seen) {
        if (seen.path() == "/room") {
            const auto question = seen.target.find('?');
            const auto query = question == std::string::npos ? Form{} : decode_form(std::string_view(seen.target).substr(question + 1));
            std::string attributes;
            for (const auto& [name, value] : query) attributes += " " + name + "=\"" + value + "\"";
            return twiml("<Dial action=\"/after\"><Conference" + attributes + ">team</Conference></Dial>");
        }
        if (seen.path() == "/music") return twiml("<Say>1700 400</Say>");
        if (seen.path() == "/held") return twiml("<Say>1900 400</Say>");
        if (seen.path() == "/announcement") return twiml("<Say>1500 800</Say>");
        if (seen.path() == "/broken") return reply("no", "text/plain", 404);
        return twiml("<Hangup/>");
    }

    SimCarrier::Placed join(const Form& attributes, std::vector<Step> steps) {
        CallPlan plan;
        plan.voice_url = app.url("/room?" + encode_form(attributes));
        plan.scenario = person(std::move(steps));
        return carrier.place_call(std::move(plan));
    }
    std::size_t connected() const {
        const auto view = carrier.conference("team");
        return view ? view->participants : 0;
    }
    bool connected(std::size_t count) {
        return eventually([&] { return connected() == count; });
    }
    static void line_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms / 4)); }
    // Once the room is over: its events by SequenceNumber.
    std::vector<Seen> events() {
        carrier.stop();
        auto all = app.requests("/events");
        std::sort(all.begin(), all.end(),
                  [](const Seen& a, const Seen& b) { return std::stoi(field(a, "SequenceNumber")) < std::stoi(field(b, "SequenceNumber")); });
        return all;
    }

    AppServer app{answer};
    SimCarrier carrier{exchange()};
    const Form quiet{{"beep", "false"}, {"waitUrl", ""}};
};

Form with(Form form, std::vector<std::pair<std::string, std::string>> more) {
    for (auto& field : more) form.push_back(std::move(field));
    return form;
}

TEST_F(Room, ThreeHearEachOtherAndNotThemselves) {
    auto a = join(quiet, {say(700, 60000), until_hangup()});
    auto b = join(quiet, {say(900, 60000), until_hangup()});
    auto c = join(quiet, {say(1100, 60000), until_hangup()});
    ASSERT_TRUE(connected(3));
    line_ms(2500);
    EXPECT_EQ(carrier.end_conference("team"), ConferenceOutcome::done);
    const auto ra = a.report.get(), rb = b.report.get(), rc = c.report.get();
    for (const auto& [report, own] : {std::pair{&ra, 700}, {&rb, 900}, {&rc, 1100}}) {
        for (const int hz : {700, 900, 1100}) {
            if (hz == own) {
                EXPECT_LE(heard_ms(*report, hz), 20) << own << " hears itself";
            } else {
                EXPECT_GE(heard_ms(*report, hz), 1200) << own << " hears " << hz;
            }
        }
    }
    EXPECT_EQ(fields(app.requests("/after"), "DialCallStatus"), (std::vector<std::string>(3, "answered")));
    for (const auto& one : app.requests("/after")) EXPECT_FALSE(has_field(one.form, "DialCallSid"));
}

TEST_F(Room, MutedHeldAndCoachingAreKeptApart) {
    auto a = join(with(quiet, {{"participantLabel", "agent"}}), {say(700, 60000), until_hangup()});
    ASSERT_TRUE(connected(1));
    auto b = join(with(quiet, {{"participantLabel", "customer"}}), {say(900, 60000), until_hangup()});
    auto coach = join(with(quiet, {{"coach", a.call_sid}}), {say(1100, 60000), until_hangup()});
    ASSERT_TRUE(connected(3));
    line_ms(2000);
    ParticipantUpdate update;
    update.muted = true;
    ASSERT_EQ(carrier.update_participant("team", "customer", update), ConferenceOutcome::done);
    line_ms(2000);
    EXPECT_TRUE(carrier.participant("team", "customer")->muted);
    EXPECT_TRUE(carrier.participant("team", coach.call_sid)->coaching);
    EXPECT_EQ(carrier.participant("team", coach.call_sid)->call_sid_to_coach, a.call_sid);
    ASSERT_EQ(carrier.end_conference("team"), ConferenceOutcome::done);
    const auto ra = a.report.get(), rb = b.report.get(), rc = coach.report.get();
    EXPECT_GE(heard_ms(ra, 1100), 1200) << "the coached one hears the coach";
    EXPECT_LE(heard_ms(rb, 1100), 20) << "the customer must not";
    EXPECT_GE(heard_ms(rc, 700), 1200);
    EXPECT_GE(heard_ms(rc, 900), 800) << "the coach hears all";
    const auto unmuted = heard_ms(ra, 900);
    EXPECT_GE(unmuted, 800);
    EXPECT_LE(unmuted, heard_ms(rb, 700) - 800) << "muted for the second half";
}

TEST_F(Room, OnHoldNothingGoesInOrOut) {
    auto a = join(quiet, {say(700, 60000), until_hangup()});
    auto b = join(quiet, {say(900, 60000), until_hangup()});
    ASSERT_TRUE(connected(2));
    ParticipantUpdate update;
    update.hold = true;
    update.hold_url = app.url("/held");
    ASSERT_EQ(carrier.update_participant("team", b.call_sid, update), ConferenceOutcome::done);
    line_ms(3000);
    EXPECT_TRUE(carrier.participant("team", b.call_sid)->hold);
    EXPECT_EQ(app.requests("/held").at(0).method, "GET") << "the default of HoldMethod";
    ASSERT_EQ(carrier.end_conference("team"), ConferenceOutcome::done);
    const auto ra = a.report.get(), rb = b.report.get();
    EXPECT_GE(heard_ms(rb, 1900), 1500) << "the music of the hold, again and again";
    EXPECT_GE(app.requests("/held").size(), 3u);
    EXPECT_LE(heard_ms(ra, 1900), 20);
    // What was heard before the update took hold is bounded by the moment of joining.
    EXPECT_LE(heard_ms(rb, 700), 1200);
    EXPECT_LE(heard_ms(ra, 900), 1200);
}

TEST_F(Room, BeforeItBeginsEverybodyWaitsAlone) {
    auto a = join({{"beep", "false"}, {"waitUrl", "/music"}, {"startConferenceOnEnter", "false"}}, {say(700, 60000), until_hangup()});
    auto b = join({{"beep", "false"}, {"startConferenceOnEnter", "false"}}, {say(900, 60000), until_hangup()});
    ASSERT_TRUE(connected(2));
    line_ms(2000);
    EXPECT_EQ(carrier.conference("team")->status, "init");
    auto moderator = join(with(quiet, {{"endConferenceOnExit", "true"}}), {pause(2000)});
    const auto ra = a.report.get(), rb = b.report.get();
    EXPECT_GE(heard_ms(ra, 1700), 1000) << "its own music";
    EXPECT_LE(heard_ms(rb, 1700), 20);
    EXPECT_GE(heard_ms(rb.heard, 550), 200) << "the carrier's tune";
    EXPECT_GE(heard_ms(ra, 900), 800) << "after the beginning";
    EXPECT_LE(heard_ms(ra, 900), 4400) << "not before";
    const auto view = carrier.conferences().at(0);
    EXPECT_EQ(view.status, "completed");
    EXPECT_EQ(view.reason_ended, "participant-with-end-conference-on-exit-left");
    EXPECT_EQ(view.call_sid_ending, moderator.call_sid);
}

TEST_F(Room, TellsItsLife) {
    const auto first = with(quiet, {{"statusCallback", "/events"}, {"statusCallbackEvent", kEvents}, {"participantLabel", "first"}});
    auto a = join(first, {until_hangup()});
    ASSERT_TRUE(connected(1));
    auto b = join(with(quiet, {{"statusCallback", "/ignored"}, {"statusCallbackEvent", kEvents}}), {pause(600), say(900, 1000), until_hangup()});
    ASSERT_TRUE(connected(2));
    ASSERT_TRUE(eventually([&] { return requests_with(app, "/events", "StatusCallbackEvent", "participant-speech-stop").size() == 1; }));
    ParticipantUpdate update;
    update.muted = true;
    (void)carrier.update_participant("team", "first", update);
    update = {};
    update.muted = false;
    update.hold = true;
    (void)carrier.update_participant("team", "first", update);
    update = {};
    update.hold = false;
    update.end_on_exit = true;
    (void)carrier.update_participant("team", "first", update);
    (void)carrier.announce("team", app.url("/broken"), "GET");
    (void)carrier.announce("team", app.url("/announcement"), "POST");
    ASSERT_TRUE(eventually([&] { return requests_with(app, "/events", "StatusCallbackEvent", "announcement-end").size() == 1; }));
    EXPECT_EQ(carrier.remove_participant("team", b.call_sid), ConferenceOutcome::done);
    EXPECT_GE(heard_ms(b.report.get(), 1500), 500);
    ASSERT_TRUE(connected(1));
    (void)carrier.end_call(a.call_sid);
    EXPECT_GE(heard_ms(a.report.get(), 1500), 500);
    const auto all = events();
    const auto names = fields(all, "StatusCallbackEvent");
    const std::vector<std::string> expected{"participant-join", "participant-join",   "conference-start", "participant-speech-start", "participant-speech-stop",
                                            "participant-mute", "participant-unmute", "participant-hold", "participant-unhold",       "participant-modify"};
    ASSERT_GE(names.size(), expected.size());
    EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(expected.size())), expected);
    EXPECT_TRUE(app.requests("/ignored").empty()) << "only the first participant's callback counts";
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(field(all[i], "SequenceNumber"), std::to_string(i + 1));
        EXPECT_EQ(field(all[i], "FriendlyName"), "team");
        EXPECT_EQ(field(all[i], "ConferenceSid").substr(0, 2), "CF");
    }
    EXPECT_EQ(field(all[0], "ParticipantLabel"), "first");
    EXPECT_EQ(field(all[3], "CallSid"), b.call_sid);
    EXPECT_EQ(field(all[5], "Muted"), "true");
    const auto failed = requests_with(app, "/events", "StatusCallbackEvent", "announcement-fail");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(field(failed[0], "AnnounceUrl"), app.url("/broken"));
    EXPECT_NE(field(failed[0], "ReasonAnnouncementFailed"), "");
    const auto left = requests_with(app, "/events", "StatusCallbackEvent", "participant-leave");
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(field(left[0], "ReasonParticipantLeft"), "participant_updated_via_api");
    EXPECT_EQ(field(left[1], "ReasonParticipantLeft"), "participant_hung_up");
    EXPECT_EQ(field(left[1], "ParticipantCallStatus"), "completed");
    EXPECT_EQ(names.back(), "conference-end");
    EXPECT_EQ(field(all.back(), "ReasonConferenceEnded"), "participant-with-end-conference-on-exit-left");
    EXPECT_EQ(field(all.back(), "CallSidEndingConference"), a.call_sid);
    EXPECT_EQ(field(all.back(), "ParticipantLabelEndingConference"), "first");
}

TEST_F(Room, BeepsOnEntryAndExit) {
    auto a = join({{"waitUrl", ""}, {"beep", "false"}}, {until_hangup()});
    ASSERT_TRUE(connected(1));
    auto b = join({{"waitUrl", ""}}, {pause(1500)});
    (void)b.report.get();
    line_ms(1500);
    (void)carrier.end_call(a.call_sid);
    const auto beeps = heard_ms(a.report.get(), 1400);
    EXPECT_GE(beeps, 320) << "one when it came, one when it went";
    EXPECT_LE(beeps, 440);
}

TEST_F(Room, ACreatedParticipantEntersWhenItAnswers) {
    carrier.set_target("+15550001", answers({say(900, 60000), until_hangup()}, 600));
    carrier.set_target("+15550002", [] {
        auto target = answers({});
        target.answer = DialTarget::Answer::busy;
        return target;
    }());
    auto a = join(with(quiet, {{"statusCallback", "/events"}, {"statusCallbackEvent", "join leave end"}}), {say(700, 60000), until_hangup()});
    ASSERT_TRUE(connected(1));
    CallPlan plan;
    plan.from = "+15557777";
    plan.to = "+15550001";
    ConferenceEntry entry;
    entry.label = "expert";
    entry.beep = Beep::none;
    const auto added = carrier.add_participant("team", plan, entry);
    ASSERT_EQ(added.outcome, ConferenceOutcome::done);
    EXPECT_EQ(added.conference_sid, carrier.conference("team")->sid);
    EXPECT_NE(carrier.participant("team", "expert")->status, "connected");
    plan.to = "+15550002";
    entry.label = "busy";
    const auto busy = carrier.add_participant("team", plan, entry);
    ASSERT_TRUE(connected(2));
    line_ms(1500);
    EXPECT_EQ(carrier.participant("team", "expert")->status, "connected");
    EXPECT_FALSE(carrier.participant("team", "busy"));
    EXPECT_EQ(carrier.remove_participant("team", "nobody"), ConferenceOutcome::no_such_participant);
    EXPECT_EQ(carrier.remove_participant("team", "expert"), ConferenceOutcome::done);
    const auto expert = carrier.wait_reports("+15550001", 1).at(0);
    EXPECT_GE(heard_ms(expert, 700), 600);
    EXPECT_EQ(expert.direction, "outbound-api");
    (void)carrier.end_call(a.call_sid);
    EXPECT_GE(heard_ms(a.report.get(), 900), 600);
    (void)events();
    const auto left = requests_with(app, "/events", "ReasonParticipantLeft", "participant_add_failed");
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(field(left[0], "CallSid"), busy.call_sid);
    EXPECT_EQ(field(left[0], "ParticipantCallStatus"), "busy");
}

TEST_F(Room, IsRecordedFromItsBeginning) {
    auto a = join(with(quiet, {{"record", "record-from-start"}, {"recordingStatusCallback", "/recorded"}}), {say(700, 60000), until_hangup()});
    auto b = join(quiet, {say(900, 60000), until_hangup()});
    ASSERT_TRUE(connected(2));
    line_ms(2500);
    const auto sid = carrier.conference("team")->sid;
    if (carrier.recordings(sid).empty()) {
        // The second one was the first to enter, and only the first one's wish counts.
        std::string recording;
        RecordingPlan plan;
        plan.callback = app.url("/recorded");
        ASSERT_EQ(carrier.start_recording(sid, plan, recording), RecordingOutcome::done);
        line_ms(2500);
    }
    (void)carrier.end_conference(sid);
    (void)a.report.get();
    (void)b.report.get();
    carrier.stop();
    const auto all = carrier.recordings(sid);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].status, "completed");
    EXPECT_EQ(all[0].channels, 1);
    const auto sound = carrier.recording_audio(all[0].sid);
    ASSERT_TRUE(sound);
    EXPECT_GE(heard_ms(sound->left, 700), 1200);
    EXPECT_GE(heard_ms(sound->left, 900), 1200);
    ASSERT_EQ(app.requests("/recorded").size(), 1u);
    EXPECT_EQ(field(app.requests("/recorded")[0], "ConferenceSid"), sid);
    EXPECT_FALSE(has_field(app.requests("/recorded")[0].form, "CallSid"));
}

TEST_F(Room, TakesNoMoreThanItsMaximum) {
    auto a = join(with(quiet, {{"maxParticipants", "2"}}), {until_hangup()});
    auto b = join(with(quiet, {{"maxParticipants", "2"}}), {until_hangup()});
    ASSERT_TRUE(connected(2));
    auto c = join(quiet, {until_hangup()});
    EXPECT_EQ(c.report.get().ended_by, "document");
    EXPECT_EQ(connected(), 2u);
    (void)carrier.end_conference("team");
    (void)a.report.get();
    (void)b.report.get();
    EXPECT_EQ(carrier.end_conference("team"), ConferenceOutcome::no_such_conference);
}

}  // namespace
}  // namespace parley::sim
