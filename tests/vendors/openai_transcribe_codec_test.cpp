#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/openai/transcribe.hpp"
#include "stt_words.hpp"

namespace parley::vendors::openai {
namespace {

std::string update_of(const Endpoint& endpoint) {
    SttProtocol::Out out;
    TranscribeProtocol(endpoint).connected(out);
    return out.size() == 1 && !out[0].binary ? out[0].bytes : std::string{};
}

TEST(OpenAiTranscribe, AsksInASessionUpdate) {
    auto endpoint = with_key();
    EXPECT_EQ(TranscribeProtocol(endpoint).shape().url, "wss://api.openai.com/v1/realtime?intent=transcription");
    EXPECT_EQ(TranscribeProtocol(endpoint).shape().headers.get("Authorization"), "Bearer key-1");
    EXPECT_EQ(update_of(endpoint),
              R"({"session":{"audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":{"type":"near_field"},)"
              R"("transcription":{"model":"gpt-realtime-whisper"},"turn_detection":null}},"type":"transcription"},"type":"session.update"})");
    endpoint.model = "gpt-transcribe";
    endpoint.language = "en-US";
    endpoint.base_url = "http://127.0.0.1:9/";
    endpoint.options = {{"turn_detection", "server_vad"}, {"threshold", "0.5"},           {"silence_duration_ms", "300"},
                        {"noise_reduction", "off"},       {"keywords", "noon,half past"}, {"prompt", "dental"}};
    EXPECT_EQ(check_transcribe(endpoint), "");
    EXPECT_EQ(TranscribeProtocol(endpoint).shape().url, "ws://127.0.0.1:9/v1/realtime?intent=transcription");
    EXPECT_EQ(update_of(endpoint),
              R"({"session":{"audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":null,)"
              R"("transcription":{"keywords":["noon","half past"],"language":"en","model":"gpt-transcribe","prompt":"dental"},)"
              R"("turn_detection":{"silence_duration_ms":300,"threshold":0.5,"type":"server_vad"}}},"type":"transcription"},"type":"session.update"})");
}

TEST(OpenAiTranscribe, MulawGoesInBase64) {
    TranscribeProtocol protocol(with_key());
    const std::uint8_t bytes[] = {0, 0xFF, 0x7F, 1};
    SttProtocol::Outgoing message;
    protocol.audio(bytes, message);
    EXPECT_FALSE(message.binary);
    EXPECT_EQ(message.bytes, R"({"type":"input_audio_buffer.append","audio":"AP9/AQ=="})");
}

TEST(OpenAiTranscribe, ACommittedSegment) {
    TranscribeProtocol protocol(with_key());
    EXPECT_EQ(read(protocol, R"({"type":"session.created","event_id":"e","session":{"id":"sess_1"}})"), "");
    EXPECT_EQ(read(protocol, R"({"type":"session.updated","session":{"id":"sess_1"}})"), "opened sess_1");
    EXPECT_EQ(read(protocol, R"({"type":"conversation.item.input_audio_transcription.delta","item_id":"A","delta":"do you"})"), "interim(do you)");
    EXPECT_EQ(finalize_text(protocol), R"({"type":"input_audio_buffer.commit","event_id":"parley-commit"})");
    const Step steps[] = {
        {R"({"type":"input_audio_buffer.committed","item_id":"A","previous_item_id":null})", ""},
        {R"({"type":"conversation.item.added","item":{"id":"A"}})", ""},
        {R"({"type":"conversation.item.input_audio_transcription.delta","item_id":"A","delta":" have noon"})", "interim(do you have noon)"},
        {R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"A","transcript":"Do you have noon?"})",
         "piece(Do you have noon? 1.00); finalized"},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(OpenAiTranscribe, AnEmptyBufferIsAnAnswerWhenNothingElseIsOwed) {
    constexpr const char* kEmpty =
        R"({"type":"error","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty","message":"too small"}})";
    TranscribeProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"session.updated","session":{"id":"s"}})");
    EXPECT_EQ(read(protocol, kEmpty), "");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, kEmpty), "finalized");
    // With the vendor's own voice activity an item may still be on its way.
    (void)read(protocol, R"({"type":"input_audio_buffer.speech_stopped","item_id":"A"})");
    (void)read(protocol, R"({"type":"input_audio_buffer.committed","item_id":"A"})");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, kEmpty), "");
    EXPECT_EQ(read(protocol, R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"A","transcript":"Noon."})"),
              "piece(Noon. 1.00); end 1.00; finalized");
}

