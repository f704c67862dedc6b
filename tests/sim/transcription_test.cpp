// Live transcription: begun by the document and over REST, both sides, partial results, order of its events.

#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/carrier.hpp"

namespace parley::sim {
namespace {

using test::AppServer;
using test::Seen;
using test::twiml;

class Transcribing : public testing::Test {
protected:
    // The events in the order of their SequenceId.
    std::vector<Form> events() const {
        std::map<int, Form> by_number;
        for (const auto& seen : app_.requests("/words")) by_number[std::stoi(std::string(value_of(seen.form, "SequenceId")))] = seen.form;
        std::vector<Form> out;
        for (auto& [number, form] : by_number) out.push_back(std::move(form));
        return out;
    }
    std::vector<std::string> words(const char* field) const {
        std::vector<std::string> out;
        for (const auto& form : events()) out.emplace_back(value_of(form, field));
        return out;
    }
    CallReport call(const std::string& verbs, const char* caller, std::function<void(const TranscriptionTruth&)> ended = {}) {
        verbs_ = verbs;
        CarrierOptions options;
        options.speed = 10;
        options.on_transcription = std::move(ended);
        SimCarrier carrier(std::move(options));
        CallPlan plan;
        plan.voice_url = app_.url("/voice");
        plan.scenario = parse_scenario(caller, "caller");
        return carrier.place_call(plan).report.get();
    }
    std::string verbs_;
    AppServer app_{[this](const Seen& seen) { return seen.path() == "/voice" ? twiml(verbs_) : test::reply("", "", 204); }};
};

TEST_F(Transcribing, BothSidesAsTheyWereSaid) {
    std::vector<TranscriptionTruth> ended;
    const auto report = call(
        "<Start><Transcription name=\"live\" statusCallbackUrl=\"/words\" inboundTrackLabel=\"guest\" partialResults=\"true\" "
        "intelligenceService=\"GA1\"/></Start><Say>Good evening.</Say>"
        "<Pause length=\"6\"/>",
        "{name: x, steps: [{pause: 2s}, {say: I would like a table}, {wait_for: hangup}]}", [&](const TranscriptionTruth& truth) { ended.push_back(truth); });
    ASSERT_EQ(report.status, "completed");
    EXPECT_EQ(words("TranscriptionEvent"), (std::vector<std::string>{"transcription-started", "transcription-content", "transcription-content",
                                                                     "transcription-content", "transcription-content", "transcription-stopped"}));
    const auto all = events();
    EXPECT_EQ(value_of(all[0], "Track"), "both_tracks");
    EXPECT_EQ(value_of(all[0], "InboundTrackLabel"), "guest");
    EXPECT_EQ(value_of(all[0], "PartialResults"), "true");
    EXPECT_EQ(value_of(all[0], "TranscriptionEngine"), "google");
    EXPECT_EQ(value_of(all[1], "Final"), "false");
    EXPECT_EQ(value_of(all[1], "Stability"), "0.9");
    EXPECT_EQ(value_of(all[2], "Track"), "outbound_track");
    EXPECT_EQ(value_of(all[2], "TranscriptionData"), R"({"transcript":"Good evening.","confidence":0.95})");
    EXPECT_EQ(value_of(all[4], "Track"), "inbound_track");
    EXPECT_EQ(value_of(all[4], "TranscriptionData"), R"({"transcript":"I would like a table","confidence":0.95})");
    EXPECT_EQ(value_of(all[4], "From"), "") << "not the standard parameters of a call";
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].contents.size(), 2u);
    EXPECT_EQ(ended[0].intelligence_service, "GA1");
}

TEST_F(Transcribing, OneTrackUntilItIsStopped) {
    (void)call(
        "<Start><Transcription name=\"a\" statusCallbackUrl=\"/words\" track=\"outbound_track\"/></Start><Say>One.</Say><Stop><Transcription "
        "name=\"a\"/></Stop><Say>Two.</Say><Pause length=\"4\"/>",
        "{name: x, steps: [{pause: 2s}, {say: hello}, {wait_for: hangup}]}");
    EXPECT_EQ(words("TranscriptionEvent"), (std::vector<std::string>{"transcription-started", "transcription-content", "transcription-stopped"}));
    EXPECT_EQ(value_of(events()[1], "TranscriptionData"), R"({"transcript":"One.","confidence":0.95})");
}

TEST_F(Transcribing, AnUnknownEngineIsAnErrorAndTheCallGoesOn) {
    const auto report = call("<Start><Transcription statusCallbackUrl=\"/words\" transcriptionEngine=\"whisper\"/></Start><Say>Hello.</Say>",
                             "{name: x, steps: [{wait_for: hangup}]}");
    EXPECT_EQ(report.status, "completed");
    EXPECT_TRUE(report.has_notification(32650));
    ASSERT_EQ(words("TranscriptionEvent"), (std::vector<std::string>{"transcription-error"}));
    EXPECT_EQ(value_of(events()[0], "TranscriptionErrorCode"), "32650");
}

TEST_F(Transcribing, OverRestAndNotMoreThanFourTracks) {
    verbs_ = "<Pause length=\"600\"/>";
    CarrierOptions options;
    options.speed = 10;
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.voice_url = app_.url("/voice");
    auto placed = carrier.place_call(plan);
    TranscriptionPlan wanted;
    wanted.name = "live";
    wanted.callback_url = app_.url("/words");
    std::string sid;
    EXPECT_EQ(carrier.start_transcription("CA1", wanted, sid), CallUpdate::no_such_call);
    while (carrier.start_transcription(placed.call_sid, wanted, sid) == CallUpdate::wrong_state) std::this_thread::sleep_for(milliseconds(2));
    EXPECT_EQ(sid.substr(0, 2), "GT");
    for (int i = 0; i < 2; ++i) {
        wanted.name = "more" + std::to_string(i);
        (void)carrier.start_transcription(placed.call_sid, wanted, sid);
    }
    EXPECT_EQ(carrier.stop_transcription(placed.call_sid, "live"), CallUpdate::done);
    while (carrier.end_call(placed.call_sid) == CallUpdate::wrong_state) std::this_thread::sleep_for(milliseconds(2));
    const auto report = placed.report.get();
    EXPECT_TRUE(report.has_notification(31960)) << "two tracks each, and the third is one too many";
    EXPECT_EQ(carrier.start_transcription(placed.call_sid, wanted, sid), CallUpdate::wrong_state);
    int started = 0, stopped = 0;
    for (const auto& seen : app_.requests("/words")) {
        started += value_of(seen.form, "TranscriptionEvent") == "transcription-started" ? 1 : 0;
        stopped += value_of(seen.form, "TranscriptionEvent") == "transcription-stopped" ? 1 : 0;
    }
    EXPECT_EQ(started, 2);
    EXPECT_EQ(stopped, 2) << "what still runs ends with the call";
}

}  // namespace
}  // namespace parley::sim
