#include <gmock/gmock.h>

#include <fstream>

#include "desk.hpp"
#include "parley/messaging/intelligence_desk.hpp"
#include "parley/messaging/recording_keeper.hpp"
#include "parley/messaging/transcription_event.hpp"

namespace parley::messaging {
namespace {

using nlohmann::json;
constexpr const char* kCall = "CA00000000000000000000000000000001";
constexpr const char* kRecording = "RE00000000000000000000000000000001";
constexpr const char* kTranscript = "GT00000000000000000000000000000001";
constexpr const char* kService = "GA00000000000000000000000000000001";

void write_wav(const std::filesystem::path& file, bool broken = false) {
    std::ofstream out(file, std::ios::binary);
    if (broken) {
        out << "<html>sorry</html>";
        return;
    }
    out.write("RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x08\0\0\0ABCDEFGH", 52);
}

twilio::Form recording_form(const std::string& status) {
    twilio::Form form;
    form.add("AccountSid", "AC00000000000000000000000000000001");
    form.add("CallSid", kCall);
    form.add("RecordingSid", kRecording);
    form.add("RecordingStatus", status);
    form.add("RecordingChannels", "2");
    form.add("RecordingDuration", "12");
    form.add("RecordingSource", "StartCallRecordingAPI");
    return form;
}

struct Keeping : testing::Test, Desk {
    Keeping() : keeper(services()) {}
    RecordingKeeper::Services services() {
        return {.fetch = [this](RecordingKeeper::Fetch wanted) { return fetch(this, std::move(wanted)); },
                .remove = [this](std::string sid) { return remove(this, std::move(sid)); },
                .spawn = [this](net::Task<> task) { spawn(std::move(task)); },
                .executor = context.get_executor(),
                .directory = directory / "recordings",
                .wanted = directory / "wanted.jsonl",
                .records = records.get(),
                .log = log,
                .first_pause = std::chrono::milliseconds(1),
                .attempts = 3};
    }
    static net::Task<rest::Outcome<std::uint64_t>> fetch(Keeping* self, RecordingKeeper::Fetch wanted) {
        const auto attempt = self->fetched++;
        if (self->throwing) throw std::runtime_error("no memory");
        if (attempt < self->missing) {
            rest::Error error;
            error.kind = rest::Failure::not_found;
            error.sentence = "Not there yet.";
            co_return error;
        }
        write_wav(wanted.file, self->broken);
        co_return 52U;
    }
    static net::Task<rest::Outcome<>> remove(Keeping* self, std::string sid) {
        self->removed.push_back(sid);
        co_return boost::system::in_place_value;
    }
    bool tell(const std::string& status, const RecordingRules& rules = {}) { return keeper.news(*read_recording(recording_form(status)), rules); }

