#include <gtest/gtest.h>

#include "parley/vendors/elevenlabs/scribe.hpp"
#include "stt_words.hpp"

namespace parley::vendors::elevenlabs {
namespace {

Endpoint with_vad() {
    auto endpoint = with_key();
    endpoint.options = {{"commit_strategy", "vad"}, {"vad_silence_threshold_secs", "0.5"}};
    return endpoint;
}

TEST(ElevenLabsScribe, AsksInTheQuery) {
    auto endpoint = with_vad();
    endpoint.language = "de-DE";
    endpoint.options.emplace("keyterms", "halb zehn,Dr Müller");
    const auto shape = ScribeProtocol(endpoint).shape();
    EXPECT_EQ(shape.url,
              "wss://api.elevenlabs.io/v1/speech-to-text/"
              "realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&commit_strategy=vad"
              "&language_code=de&vad_silence_threshold_secs=0.5&keyterms=halb%20zehn&keyterms=Dr%20M%C3%BCller");
    EXPECT_EQ(shape.headers.get("xi-api-key"), "key-1");
    EXPECT_EQ(shape.chunk_bytes, 800U);
    EXPECT_EQ(ScribeProtocol(with_key()).shape().url,
              "wss://api.elevenlabs.io/v1/speech-to-text/"
              "realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&commit_strategy=manual");
}

TEST(ElevenLabsScribe, MulawGoesInBase64) {
    ScribeProtocol protocol(with_key());
    const std::uint8_t bytes[] = {0, 0xFF, 0x7F, 1};
    SttProtocol::Outgoing message;
    protocol.audio(bytes, message);
    EXPECT_FALSE(message.binary);
    EXPECT_EQ(message.bytes, R"({"message_type":"input_audio_chunk","audio_base_64":"AP9/AQ==","commit":false,"sample_rate":8000})");
    EXPECT_EQ(finalize_text(protocol), R"({"message_type":"input_audio_chunk","audio_base_64":"","commit":true,"sample_rate":8000})");
}

TEST(ElevenLabsScribe, ASegmentCommittedByHand) {
    ScribeProtocol protocol(with_key());
    const Step steps[] = {
        {R"({"message_type":"session_started","session_id":"s-1","config":{}})", "opened s-1"},
        {R"({"message_type":"partial_transcript","text":""})", ""},
        {R"({"message_type":"partial_transcript","text":"do you"})", "started; interim(do you)"},
        {R"({"message_type":"partial_transcript","text":"do you have tuesday"})", "interim(do you have tuesday)"},
        {R"({"message_type":"final_transcript","text":"do you have tuesday"})", ""},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"message_type":"committed_transcript","text":"Do you have Tuesday?"})"), "piece(Do you have Tuesday? 1.00); finalized");
    EXPECT_EQ(read(protocol, R"({"message_type":"committed_transcript_with_timestamps","text":"Do you have Tuesday?","words":[]})"), "");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"message_type":"committed_transcript","text":""})"), "finalized");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"message_type":"commit_throttled","error":"too often"})"), "finalized");
    EXPECT_EQ(read(protocol, R"({"message_type":"commit_throttled","error":"too often"})"), "");
}

TEST(ElevenLabsScribe, TheVendorsOwnCommitEndsTheTurn) {
    ScribeProtocol protocol(with_vad());
    EXPECT_EQ(read(protocol, R"({"message_type":"partial_transcript","text":"yes"})"), "started; interim(yes)");
    EXPECT_EQ(read(protocol, R"({"message_type":"committed_transcript","text":"Yes."})"), "piece(Yes. 1.00); end 1.00");
    EXPECT_EQ(read(protocol, R"({"message_type":"partial_transcript","text":"uh"})"), "started; interim(uh)");
    EXPECT_EQ(read(protocol, R"({"message_type":"committed_transcript","text":""})"), "interim()");  // a false alarm
}

TEST(ElevenLabsScribe, ErrorsAndNonsense) {
    const Step steps[] = {
        {R"({"message_type":"auth_error","error":"no"})", "failed auth"},
        {R"({"message_type":"quota_exceeded","error":"no"})", "failed quota"},
        {R"({"message_type":"rate_limited","error":"no"})", "failed rate_limited"},
        {R"({"message_type":"input_error","error":"no"})", "failed refused"},
        {R"({"message_type":"queue_overflow","error":"no"})", "failed server"},
        {R"({"message_type":"session_time_limit_exceeded","error":"no"})", "failed session_limit"},
        {R"({"message_type":"insufficient_audio_activity"})", "failed closed"},
        {R"({"message_type":"error","error":{}})", "failed server"},
        {R"({"message_type":"warning","warning":"x"})", ""},
        {R"({"message_type":"partial_transcript","text":7})", "failed protocol"},
        {R"({"type":"partial_transcript"})", "failed protocol"},
    };
    for (const auto& step : steps) {
        ScribeProtocol protocol(with_key());
        EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    }
}

TEST(ElevenLabsScribe, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_scribe(with_key()), "");
    EXPECT_EQ(check_scribe(with_vad()), "");
    auto endpoint = with_key();
    endpoint.options = {{"vad_threshold", "0.4"}};
    EXPECT_EQ(check_scribe(endpoint), "its setting vad_threshold needs commit_strategy vad");
    endpoint.options = {{"commit_strategy", "auto"}};
    EXPECT_EQ(check_scribe(endpoint), "its setting commit_strategy is 'auto' but must be one of manual vad");
    endpoint.options = {{"keyterms", "a term of over twenty characters"}};
    EXPECT_EQ(check_scribe(endpoint), "its setting keyterms is 'a term of over twenty characters' but must be entries of at most 20 characters");
}

}  // namespace
}  // namespace parley::vendors::elevenlabs