TEST(OpenAiTranscribe, ItemsKeepTheOrderOfTheirCommits) {
    TranscribeProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"session.updated","session":{"id":"s"}})");
    EXPECT_EQ(read(protocol, R"({"type":"input_audio_buffer.speech_started","item_id":"A"})"), "started");
    for (const char* id : {"A", "B"}) {
        (void)read(protocol, R"({"type":"input_audio_buffer.speech_stopped"})");
        EXPECT_EQ(read(protocol, std::string(R"({"type":"input_audio_buffer.committed","item_id":")") + id + "\"}"), "");
    }
    EXPECT_EQ(read(protocol, R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"B","transcript":"second"})"), "interim(second)");
    EXPECT_EQ(read(protocol, R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"A","transcript":"first"})"),
              "piece(first 1.00); end 1.00; piece(second 1.00); end 1.00");
}

TEST(OpenAiTranscribe, AnItemIsSettledOnce) {
    TranscribeProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"session.updated","session":{"id":"s"}})");
    constexpr const char* kDone = R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"A","transcript":"yes"})";
    EXPECT_EQ(read(protocol, kDone), "piece(yes 1.00)");
    EXPECT_EQ(read(protocol, kDone), "");
    EXPECT_EQ(read(protocol, R"({"type":"conversation.item.input_audio_transcription.delta","item_id":"A","delta":"late"})"), "");
}

TEST(OpenAiTranscribe, ErrorsBeforeAndAfterTheSessionStands) {
    const Step before[] = {
        {R"({"type":"error","error":{"type":"invalid_request_error","code":"invalid_api_key","message":"no"}})", "failed auth"},
        {R"({"type":"error","error":{"type":"invalid_request_error","code":"beta_api_shape_disabled","message":"no"}})", "failed refused"},
        {R"({"type":"error","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"no"}})", "failed quota"},
        {R"({"type":"error"})", "failed protocol"},
        {R"({"type":"input_audio_buffer.committed"})", "failed protocol"},
        {R"({"type":"conversation.item.input_audio_transcription.delta","item_id":"A","delta":5})", "failed protocol"},
        {R"({"type":"conversation.item.input_audio_transcription.failed","item_id":"A","error":{"message":"x"}})", "failed server"},
    };
    for (const auto& step : before) {
        TranscribeProtocol protocol(with_key());
        EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    }
    TranscribeProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"session.updated","session":{"id":"s"}})");
    EXPECT_EQ(read(protocol, R"({"type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"no"}})"), "");
    EXPECT_EQ(read(protocol, R"({"type":"error","error":{"type":"server_error","code":null,"message":"no"}})"), "failed server");
    EXPECT_EQ(read(protocol, R"({"type":"error","error":{"code":"session_expired","message":"60 minutes"}})"), "failed session_limit");
}

TEST(OpenAiTranscribe, CloseCodesOfItsOwn) {
    TranscribeProtocol protocol(with_key());
    const auto refined = [&](int code, std::string_view reason) {
        auto failure = from_close(code, reason);
        protocol.refine(failure);
        return failure.kind;
    };
    EXPECT_EQ(refined(3000, "invalid_request_error.invalid_api_key"), FailureKind::auth);
    EXPECT_EQ(refined(3000, "invalid_request_error.invalid_model"), FailureKind::refused);
    EXPECT_EQ(refined(1001, "Your session hit the maximum duration of 60 minutes."), FailureKind::session_limit);
    EXPECT_EQ(refined(1011, ""), FailureKind::server);
}

TEST(OpenAiTranscribe, ItemsThatAreNeverCompletedAreBounded) {
    TranscribeProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"session.updated","session":{"id":"s"}})");
    std::string last;
    for (std::size_t i = 0; i <= TranscribeProtocol::kMostItems; ++i) {
        EXPECT_EQ(last, "");
        last = read(protocol, R"({"type":"input_audio_buffer.committed","item_id":")" + std::to_string(i) + "\"}");
    }
    EXPECT_EQ(last, "failed protocol");
}

TEST(OpenAiTranscribe, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_transcribe(with_key()), "");
    auto endpoint = with_key();
    endpoint.options = {{"turn_detection", "server_vad"}};
    EXPECT_EQ(check_transcribe(endpoint), "its model gpt-realtime-whisper takes no turn_detection");
    endpoint.options = {{"threshold", "0.5"}};
    EXPECT_EQ(check_transcribe(endpoint), "its setting threshold needs turn_detection server_vad");
    endpoint.options = {{"delay", "most"}};
    EXPECT_EQ(check_transcribe(endpoint), "its setting delay is 'most' but must be one of minimal low medium high xhigh");
    endpoint.options = {{"prompt", "x"}};
    EXPECT_EQ(check_transcribe(endpoint), "its model gpt-realtime-whisper takes no prompt");
}

}  // namespace
}  // namespace parley::vendors::openai
