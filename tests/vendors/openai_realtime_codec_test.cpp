#include "parley/vendors/openai/realtime_codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/openai/realtime.hpp"

namespace parley::vendors::openai_realtime {
namespace {

using nlohmann::json;

struct Case {
    const char* name;
    std::string_view message;
    Kind kind;
    std::string response, item, text;
};

class OpenaiRealtimeRead : public testing::TestWithParam<Case> {};

TEST_P(OpenaiRealtimeRead, understands) {
    Reader reader;
    const auto& event = reader.read(GetParam().message);
    EXPECT_EQ(event.kind, GetParam().kind);
    EXPECT_EQ(event.response, GetParam().response);
    EXPECT_EQ(event.item, GetParam().item);
    EXPECT_EQ(event.text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    cases, OpenaiRealtimeRead,
    testing::Values(
        Case{"no_json", "nonsense", Kind::malformed, "", "", ""}, Case{"empty", "", Kind::malformed, "", "", ""},
        Case{"list", R"(["error"])", Kind::malformed, "", "", ""}, Case{"cut", R"({"type":"error","error":{"code":)", Kind::malformed, "", "", ""},
        Case{"no_type", R"({"event_id":"e"})", Kind::ignored, "", "", ""}, Case{"type_of_number", R"({"type":7})", Kind::ignored, "", "", ""},
        Case{"unknown", R"({"type":"rate_limits.updated","rate_limits":[]})", Kind::ignored, "", "", ""},
        Case{"updated", R"({"type":"session.updated","session":{}})", Kind::session_updated, "", "", ""},
        Case{"started", R"({"type":"input_audio_buffer.speech_started","audio_start_ms":4100,"item_id":"item_U1"})", Kind::speech_started, "", "item_U1", ""},
        Case{"stopped", R"({"type":"input_audio_buffer.speech_stopped","audio_end_ms":1,"item_id":"item_U1"})", Kind::speech_stopped, "", "item_U1", ""},
        Case{"interim", R"({"type":"conversation.item.input_audio_transcription.delta","item_id":"i","content_index":0,"delta":"Do "})", Kind::caller_delta, "",
             "i", "Do "},
        Case{"said", R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"Do you have T\u00fcsday?","usage":{}})",
             Kind::caller_text, "", "i", "Do you have T\xC3\xBCsday?"},
        Case{"words", R"({"type":"response.output_audio_transcript.delta","response_id":"r","item_id":"a","delta":"Yes"})", Kind::words, "r", "a", "Yes"},
        Case{"beta_words", R"({"type":"response.audio_transcript.delta","response_id":"r","item_id":"a","delta":"Yes"})", Kind::words, "r", "a", "Yes"},
        Case{"created", R"({"type":"response.created","response":{"id":"resp_1","status":"in_progress"}})", Kind::response_created, "resp_1", "", ""},
        Case{"null_response", R"({"type":"response.created","response":null})", Kind::response_created, "", "", ""},
        Case{"bad_audio", R"({"type":"response.output_audio.delta","response_id":"r","item_id":"a","delta":"//79="})", Kind::malformed, "r", "a", ""}),
    [](const auto& info) { return info.param.name; });

TEST(OpenaiRealtimeCodec, AudioOfBothShapesAndOfEverySize) {
    Reader reader;
    for (const char* type : {"response.output_audio.delta", "response.audio.delta"}) {
        const std::string head = std::string(R"({"type":")") + type + R"(","event_id":"event_9","response_id":"resp_1","item_id":"item_A1","delta":")";
        const auto& event = reader.read(head + R"(f39/AP8="})");
        ASSERT_EQ(event.kind, Kind::audio);
        const std::vector<std::uint8_t> want{0x7F, 0x7F, 0x7F, 0x00, 0xFF};
        EXPECT_TRUE(std::equal(event.audio.begin(), event.audio.end(), want.begin(), want.end()));
        EXPECT_EQ(event.item, "item_A1");
        const auto& none = reader.read(head + R"("})");
        EXPECT_EQ(none.kind, Kind::audio);
        EXPECT_TRUE(none.audio.empty());
    }
}

TEST(OpenaiRealtimeCodec, SessionTellsItsEnd) {
    Reader reader;
    const auto& event = reader.read(R"({"type":"session.created","session":{"id":"sess_1","expires_at":1790003600}})");
    EXPECT_EQ(event.kind, Kind::session_created);
    EXPECT_EQ(event.id, "sess_1");
    EXPECT_EQ(event.expires_at, 1790003600);
}

TEST(OpenaiRealtimeCodec, CallsCompleteAndNotComplete) {
    Reader reader;
    const auto& added = reader.read(
        R"({"type":"response.output_item.added","response_id":"r","item":{"type":"function_call","id":"item_F1","call_id":"call_7","name":"get_slot","arguments":"","status":"in_progress"}})");
    EXPECT_EQ(added.kind, Kind::item_added);
    EXPECT_TRUE(added.is_call);
    EXPECT_TRUE(added.calls.empty());
    const auto& done = reader.read(
        R"({"type":"response.output_item.done","response_id":"r","item":{"type":"function_call","id":"item_F1","call_id":"call_7","name":"get_slot","arguments":"{\"day\":\"tue\"}","status":"completed"}})");
    ASSERT_EQ(done.calls.size(), 1U);
    EXPECT_EQ(done.calls[0].id, "call_7");
    EXPECT_EQ(done.calls[0].name, "get_slot");
    EXPECT_EQ(json::parse(done.calls[0].arguments), json::parse(R"({"day":"tue"})"));
    const auto& cut = reader.read(
        R"({"type":"response.output_item.done","response_id":"r","item":{"type":"function_call","call_id":"call_8","name":"get_slot","arguments":"{\"da","status":"incomplete"}})");
    EXPECT_TRUE(cut.calls.empty());
    const auto& odd =
        reader.read(R"({"type":"response.output_item.done","response_id":"r","item":{"type":"function_call","call_id":"c","name":"f","arguments":"tuesday"}})");
    ASSERT_EQ(odd.calls.size(), 1U);
    EXPECT_EQ(json::parse(odd.calls[0].arguments), json::parse(R"({"input":"tuesday"})"));
}