    int fetched = 0, missing = 0;
    bool broken = false, throwing = false;
    std::vector<std::string> removed;
    RecordingKeeper keeper;
};

TEST_F(Keeping, ACompleteOneIsFetchedCheckedAndDeletedThere) {
    missing = 2;
    EXPECT_FALSE(tell("in-progress"));
    EXPECT_TRUE(tell("completed"));
    EXPECT_FALSE(tell("completed"));
    EXPECT_FALSE(tell("in-progress"));
    run_until([&] { return !removed.empty(); });
    EXPECT_EQ(fetched, 3);
    EXPECT_THAT(removed, testing::ElementsAre(kRecording));
    run_until([&] { return record(kCall)["recordings"][0].contains("at_twilio"); });
    const auto kept = record(kCall)["recordings"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["status"], "completed");
    EXPECT_EQ(kept[0]["duration"], 12);
    EXPECT_TRUE(is_wav(kept[0]["path"].get<std::string>()));
}

TEST_F(Keeping, WhatIsNoSoundIsNotKeptAndNotDeletedThere) {
    broken = true;
    EXPECT_TRUE(tell("completed"));
    run_until([&] { return record(kCall)["recordings"][0].value("download", "") == "failed"; });
    EXPECT_EQ(record(kCall)["recordings"][0]["download"], "failed");
    EXPECT_EQ(fetched, 3);
    EXPECT_TRUE(removed.empty());
    EXPECT_TRUE(std::filesystem::is_empty(directory / "recordings"));
}

TEST_F(Keeping, WhatWasWantedIsFetchedAfterARestart) {
    auto ended = services();
    ended.spawn = [](net::Task<>) {};  // the process ends before anything is done
    EXPECT_TRUE(RecordingKeeper(std::move(ended)).news(*read_recording(recording_form("completed")), {}));
    std::filesystem::create_directories(directory / "recordings");
    const auto torn = directory / "recordings" / (std::string(kCall) + "-" + kRecording + ".wav.part");
    std::ofstream(torn) << "half";
    std::ofstream(directory / "wanted.jsonl", std::ios::app) << "{\"sid\":\"RE1\"}\n[]\ntorn {";
    RecordingKeeper next(services());
    next.resume();
    EXPECT_FALSE(std::filesystem::exists(torn));
    run_until([&] { return !removed.empty(); });
    EXPECT_THAT(removed, testing::ElementsAre(kRecording));
    // A callback that comes again does not begin it anew.
    EXPECT_FALSE(next.news(*read_recording(recording_form("completed")), {}));
    // And it is over: a third process has nothing to do.
    run_until([&] { return record(kCall)["recordings"][0].contains("at_twilio"); });
    fetched = 0;
    RecordingKeeper third(services());
    third.resume();
    context.restart();
    context.poll();
    EXPECT_EQ(fetched, 0);
    EXPECT_EQ(std::filesystem::file_size(directory / "wanted.jsonl"), 0U);
}

TEST_F(Keeping, AFetchThatThrowsDoesNotStopTheOthers) {
    throwing = true;
    for (int i = 1; i <= 6; ++i) {
        auto told = *read_recording(recording_form("completed"));
        told.sid.back() = static_cast<char>('0' + i);
        EXPECT_TRUE(keeper.news(told, {}));
    }
    run_until([&] { return fetched == 6; });
    EXPECT_EQ(fetched, 6);  // four at once, and two behind them
    EXPECT_TRUE(removed.empty());
}

TEST_F(Keeping, AnAbsentOneIsNoted) {
    EXPECT_FALSE(tell("absent"));
    EXPECT_EQ(record(kCall)["recordings"][0]["status"], "absent");
    EXPECT_EQ(fetched, 0);
}

TEST(RecordingNews, OthersAreRefused) {
    EXPECT_FALSE(read_recording({}));
    twilio::Form form;
    form.add("RecordingSid", kRecording);
    EXPECT_FALSE(read_recording(form));
    form.add("ConferenceSid", "CF00000000000000000000000000000001");
    EXPECT_TRUE(read_recording(form));
}

twilio::Form transcription(const std::string& event, std::vector<twilio::FormField> more) {
    twilio::Form form;
    form.add("CallSid", kCall);
    form.add("TranscriptionSid", kTranscript);
    form.add("TranscriptionEvent", event);
    form.add("SequenceId", "3");
    for (auto& field : more) form.add(field.name, field.value);
    return form;
}

TEST(TranscriptionNews, FinalWordsBecomeAFact) {
    const auto event = read_transcription(transcription(
        "transcription-content", {{"Track", "inbound_track"}, {"Final", "true"}, {"TranscriptionData", R"({"transcript":"hello there","confidence":0.93})"}}));
    ASSERT_TRUE(event);
    const auto fact = json::parse(transcript_fact(*event));
    EXPECT_EQ(fact["who"], "caller");
    EXPECT_EQ(fact["text"], "hello there");
    EXPECT_EQ(fact["sequence"], 3);
    EXPECT_DOUBLE_EQ(fact["confidence"].get<double>(), 0.93);
    const auto partial = read_transcription(transcription(
        "transcription-content", {{"Track", "outbound_track"}, {"Final", "false"}, {"Stability", "0.8"}, {"TranscriptionData", R"({"transcript":"hel"})"}}));
    ASSERT_TRUE(partial);
    EXPECT_EQ(transcript_fact(*partial), "");
    EXPECT_EQ(partial->stability, 0.8);
}

TEST(TranscriptionNews, WhatIsOddIsRefused) {
    EXPECT_FALSE(read_transcription({}));
    EXPECT_FALSE(read_transcription(transcription("transcription-paused", {})));
    for (const char* data : {"", "hello", "[]", "{}", R"({"transcript":7})", R"({"transcript":"x")"})
        EXPECT_FALSE(read_transcription(transcription("transcription-content", {{"Track", "inbound_track"}, {"Final", "true"}, {"TranscriptionData", data}})))
            << data;
    EXPECT_FALSE(read_transcription(
        transcription("transcription-content", {{"Track", "both_tracks"}, {"Final", "true"}, {"TranscriptionData", R"({"transcript":"x"})"}})));
    EXPECT_TRUE(read_transcription(transcription("transcription-stopped", {})));
    const auto error = read_transcription(transcription("transcription-error", {{"TranscriptionErrorCode", "32650"}}));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, "32650");
}

TEST(VoicemailNews, JoinsTheMessageItIsOf) {
    const auto form_of = [](const char* status) {
        twilio::Form form;
        form.add("CallSid", kCall);
        form.add("TranscriptionSid", "TR00000000000000000000000000000001");
        form.add("TranscriptionStatus", status);
        form.add("TranscriptionText", "please call me back");
        form.add("RecordingUrl", std::string("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/") + kRecording);
        return form;
    };
    const auto form = form_of("completed");
    const auto told = read_voicemail_text(form);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->recording_sid, kRecording);
    Desk desk;
    desk.records->add(kCall, store::Fact::voicemail, json{{"recording_sid", kRecording}, {"duration", 7}}.dump());
    desk.records->add(kCall, store::Fact::voicemail, voicemail_fact(*told));
    const auto kept = desk.record(kCall)["voicemails"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["transcript"], "please call me back");
    EXPECT_EQ(kept[0]["duration"], 7);
    EXPECT_FALSE(read_transcription(form));  // that is another callback
    EXPECT_FALSE(read_voicemail_text({}));
    EXPECT_FALSE(read_voicemail_text(form_of("in-progress")));
    const auto failed = read_voicemail_text(form_of("failed"));
    ASSERT_TRUE(failed);
    EXPECT_FALSE(json::parse(voicemail_fact(*failed)).contains("transcript"));
}

