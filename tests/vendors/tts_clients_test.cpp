// Every synthesis client against its vendor's emulator, over real sockets.

#include <gtest/gtest.h>

#include "parley/sim/embedded_speech.hpp"
#include "parley/vendors/cartesia/sonic.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"
#include "parley/vendors/openai/speech.hpp"
#include "tts_rig.hpp"

namespace parley::vendors {
namespace {

using std::chrono::milliseconds;
const std::string kOne = "Yes, half past ten is free.", kTwo = "Shall I book it?", kThree = "Wunderbar, bis dann.";
const std::string kLong =
    "This is a very long sentence that goes on and on, so that whoever listens has every reason to interrupt it before "
    "it comes to its end.";

struct Client {
    const char* name;
    const char* vendor;
    const char* base;     // behind the host
    const char* endings;  // "stream": a failure ends the stream, "text": the text alone
    bool json;            // its audio comes in JSON
    bool words;
    bool mulaw;
    bool labelled;  // what is late is known by its name
    TtsRig::Make make;
    std::map<std::string, std::string> options;
};

void PrintTo(const Client& client, std::ostream* out) {
    *out << client.name;
}

const Client kClients[] = {
    {"deepgram", "deepgram", "", "stream", false, false, true, false, deepgram::make_speak, {}},
    {"deepgram_rest", "deepgram", "", "text", false, false, true, false, deepgram::make_speak_rest, {}},
    {"elevenlabs", "elevenlabs", "", "stream", true, true, true, true, elevenlabs::make_speech, {}},
    {"elevenlabs_single", "elevenlabs", "", "text", true, true, true, false, elevenlabs::make_speech, {{"socket", "single"}}},
    {"cartesia", "cartesia", "", "stream", true, true, true, true, cartesia::make_sonic, {}},
    {"openai", "openai", "/v1", "text", false, false, false, false, openai::make_speech, {}},
};

class TtsClient : public testing::TestWithParam<Client> {
protected:
    std::unique_ptr<TtsRig> rig(sim::Fault fault = {}, double pace = 0, Secret key = Secret("sim-key")) {
        Endpoint endpoint;
        endpoint.base_url = GetParam().base;
        endpoint.options = GetParam().options;
        endpoint.key = std::move(key);
        if (std::string_view(GetParam().vendor) != "deepgram") endpoint.voice = "v1";
        return std::make_unique<TtsRig>(GetParam().vendor, std::move(endpoint), GetParam().make, std::move(fault), pace);
    }
    [[nodiscard]] bool http() const { return std::string_view(GetParam().name) == "deepgram_rest" || std::string_view(GetParam().name) == "openai"; }
    [[nodiscard]] bool ends_stream() const { return std::string_view(GetParam().endings) == "stream"; }