TEST(OpenaiRealtimeCodec, TheEndOfAResponse) {
    Reader reader;
    const auto& done = reader.read(
        R"({"type":"response.done","response":{"id":"resp_1","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"},"output":[{"type":"message"},{"type":"function_call","call_id":"c","name":"n","arguments":""}],"usage":{"total_tokens":30,"input_tokens":20,"output_tokens":10,"input_token_details":{"cached_tokens":5}}}})");
    EXPECT_EQ(done.status, "cancelled");
    EXPECT_EQ(done.reason, "turn_detected");
    EXPECT_EQ(done.usage.input, 20U);
    EXPECT_EQ(done.usage.output, 10U);
    EXPECT_EQ(done.usage.cached, 5U);
    ASSERT_EQ(done.calls.size(), 1U);
    EXPECT_EQ(done.calls[0].arguments, "{}");
    const auto& failed = reader.read(
        R"({"type":"response.done","response":{"id":"r","status":"failed","status_details":{"type":"failed","error":{"type":"x","code":"insufficient_quota","message":"You exceeded"}},"usage":{"input_tokens":-4,"output_tokens":99999999999}}})");
    EXPECT_EQ(failed_response(failed).kind, FailureKind::quota);
    EXPECT_EQ(failed.usage.input, 0U);
    EXPECT_EQ(failed.usage.output, 4294967295U);
}