TEST(IntelligenceNewsTest, IsReadStrictly) {
    const auto told = read_intelligence(std::string(R"({"event_type":"voice_intelligence_transcript_available","transcript_sid":")") + kTranscript +
                                        R"(","customer_key":"CA1"})");
    ASSERT_TRUE(told);
    EXPECT_EQ(told->customer_key, "CA1");
    EXPECT_FALSE(read_intelligence("{}"));
    EXPECT_FALSE(read_intelligence("["));
    EXPECT_FALSE(read_intelligence(R"({"event_type":"voice_intelligence_transcript_available","transcript_sid":7})"));
}

struct Examining : testing::Test, Desk {
    Examining()
        : desk({.service = [this](std::string name) { return service(this, std::move(name)); },
                .create = [this](rest::TranscriptCreate wanted) { return create(this, std::move(wanted)); },
                .fetch = [this](std::string) { return fetch(this); },
                .sentences = [this](std::string, bool careful) { return sentences(this, careful); },
                .results = [](std::string, bool) { return results(); },
                .spawn = [this](net::Task<> task) { spawn(std::move(task)); },
                .executor = context.get_executor(),
                .records = records.get(),
                .log = log,
                .first_look = std::chrono::milliseconds(2),
                .longest_pause = std::chrono::milliseconds(4),
                .give_up = std::chrono::milliseconds(60000)}) {}
    static net::Task<rest::Outcome<rest::IntelligenceService>> service(Examining* self, std::string name) {
        self->asked.push_back("service " + name);
        rest::IntelligenceService found;
        found.sid = kService;
        co_return found;
    }
    static net::Task<rest::Outcome<rest::Transcript>> create(Examining* self, rest::TranscriptCreate wanted) {
        self->asked.push_back("create " + wanted.service_sid + " " + *wanted.customer_key);
        self->channel = rest::channel_json(wanted);
        rest::Transcript made;
        made.sid = kTranscript;
        made.status = "queued";
        co_return made;
    }
    static net::Task<rest::Outcome<rest::Transcript>> fetch(Examining* self) {
        rest::Transcript found;
        found.sid = kTranscript;
        found.status = ++self->looks < self->ready_after ? "in-progress" : "completed";
        found.redaction = true;
        found.duration = 12;
        co_return found;
    }
    static net::Task<rest::Outcome<std::vector<rest::Sentence>>> sentences(Examining* self, bool careful) {
        self->redacted = careful;
        rest::Sentence one;
        one.transcript = "I want to cancel.";
        one.media_channel = 1;
        one.confidence = 0.9;
        std::vector<rest::Sentence> all{one};
        co_return all;
    }
    static net::Task<rest::Outcome<std::vector<rest::OperatorResult>>> results() {
        rest::OperatorResult sentiment, summary;
        sentiment.operator_type = "conversation-classify";
        sentiment.name = "Sentiment";
        sentiment.predicted_label = "negative";
        sentiment.label_probabilities = R"({"negative":0.9})";
        summary.operator_type = "text-generation";
        summary.name = "Summary";
        summary.text = "They cancelled.";
        std::vector<rest::OperatorResult> all{sentiment, summary};
        co_return all;
    }
    std::vector<std::string> asked;
    std::string channel;
    int looks = 0, ready_after = 3;
    bool redacted = false;
    IntelligenceDesk desk;
};