    // Exactly the emulator's own voice, where µ-law passes through; as long and about as loud where the rate was
    // changed.
    void expect_spoken(const TtsRig& at, SpeechTag tag, const std::string& text) {
        const auto want = spoken_tones(text);
        const auto found = at.sink.audio.find(tag);
        ASSERT_NE(found, at.sink.audio.end()) << tag;
        const auto& got = found->second;
        if (GetParam().mulaw) {
            ASSERT_EQ(got.size(), want.size());
            EXPECT_TRUE(got == want) << "other samples in " << tag;
        } else {
            EXPECT_NEAR(static_cast<double>(got.size()), static_cast<double>(want.size()), 1);
            EXPECT_NEAR(sim::level_dbfs(got), sim::level_dbfs(want), 1);
        }
    }
    // The failure of text 1, whether it came with the stream or alone.
    void expect_failed(TtsRig& at, FailureKind kind) {
        ASSERT_TRUE(at.run_until([&] { return !at.sink.failures.empty(); })) << testing::PrintToString(at.sink.log);
        EXPECT_EQ(name(at.sink.failures.front().kind), name(kind)) << at.sink.failures.front().reason;
        EXPECT_FALSE(at.sink.failures.front().reason.empty());
        EXPECT_FALSE(at.sink.has("done 1"));
    }
};

TEST_P(TtsClient, SpeaksTextsInOrderEachUnderItsTag) {
    auto at = rig();
    at->stream->open();
    at->stream->speak(1, kOne);
    at->stream->speak(2, kTwo);
    at->stream->speak(7, kThree);
    ASSERT_TRUE(at->run_until_log("done 7")) << testing::PrintToString(at->sink.log);
    std::vector<std::string> spoken;
    for (const auto& line : at->sink.log)
        if (!line.starts_with("open")) spoken.push_back(line);
    EXPECT_EQ(spoken, (std::vector<std::string>{"audio 1", "done 1", "audio 2", "done 2", "audio 7", "done 7"}));
    expect_spoken(*at, 1, kOne);
    expect_spoken(*at, 2, kTwo);
    expect_spoken(*at, 7, kThree);
    EXPECT_TRUE(at->sink.log.front().starts_with("open"));
    if (GetParam().vendor == std::string_view("deepgram") && !http()) {
        EXPECT_GT(at->sink.log.front().size(), 6U);  // it says its request id
    }
}

TEST_P(TtsClient, SpeaksAfterAPause) {
    auto at = rig();
    at->stream->open();
    ASSERT_TRUE(at->run_until([&] { return at->stream->open_now(); }));
    at->stream->speak(1, kOne);
    ASSERT_TRUE(at->run_until_log("done 1"));
    at->run_for(milliseconds(30));
    at->stream->speak(2, kTwo);
    ASSERT_TRUE(at->run_until_log("done 2"));
    expect_spoken(*at, 2, kTwo);
}

TEST_P(TtsClient, WordsRiseToTheEndOfTheText) {
    auto at = rig();
    at->stream->open();
    at->stream->speak(1, kOne);
    at->stream->speak(2, kTwo);
    ASSERT_TRUE(at->run_until_log("done 2"));
    if (!GetParam().words) {
        EXPECT_TRUE(at->sink.words.empty());
        return;
    }
    for (const auto& [tag, text] : {std::pair(1U, kOne), std::pair(2U, kTwo)}) {
        const auto& words = at->sink.words[tag];
        ASSERT_EQ(words.size(), static_cast<std::size_t>(std::ranges::count(text, ' ')) + 1) << text;
        for (std::size_t i = 1; i < words.size(); ++i) {
            EXPECT_GT(words[i].characters, words[i - 1].characters);
            EXPECT_GT(words[i].samples, words[i - 1].samples);
        }
        EXPECT_EQ(words.back().characters, text.size());
        // The emulator deals the characters out evenly; the vendor's times are whole milliseconds.
        const auto all = static_cast<double>(at->sink.audio[tag].size());
        EXPECT_NEAR(words.back().samples, all, all / 20 + 400);
        const auto first_word = static_cast<double>(text.find(' ')) / static_cast<double>(text.size());
        EXPECT_NEAR(words.front().samples, all * first_word, 900);
    }
}

TEST_P(TtsClient, NothingOfWhatWasCancelledIsHeardAgain) {
    sim::Fault fault;
    fault.late_bytes = milliseconds(300);
    auto at = rig(fault, 8);
    at->stream->open();
    at->stream->speak(1, kLong);
    at->stream->speak(2, kTwo);
    ASSERT_TRUE(at->run_until([&] { return at->sink.audio[1].size() > 1600; })) << testing::PrintToString(at->sink.log);
    at->stream->cancel_all();
    const auto heard = at->sink.audio[1].size();
    EXPECT_LT(heard, spoken_tones(kLong).size() / 2);
    at->stream->speak(3, kThree);
    ASSERT_TRUE(at->run_until_log("done 3")) << testing::PrintToString(at->sink.log);
    at->run_for(milliseconds(100));
    expect_spoken(*at, 3, kThree);
    EXPECT_EQ(at->sink.audio[1].size(), heard);
    EXPECT_EQ(at->sink.audio.count(2), 0U);
    for (const auto* line : {"done 1", "done 2"}) EXPECT_FALSE(at->sink.has(line));
    EXPECT_TRUE(at->sink.failures.empty());
}

TEST_P(TtsClient, CancelIsObeyedFromWithinTheSinkAndManyTimes) {
    auto at = rig({}, 8);
    bool cancelled = false;
    at->sink.on_told = [&] {
        if (at->sink.log.back() != "audio 1" || cancelled) return;
        cancelled = true;
        at->stream->cancel_all();
        at->stream->speak(2, kTwo);
        at->stream->cancel_all();
        at->stream->cancel_all();
        at->stream->speak(3, kThree);
    };
    at->stream->open();
    at->stream->speak(1, kLong);
    ASSERT_TRUE(at->run_until_log("done 3")) << testing::PrintToString(at->sink.log);
    expect_spoken(*at, 3, kThree);
    EXPECT_EQ(at->sink.audio.count(2), 0U);
}

TEST_P(TtsClient, CancelBeforeTheSocketIsOpen) {
    sim::Fault fault;
    fault.accept_delay = milliseconds(50);
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kOne);
    at->stream->cancel_all();
    at->stream->speak(2, kTwo);
    ASSERT_TRUE(at->run_until_log("done 2")) << testing::PrintToString(at->sink.log);
    EXPECT_EQ(at->sink.audio.count(1), 0U);
    expect_spoken(*at, 2, kTwo);
}

TEST_P(TtsClient, RefusalsAreFailuresInOurVocabulary) {
    struct Case {
        int status;
        FailureKind kind;
    };
    for (const auto& c :
         {Case{401, FailureKind::auth}, Case{429, FailureKind::rate_limited}, Case{503, FailureKind::server}, Case{404, FailureKind::refused}}) {
        sim::Fault fault;
        fault.status = c.status;
        if (c.status == 429) fault.retry_after = 0.5;
        auto at = rig(fault);
        at->stream->open();
        at->stream->speak(1, kOne);
        expect_failed(*at, c.kind);
        const auto& failure = at->sink.failures.front();
        EXPECT_EQ(failure.status, c.status);
        if (c.status == 429) {
            EXPECT_EQ(failure.retry_after, milliseconds(500));
        }
        EXPECT_EQ(failure.reason.find("sim-key"), std::string::npos);
    }
}

TEST_P(TtsClient, AWrongKeyIsAuth) {
    auto at = rig({}, 0, Secret("not-the-key"));
    at->stream->open();
    at->stream->speak(1, kOne);
    expect_failed(*at, FailureKind::auth);
    for (const auto& failure : at->sink.failures) EXPECT_EQ(failure.reason.find("not-the-key"), std::string::npos);
}

TEST_P(TtsClient, NobodyListens) {
    auto at = rig();
    at->host.stop();
    at->stream->open();
    at->stream->speak(1, kOne);
    expect_failed(*at, FailureKind::unreachable);
    at->stream->speak(2, kTwo);
    at->stream->cancel_all();
}

TEST_P(TtsClient, TheConnectionEndsInTheMiddleOfTheAudio) {
    for (const int code : {0, 1, 1011, 1008}) {
        sim::Fault fault;
        fault.close_after = 3;
        fault.close_code = code;
        auto at = rig(fault);
        at->stream->open();
        at->stream->speak(1, kLong);
        const bool by_code = !http() && code >= 1000;
        expect_failed(*at, !by_code ? FailureKind::closed : code == 1011 ? FailureKind::server : FailureKind::refused);
        if (ends_stream()) {
            EXPECT_TRUE(at->sink.log.back().starts_with("failed 0 "));
        } else {
            EXPECT_TRUE(at->sink.log.back().starts_with("failed 1 "));
        }
        // What came before is a beginning of the text, not other samples.
        const auto want = spoken_tones(kLong);
        const auto& got = at->sink.audio[1];
        EXPECT_LT(got.size(), want.size());
        if (GetParam().mulaw) {
            EXPECT_TRUE(std::equal(got.begin(), got.end(), want.begin()));
        }
    }
}

TEST_P(TtsClient, TheConnectionEndsInTheMiddleOfAMessage) {
    for (const std::size_t bytes : {700U, 2500U}) {
        sim::Fault fault;
        fault.close_after_bytes = bytes;
        fault.close_code = 1;
        auto at = rig(fault);
        at->stream->open();
        at->stream->speak(1, kLong);
        expect_failed(*at, FailureKind::closed);
    }
}

TEST_P(TtsClient, CloseReturnsWhateverTheVendorDoes) {
    std::vector<sim::Fault> faults(5);
    faults[1].stall_after = 1;
    faults[2].half_open_after = 1;
    faults[3].accept_delay = std::chrono::seconds(30);
    faults[4].slow = 0.5;
    for (auto& fault : faults) {
        auto at = rig(fault, 4);
        at->stream->open();
        at->stream->speak(1, kLong);
        at->stream->speak(2, kTwo);
        at->run_for(milliseconds(60));
        const auto told = at->sink.log.size();
        EXPECT_TRUE(at->close());
        at->run_for(milliseconds(20));
        EXPECT_EQ(at->sink.log.size(), told);
        at->stream->speak(3, kThree);
        at->stream->cancel_all();
    }
}

TEST_P(TtsClient, StalledAudioIsNeitherDoneNorForgotten) {
    sim::Fault fault;
    fault.stall_after = 2;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kLong);
    ASSERT_TRUE(at->run_until([&] { return !at->sink.audio[1].empty(); }));
    at->run_for(milliseconds(150));
    EXPECT_FALSE(at->sink.has("done 1"));
    EXPECT_TRUE(at->sink.failures.empty());  // to notice is the caller's business
    at->stream->cancel_all();
}

