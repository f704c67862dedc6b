// What only Deepgram's speaking socket has: flushes that are counted, audio without names, and Cleared.

#include <gtest/gtest.h>

#include "parley/vendors/deepgram/speak.hpp"
#include "tts_rig.hpp"

namespace parley::vendors {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<TtsRig> rig(sim::Fault fault = {}, double pace = 0) {
    return std::make_unique<TtsRig>("deepgram", Endpoint{}, deepgram::make_speak, std::move(fault), pace);
}

TEST(DeepgramSpeakSocket, MoreTextsThanFlushesAreAllowedGoOnAnotherSocket) {
    auto at = rig();
    at->stream->open();
    for (SpeechTag tag = 1; tag <= 45; ++tag) at->stream->speak(tag, "Text number " + std::to_string(tag) + ".");
    ASSERT_TRUE(at->run_until_log("done 45")) << testing::PrintToString(at->sink.log);
    EXPECT_TRUE(at->sink.failures.empty());
    for (SpeechTag tag = 1; tag <= 45; ++tag) EXPECT_TRUE(at->sink.audio[tag] == spoken_tones("Text number " + std::to_string(tag) + ".")) << tag;
    // 18 on each of two, the rest on a third; never more than 20 on one.
    EXPECT_EQ(at->host.counts().requests, 3U);
    EXPECT_EQ(std::ranges::count_if(at->sink.log, [](const std::string& line) { return line.starts_with("open"); }), 1);
}

TEST(DeepgramSpeakSocket, CancelIsAClearAndNothingMore) {
    auto at = rig({}, 8);
    at->stream->open();
    at->stream->cancel_all();  // owes nothing: nothing is sent
    at->stream->speak(1, "A sentence that takes its time to be spoken to the end of it all.");
    ASSERT_TRUE(at->run_until([&] { return !at->sink.audio[1].empty(); }));
    at->stream->cancel_all();
    at->stream->cancel_all();
    at->stream->speak(2, "Next.");
    ASSERT_TRUE(at->run_until_log("done 2"));
    const auto received = at->host.received();
    EXPECT_EQ(std::ranges::count(received, std::string(deepgram::kClear)), 1);
    EXPECT_EQ(at->host.counts().requests, 1U);
}

TEST(DeepgramSpeakSocket, ALongTextIsOneTag) {
    auto at = rig();
    std::string text;
    while (text.size() < 2300) text += "Words and more words. ";
    at->stream->open();
    at->stream->speak(1, text);
    ASSERT_TRUE(at->run_until([&] { return at->sink.log.size() > 2; })) << testing::PrintToString(at->sink.log);
    // 2300 characters at the tone voice's speed are more than two minutes.
    EXPECT_TRUE(at->sink.has("failed 1 too_big"));
    std::size_t speaks = 0;
    for (const auto& message : at->host.received()) speaks += message.find("\"Speak\"") != std::string::npos ? 1U : 0U;
    EXPECT_EQ(speaks, 2U);
    at->stream->speak(2, "Short.");
    ASSERT_TRUE(at->run_until_log("done 2"));
    EXPECT_TRUE(at->sink.audio[2] == spoken_tones("Short."));
}

TEST(DeepgramSpeakRest, ATextThatIsTooLongIsRefusedUnasked) {
    TtsRig at("deepgram", Endpoint{}, deepgram::make_speak_rest);
    at.stream->open();
    at.stream->speak(1, std::string(2001, 'x'));
    at.stream->speak(2, "Short.");
    ASSERT_TRUE(at.run_until_log("done 2"));
    EXPECT_TRUE(at.sink.has("failed 1 refused"));
    EXPECT_EQ(at.host.counts().requests, 1U);
}

TEST(DeepgramSpeakRest, TheVendorsOwnSentenceReachesTheOperator) {
    Endpoint endpoint;
    endpoint.model = "no-such-voice";
    TtsRig at("deepgram", endpoint, deepgram::make_speak_rest);
    at.stream->open();
    at.stream->speak(1, "Hello.");
    ASSERT_TRUE(at.run_until_log("failed 1 refused")) << testing::PrintToString(at.sink.log);
    EXPECT_NE(at.sink.failures.front().reason.find("No such model"), std::string::npos) << at.sink.failures.front().reason;
    EXPECT_FALSE(at.sink.failures.front().request_id.empty());
}

}  // namespace
}  // namespace parley::vendors