TEST_F(Examining, ResultsAreJoinedToTheCall) {
    bool over = false;
    desk.examine(kCall, kRecording, 2, {"my service", {"Sentiment"}, true}, [&] { over = true; });
    run_until([&] { return over; });
    EXPECT_THAT(asked, testing::ElementsAre("service my service", std::string("create ") + kService + " " + kCall));
    EXPECT_EQ(json::parse(channel)["participants"].size(), 2U);
    EXPECT_TRUE(redacted);
    EXPECT_EQ(looks, 3);
    const auto kept = record(kCall)["intelligence"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["status"], "completed");
    EXPECT_EQ(kept[0]["redaction"], true);
    ASSERT_EQ(kept[0]["operators"].size(), 1U);
    EXPECT_EQ(kept[0]["operators"][0]["predicted_label"], "negative");
    EXPECT_DOUBLE_EQ(kept[0]["operators"][0]["label_probabilities"]["negative"].get<double>(), 0.9);
    EXPECT_EQ(kept[0]["sentences"][0]["text"], "I want to cancel.");
}

TEST_F(Examining, TheWebhookAloneIsEnoughWhenItNamesTheCall) {
    ready_after = 1;
    EXPECT_FALSE(desk.news({kTranscript, kService, "somebody else's"}, {}));
    EXPECT_TRUE(desk.news({kTranscript, kService, kCall}, {}));
    run_until([&] { return record(kCall).contains("intelligence"); });
    EXPECT_EQ(record(kCall)["intelligence"][0]["operators"].size(), 2U);
    run_until([&] { return looks == 1; });
    EXPECT_TRUE(desk.news({kTranscript, kService, kCall}, {}));
    EXPECT_EQ(looks, 1);
}

TEST(IntelligenceFact, StaysWithinARecordsBounds) {
    rest::Transcript transcript;
    transcript.sid = kTranscript;
    std::vector<rest::Sentence> sentences(5000);
    for (auto& sentence : sentences) sentence.transcript = std::string(1000, 'x');
    const auto fact = intelligence_fact(transcript, sentences, {}, {});
    EXPECT_LT(fact.size(), std::size_t{1} << 20U);
    EXPECT_EQ(json::parse(fact)["sentences_left_out"], true);
}

}  // namespace
}  // namespace parley::messaging