TEST_P(TtsClient, BrokenMessages) {
    sim::Fault fault;
    fault.malformed_after = 2;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kLong);
    if (GetParam().json) return expect_failed(*at, FailureKind::protocol);
    // Half a chunk of plain audio is audio: shorter, nothing more.
    ASSERT_TRUE(at->run_until_log("done 1")) << testing::PrintToString(at->sink.log);
    EXPECT_LT(at->sink.audio[1].size(), spoken_tones(kLong).size());
    EXPECT_GT(at->sink.audio[1].size(), spoken_tones(kLong).size() - 800);
}

TEST_P(TtsClient, GiantMessages) {
    sim::Fault fault;
    fault.giant_after = 1;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kLong);
    expect_failed(*at, FailureKind::too_big);
}

TEST_P(TtsClient, UnheardOfMessagesAreReadOver) {
    sim::Fault fault;
    fault.unknown_event = 1;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kOne);
    ASSERT_TRUE(at->run_until_log("done 1")) << testing::PrintToString(at->sink.log);
    expect_spoken(*at, 1, kOne);
}

TEST_P(TtsClient, NoAudioAndSilenceAreFailures) {
    for (const bool zeros : {false, true}) {
        sim::Fault fault;
        fault.empty_audio = !zeros;
        fault.zero_audio = zeros;
        auto at = rig(fault);
        at->stream->open();
        at->stream->speak(1, kOne);
        at->stream->speak(2, kTwo);
        ASSERT_TRUE(at->run_until_log("failed 2 empty_audio")) << testing::PrintToString(at->sink.log);
        EXPECT_TRUE(at->sink.has("failed 1 empty_audio"));
    }
}