struct ErrorCase {
    const char* name;
    const char *type, *code;
    std::optional<FailureKind> want;
};
class OpenaiRealtimeError : public testing::TestWithParam<ErrorCase> {};
TEST_P(OpenaiRealtimeError, means) {
    Reader reader;
    const json message{{"type", "error"}, {"error", {{"type", GetParam().type}, {"code", GetParam().code}, {"message", "m"}, {"event_id", "t4"}}}};
    const auto& event = reader.read(message.dump());
    EXPECT_EQ(event.event_id, "t4");
    const auto failure = fatal(event);
    ASSERT_EQ(failure.has_value(), GetParam().want.has_value());
    if (failure) {
        EXPECT_EQ(failure->kind, *GetParam().want);
    }
}
INSTANTIATE_TEST_SUITE_P(cases, OpenaiRealtimeError,
                         testing::Values(ErrorCase{"expired", "invalid_request_error", "session_expired", FailureKind::session_limit},
                                         ErrorCase{"quota", "x", "insufficient_quota", FailureKind::quota},
                                         ErrorCase{"key", "invalid_request_error", "invalid_api_key", FailureKind::auth},
                                         ErrorCase{"rate", "tokens", "rate_limit_exceeded", FailureKind::rate_limited},
                                         ErrorCase{"server", "server_error", "", FailureKind::server},
                                         ErrorCase{"beta", "invalid_request_error", "beta_api_shape_disabled", FailureKind::refused},
                                         ErrorCase{"no_response", "invalid_request_error", "response_cancel_not_active", std::nullopt},
                                         ErrorCase{"active", "invalid_request_error", "conversation_already_has_active_response", std::nullopt},
                                         ErrorCase{"truncate", "invalid_request_error", "invalid_value", std::nullopt}),
                         [](const auto& info) { return info.param.name; });

TEST(OpenaiRealtimeCodec, CloseCodes) {
    EXPECT_EQ(read_close(from_close(3000, "invalid_request_error.invalid_api_key")).kind, FailureKind::auth);
    EXPECT_EQ(read_close(from_close(3000, "invalid_request_error.invalid_model")).kind, FailureKind::refused);
    EXPECT_EQ(read_close(from_close(4000, "")).kind, FailureKind::refused);
    EXPECT_EQ(read_close(from_close(1001, "Your session hit the maximum duration of 60 minutes.")).kind, FailureKind::session_limit);
    EXPECT_EQ(read_close(from_close(1001, "")).kind, FailureKind::closed);
    EXPECT_EQ(read_close(from_close(1011, "")).kind, FailureKind::server);
}

S2sSetup setup() {
    S2sSetup wanted;
    wanted.instructions = "Dental desk.";
    wanted.tools.push_back({"get_slot", "Finds a slot", R"({"type":"object","properties":{"day":{"type":"string"}}})"});
    wanted.tools.push_back({"odd", "", "no schema"});
    wanted.temperature = 0.7;
    return wanted;
}

TEST(OpenaiRealtimeCodec, SessionInTheGaShape) {
    Endpoint endpoint;
    endpoint.language = "en-US";
    endpoint.options = {{"threshold", "0.6"}, {"silence_ms", "400"}, {"noise_reduction", "near_field"}, {"max_output_tokens", "inf"}};
    const auto message = json::parse(session_update(endpoint, setup(), "s1"));
    EXPECT_EQ(message["type"], "session.update");
    EXPECT_EQ(message["event_id"], "s1");
    EXPECT_EQ(message["session"], json::parse(R"({
        "type":"realtime","output_modalities":["audio"],"instructions":"Dental desk.","tool_choice":"auto","max_output_tokens":"inf",
        "audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":{"type":"near_field"},
                          "transcription":{"model":"gpt-realtime-whisper","language":"en"},
                          "turn_detection":{"type":"server_vad","threshold":0.6,"silence_duration_ms":400,"create_response":true,"interrupt_response":true}},
                 "output":{"format":{"type":"audio/pcmu"},"voice":"marin"}},
        "tools":[{"type":"function","name":"get_slot","description":"Finds a slot","parameters":{"type":"object","properties":{"day":{"type":"string"}}}},
                 {"type":"function","name":"odd","description":"","parameters":{"type":"object","properties":{}}}]})"));
}

