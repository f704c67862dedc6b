#include <gtest/gtest.h>

#include "parley/vendors/assemblyai/streaming.hpp"
#include "stt_words.hpp"

namespace parley::vendors::assemblyai {
namespace {

Endpoint universal(bool formatted) {
    auto endpoint = with_key();
    endpoint.model = "universal-streaming-english";
    if (formatted) endpoint.options.emplace("format_turns", "true");
    return endpoint;
}

TEST(AssemblyAi, AsksInTheQuery) {
    auto endpoint = with_key();
    EXPECT_EQ(StreamingProtocol(endpoint).shape().url,
              "wss://streaming.assemblyai.com/v3/ws?speech_model=universal-3-5-pro&sample_rate=8000&encoding=pcm_mulaw");
    EXPECT_EQ(StreamingProtocol(endpoint).shape().headers.get("Authorization"), "key-1");
    endpoint.options = {{"keyterms", "half past, \"noon\""}, {"min_turn_silence", "200"}};
    const auto shape = StreamingProtocol(endpoint).shape();
    EXPECT_EQ(shape.url,
              "wss://streaming.assemblyai.com/v3/"
              "ws?speech_model=universal-3-5-pro&sample_rate=8000&encoding=pcm_mulaw&min_turn_silence=200"
              "&keyterms_prompt=%5B%22half%20past%22%2C%22%5C%22noon%5C%22%22%5D");
    EXPECT_EQ(shape.chunk_bytes, 480U);
    EXPECT_EQ(shape.least_bytes, 400U);
    EXPECT_EQ(shape.goodbye, R"({"type":"Terminate"})");
}

TEST(AssemblyAi, ATurnOfTheThirdFamily) {
    StreamingProtocol protocol(with_key());
    const Step steps[] = {
        {R"({"type":"Begin","id":"b-1","expires_at":1790000000})", "opened b-1"},
        {R"({"type":"SpeechStarted","timestamp":1216,"confidence":0.9})", "started"},
        {R"({"type":"Turn","turn_order":0,"transcript":"Do you have—","end_of_turn":false,"words":[{"text":"Do","word_is_final":false}]})",
         "interim(Do you have—)"},
        {R"({"type":"Turn","turn_order":0,"transcript":"Do you have Tuesday?","end_of_turn":true,"turn_is_formatted":true,"end_of_turn_confidence":1,
            "words":[{"text":"Do","confidence":0.9},{"text":"you","confidence":0.8}]})",
         "piece(Do you have Tuesday? 0.85); end 1.00"},
        {R"({"type":"Turn","turn_order":0,"transcript":"Do you have Tuesday?","end_of_turn":true,"turn_is_formatted":true})", ""},
        {R"({"type":"Heartbeat","total_duration_ms":1})", ""},
        {R"({"type":"Termination","audio_duration_seconds":42})", ""},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(AssemblyAi, WordsThatMayStillChangeAreNotInTheTranscript) {
    StreamingProtocol protocol(universal(false));
    const Step steps[] = {
        {R"({"type":"Turn","turn_order":0,"transcript":"","end_of_turn":false,"words":[]})", ""},
        {R"({"type":"Turn","turn_order":0,"transcript":"do","end_of_turn":false,"words":[{"text":"do","word_is_final":true},{"text":"you"}]})",
         "started; interim(do you)"},
        {R"({"type":"Turn","turn_order":0,"transcript":"do you have","end_of_turn":true,"end_of_turn_confidence":0.7})", "piece(do you have 1.00); end 0.70"},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(AssemblyAi, AFormattedTurnIsToldOnce) {
    constexpr const char* kPlain =
        R"({"type":"Turn","turn_order":0,"transcript":"do you have","end_of_turn":true,"turn_is_formatted":false,"end_of_turn_confidence":0.7})";
    constexpr const char* kFormatted =
        R"({"type":"Turn","turn_order":0,"transcript":"Do you have?","end_of_turn":true,"turn_is_formatted":true,"end_of_turn_confidence":0.7})";
    StreamingProtocol formatted(universal(true));
    EXPECT_EQ(read(formatted, kPlain), "started; interim(do you have)");
    EXPECT_EQ(read(formatted, kFormatted), "piece(Do you have? 1.00); end 0.70");
    StreamingProtocol fast(universal(false));
    EXPECT_EQ(read(fast, kPlain), "piece(do you have 1.00); end 0.70");
    EXPECT_EQ(read(fast, kFormatted), "");
}

TEST(AssemblyAi, FinalizeForcesTheEnd) {
    StreamingProtocol protocol(with_key());
    EXPECT_EQ(finalize_text(protocol), R"({"type":"ForceEndpoint"})");
    EXPECT_EQ(read(protocol, R"({"type":"Turn","turn_order":3,"transcript":"Yes.","end_of_turn":true})"), "piece(Yes. 1.00); end 1.00; finalized");
    EXPECT_EQ(read(protocol, R"({"type":"Turn","turn_order":4,"transcript":"No.","end_of_turn":true})"), "piece(No. 1.00); end 1.00");
    SttProtocol::Out out;
    protocol.hint("half past,noon", out);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].bytes, R"({"keyterms_prompt":["half past","noon"],"type":"UpdateConfiguration"})");
}

TEST(AssemblyAi, ErrorsNonsenseAndCloseCodes) {
    const Step steps[] = {
        {R"({"type":"Error","error_code":1008,"error":"Unauthorized Connection: Missing Authorization header"})", "failed auth"},
        {R"({"type":"Error","error_code":3005,"error":"x"})", "failed server"},
        {R"({"type":"Error","error_code":3007,"error":"Input duration violation: 20 ms."})", "failed refused"},
        {R"({"type":"Error","error_code":3008,"error":"Session Expired"})", "failed session_limit"},
        {R"({"type":"Error","error_code":3009,"error":"Too many concurrent sessions"})", "failed quota"},
        {R"({"type":"Error","error_code":1e99})", "failed refused"},
        {R"({"type":"Turn","transcript":{}})", "failed protocol"},
        {R"({"type":null})", "failed protocol"},
    };
    for (const auto& step : steps) {
        StreamingProtocol protocol(with_key());
        if (std::string_view(step.message).find("1e99") != std::string_view::npos) {
            EXPECT_TRUE(read(protocol, step.message).starts_with("failed ")) << step.message;
            continue;
        }
        EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    }
    StreamingProtocol protocol(with_key());
    auto failure = from_close(3009, "Unauthorized Connection: Too many concurrent sessions");
    protocol.refine(failure);
    EXPECT_EQ(failure.kind, FailureKind::quota);
}

TEST(AssemblyAi, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_streaming(with_key()), "");
    EXPECT_EQ(check_streaming(universal(true)), "");
    auto endpoint = with_key();
    endpoint.options = {{"format_turns", "true"}};
    EXPECT_EQ(check_streaming(endpoint), "its setting format_turns needs a universal-streaming model");
    endpoint.options = {{"chunk_ms", "20"}};
    EXPECT_EQ(check_streaming(endpoint), "its setting chunk_ms is '20' but must be a whole number from 60 to 1000");
    endpoint.options = {{"keyterms", std::string(51, 'x')}};
    EXPECT_EQ(check_streaming(endpoint), "its setting keyterms is '" + std::string(51, 'x') + "' but must be entries of at most 50 characters");
}

}  // namespace
}  // namespace parley::vendors::assemblyai