TEST_P(TtsClient, AFileIsNotHeardAsAudio) {
    sim::Fault fault;
    fault.wav_header = true;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kOne);
    ASSERT_TRUE(at->run_until_log("failed 1 bad_audio")) << testing::PrintToString(at->sink.log);
    EXPECT_EQ(at->sink.audio.count(1), 0U);
}

TEST_P(TtsClient, OddBytes) {
    sim::Fault fault;
    fault.odd_bytes = true;
    auto at = rig(fault);
    at->stream->open();
    at->stream->speak(1, kOne);
    ASSERT_TRUE(at->run_until_log("done 1")) << testing::PrintToString(at->sink.log);
    const auto want = spoken_tones(kOne);
    EXPECT_NEAR(static_cast<double>(at->sink.audio[1].size()), static_cast<double>(want.size()), 1);
    EXPECT_NEAR(sim::level_dbfs(at->sink.audio[1]), sim::level_dbfs(want), 1);
}

TEST_P(TtsClient, MarkupIsSpokenNotObeyed) {
    auto at = rig();
    at->stream->open();
    at->stream->speak(1, "before <break time=\"9s\"/> after");
    ASSERT_TRUE(at->run_until([&] { return at->sink.has("done 1"); })) << testing::PrintToString(at->sink.log);
    const bool obeys = GetParam().vendor == std::string_view("elevenlabs") || GetParam().vendor == std::string_view("cartesia");
    bool seen = false;
    for (const auto& message : at->host.received()) {
        if (message.find("before") == std::string::npos) continue;
        seen = true;
        EXPECT_EQ(message.find('<') == std::string::npos, obeys) << message;
    }
    EXPECT_TRUE(seen);
}

// What arrives is speech: the embedded recogniser understands it again.
TEST_P(TtsClient, TheWordsAreUnderstoodAgain) {
    static const auto world = [] {
        sim::WorldSettings settings;
        settings.first_audio = milliseconds(0);
        settings.pace = 0;
        settings.phrases = {"half past ten is free", "shall i book it", "see you on monday"};
        return std::make_shared<sim::EmulatorWorld>(settings);
    }();
    static const auto ear = sim::make_embedded_ear();
    Endpoint endpoint;
    endpoint.options = GetParam().options;
    if (std::string_view(GetParam().vendor) != "deepgram") endpoint.voice = "v1";
    TtsRig at(GetParam().vendor, endpoint, GetParam().make, {}, world);
    at.stream->open();
    at.stream->speak(1, "Half past ten is free.");
    at.stream->speak(2, "Shall I book it?");
    ASSERT_TRUE(at.run_until_log("done 2")) << testing::PrintToString(at.sink.log);
    const auto understood = [&](SpeechTag tag) {
        std::string text;
        for (const auto& part : ear->recognise(at.sink.audio[tag], world->settings().phrases)) text += "[" + part.text + "]";
        return text;
    };
    EXPECT_EQ(understood(1), "[half past ten is free]");
    EXPECT_EQ(understood(2), "[shall i book it]");
}

INSTANTIATE_TEST_SUITE_P(Vendors, TtsClient, testing::ValuesIn(kClients), [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace parley::vendors