TEST(OpenaiRealtimeCodec, SessionInTheBetaShape) {
    Endpoint endpoint;
    endpoint.voice = "sage";
    endpoint.options = {{"shape", "beta"}, {"turns", "manual"}, {"transcription", "none"}, {"max_output_tokens", "300"}};
    auto wanted = setup();
    wanted.tools.clear();
    EXPECT_EQ(json::parse(session_update(endpoint, wanted, "s1"))["session"],
              json::parse(
                  R"({"modalities":["audio","text"],"instructions":"Dental desk.","voice":"sage","input_audio_format":"g711_ulaw",
        "output_audio_format":"g711_ulaw","input_audio_transcription":null,"turn_detection":null,"tools":[],"tool_choice":"auto",
        "max_response_output_tokens":300,"temperature":0.7})"));
}

TEST(OpenaiRealtimeCodec, SmallMessages) {
    std::string text = "old";
    const std::vector<std::uint8_t> audio(160, 0xFF);
    append_audio(audio, text);
    EXPECT_EQ(json::parse(text)["type"], "input_audio_buffer.append");
    EXPECT_EQ(json::parse(text)["audio"].get<std::string>().size(), 216U);
    EXPECT_EQ(json::parse(truncate_item("item_A1", 1840, "t1")),
              json::parse(R"({"type":"conversation.item.truncate","event_id":"t1","item_id":"item_A1","content_index":0,"audio_end_ms":1840})"));
    EXPECT_EQ(json::parse(cancel_response("resp_1", "c1")), json::parse(R"({"type":"response.cancel","event_id":"c1","response_id":"resp_1"})"));
    EXPECT_EQ(json::parse(create_response("", "r1")), json::parse(R"({"type":"response.create","event_id":"r1"})"));
    EXPECT_EQ(json::parse(create_response("Greet", "r1"))["response"]["instructions"], "Greet");
    EXPECT_EQ(json::parse(commit("u1"))["type"], "input_audio_buffer.commit");
    // The result is a string: JSON inside JSON, encoded once.
    EXPECT_EQ(json::parse(result_item("call_7", R"({"free":"10:30"})", "i1"))["item"]["output"], R"({"free":"10:30"})");
    LmMessage message;
    message.role = LmMessage::Role::assistant;
    message.text = "Hello \xFF";  // no UTF-8: replaced, never thrown about
    EXPECT_EQ(json::parse(message_item(message, false, "i2"))["item"]["content"][0]["type"], "output_text");
    EXPECT_EQ(json::parse(message_item(message, true, "i2"))["item"]["content"][0]["type"], "text");
    message.role = LmMessage::Role::user;
    EXPECT_EQ(json::parse(message_item(message, true, "i2"))["item"]["content"][0]["type"], "input_text");
}

TEST(OpenaiRealtimeCodec, ChecksItsSettings) {
    Endpoint endpoint;
    EXPECT_NE(check_openai_realtime(endpoint), "");  // no key
    endpoint.key = Secret("sk-test");
    EXPECT_EQ(check_openai_realtime(endpoint), "");
    endpoint.base_url = "ftp://x";
    EXPECT_NE(check_openai_realtime(endpoint), "");
    endpoint.base_url = "http://127.0.0.1:9/v1";
    endpoint.key = {};
    EXPECT_EQ(check_openai_realtime(endpoint), "");
    for (const auto& [name, value, good] : std::vector<std::tuple<std::string, std::string, bool>>{{"shape", "beta", true},
                                                                                                   {"shape", "alpha", false},
                                                                                                   {"speed", "1.5", true},
                                                                                                   {"speed", "1.6", false},
                                                                                                   {"speed", "fast", false},
                                                                                                   {"max_output_tokens", "inf", true},
                                                                                                   {"max_output_tokens", "5000", false},
                                                                                                   {"transcription", "whisper-1", true},
                                                                                                   {"colour", "red", false}}) {
        endpoint.options = {{name, value}};
        EXPECT_EQ(check_openai_realtime(endpoint).empty(), good) << name << " " << value;
    }
}

}  // namespace
}  // namespace parley::vendors::openai_realtime
