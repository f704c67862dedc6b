#include "parley/vendors/gemini/live_codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/gemini/live.hpp"

namespace parley::vendors::gemini_live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

TEST(GeminiLiveCodec, NoObjectIsMalformed) {
    Reader reader;
    for (const char* text : {"", "x", "[]", "7", R"({"serverContent":)", R"({"serverContent":{"turnComplete":true})"})
        EXPECT_TRUE(reader.read(text).malformed) << text;
    EXPECT_FALSE(reader.read("{}").malformed);
    EXPECT_FALSE(reader.read(R"({"zz":{"turnComplete":true}})").turn_complete);
}

TEST(GeminiLiveCodec, SeveralThingsAtOnce) {
    Reader reader;
    const auto& event = reader.read(R"({"serverContent":{
        "modelTurn":{"parts":[{"text":"a thought","thought":true},{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQACAA=="}},
                              {"inlineData":{"mimeType":"audio/pcm","data":"AwA="}},{"inlineData":{"mimeType":"image/png","data":"AwA="}}]},
        "inputTranscription":{"text":" do you","finished":true},"outputTranscription":{"text":"Yes"},
        "interrupted":true,"generationComplete":true,"turnComplete":true},
        "usageMetadata":{"promptTokenCount":11,"responseTokenCount":7,"totalTokenCount":18}})");
    EXPECT_FALSE(event.malformed);
    ASSERT_EQ(event.audio.size(), 2U);
    EXPECT_EQ(event.audio[0].rate, 24000);
    EXPECT_EQ(std::vector<std::uint8_t>(event.audio[0].bytes.begin(), event.audio[0].bytes.end()), (std::vector<std::uint8_t>{1, 0, 2, 0}));
    EXPECT_EQ(std::vector<std::uint8_t>(event.audio[1].bytes.begin(), event.audio[1].bytes.end()), (std::vector<std::uint8_t>{3, 0}));
    EXPECT_EQ(event.caller_text, " do you");
    EXPECT_TRUE(event.caller_finished);
    EXPECT_EQ(event.words, "Yes");
    EXPECT_TRUE(event.interrupted && event.generated && event.turn_complete);
    ASSERT_TRUE(event.usage.has_value());
    EXPECT_EQ(event.usage->input, 11U);
    EXPECT_EQ(event.usage->output, 7U);
    EXPECT_TRUE(reader.read(R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"A"}}]}}})").malformed);
    EXPECT_TRUE(reader.read("{}").audio.empty());
}

TEST(GeminiLiveCodec, TheRest) {
    Reader reader;
    EXPECT_TRUE(reader.read(R"({"setupComplete":{}})").set_up);
    EXPECT_EQ(reader.read(R"({"setupComplete":{"sessionId":"s1"}})").session_id, "s1");
    const auto& calls =
        reader.read(R"({"toolCall":{"functionCalls":[{"id":"fc1","name":"get_slot","args":{"day":"tue"}},{"id":"fc2","name":"now"},{"id":"x"}]}})");
    ASSERT_EQ(calls.calls.size(), 2U);
    EXPECT_EQ(json::parse(calls.calls[0].arguments), json::parse(R"({"day":"tue"})"));
    EXPECT_EQ(calls.calls[1].arguments, "{}");
    EXPECT_EQ(reader.read(R"({"toolCallCancellation":{"ids":["fc1",3]}})").cancelled, std::vector<std::string>{"fc1"});
    EXPECT_EQ(reader.read(R"({"sessionResumptionUpdate":{"newHandle":"Cih","resumable":true}})").resume, "Cih");
    EXPECT_EQ(reader.read(R"({"sessionResumptionUpdate":{"newHandle":"Cih","resumable":false}})").resume, "");
    EXPECT_EQ(reader.read(R"({"goAway":{"timeLeft":"50s"}})").going_away, 50s);
    EXPECT_EQ(reader.read(R"({"goAway":{"timeLeft":{}}})").going_away, 0ms);
    EXPECT_FALSE(reader.read("{}").going_away.has_value());
}

TEST(GeminiLiveCodec, Durations) {
    EXPECT_EQ(duration_in("1.5s"), 1500ms);
    EXPECT_EQ(duration_in("0s"), 0ms);
    for (const char* text : {"", "s", "5", "-1s", "1e99s", "nans", "5m"}) EXPECT_FALSE(duration_in(text).has_value()) << text;
}

TEST(GeminiLiveCodec, Setup) {
    Endpoint endpoint;
    endpoint.voice = "Kore";
    endpoint.language = "en-US";
    endpoint.options = {{"thinking_budget", "0"}, {"end_sensitivity", "low"}, {"silence_ms", "500"}};
    S2sSetup wanted;
    wanted.instructions = "You answer the phone";
    wanted.temperature = 0.5;
    wanted.tools.push_back({"get_slot", "d", R"({"type":"object","properties":{"day":{"type":"string"}}})"});
    wanted.tools.push_back({"now", "t", R"({"type":"object","properties":{}})"});
    EXPECT_EQ(json::parse(setup(endpoint, wanted)), json::parse(R"({"setup":{"model":"models/gemini-3.1-flash-live-preview",
        "generationConfig":{"responseModalities":["AUDIO"],"temperature":0.5,
            "speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}},"languageCode":"en-US"},"thinkingConfig":{"thinkingBudget":0}},
        "systemInstruction":{"parts":[{"text":"You answer the phone"}]},
        "tools":[{"functionDeclarations":[{"name":"get_slot","description":"d","parametersJsonSchema":{"type":"object","properties":{"day":{"type":"string"}}}},
                                          {"name":"now","description":"t"}]}],
        "realtimeInputConfig":{"automaticActivityDetection":{"disabled":false,"endOfSpeechSensitivity":"END_SENSITIVITY_LOW","silenceDurationMs":500},
                               "activityHandling":"START_OF_ACTIVITY_INTERRUPTS"},
        "inputAudioTranscription":{},"outputAudioTranscription":{},"sessionResumption":{},
        "contextWindowCompression":{"triggerTokens":"25600","slidingWindow":{"targetTokens":"12800"}}}})"));
    wanted = {};
    wanted.resume = "Cih";
    LmMessage said;
    said.text = "Hi";
    wanted.context = {said};
    endpoint.options = {{"turns", "manual"}, {"compress_tokens", "0"}};
    auto message = json::parse(setup(endpoint, wanted))["setup"];
    EXPECT_EQ(message["sessionResumption"]["handle"], "Cih");
    EXPECT_FALSE(message.contains("systemInstruction"));  // the resumed session knows what was said
    EXPECT_FALSE(message.contains("contextWindowCompression"));
    EXPECT_EQ(message["realtimeInputConfig"]["automaticActivityDetection"], json::parse(R"({"disabled":true})"));
    wanted.resume.clear();
    message = json::parse(setup(endpoint, wanted))["setup"];
    EXPECT_NE(message["systemInstruction"]["parts"][0]["text"].get<std::string>().find("Caller: Hi"), std::string::npos);
}

TEST(GeminiLiveCodec, SmallMessages) {
    std::string message;
    const std::vector<std::int16_t> samples{1, -2};
    audio(samples, message);
    EXPECT_EQ(json::parse(message), json::parse(R"({"realtimeInput":{"audio":{"data":"AQD+/w==","mimeType":"audio/pcm;rate=16000"}}})"));
    EXPECT_EQ(json::parse(activity(true)), json::parse(R"({"realtimeInput":{"activityStart":{}}})"));
    EXPECT_EQ(json::parse(activity(false)), json::parse(R"({"realtimeInput":{"activityEnd":{}}})"));
    Endpoint endpoint;
    EXPECT_EQ(json::parse(text(endpoint, "Hi")), json::parse(R"({"realtimeInput":{"text":"Hi"}})"));
    endpoint.model = "gemini-2.5-flash-native-audio-preview-12-2025";
    EXPECT_EQ(json::parse(text(endpoint, "Hi")), json::parse(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}})"));
    EXPECT_EQ(model_of(endpoint), "models/gemini-2.5-flash-native-audio-preview-12-2025");
    const ToolCall call{"fc1", "get_slot", "{}", ""};
    const auto response = [&call](const char* result) { return json::parse(tool_response(call, result))["toolResponse"]["functionResponses"][0]; };
    EXPECT_EQ(response(R"({"free":1})"), json::parse(R"({"id":"fc1","name":"get_slot","response":{"free":1}})"));
    EXPECT_EQ(response("[1]")["response"], json::parse(R"({"output":[1]})"));  // it must be an object
    EXPECT_EQ(response("free")["response"], json::parse(R"({"output":"free"})"));
    endpoint.options = {{"turns", "sometimes"}};
    endpoint.key = Secret("k");
    EXPECT_NE(check_gemini_live(endpoint), "");
    endpoint.options.clear();
    EXPECT_EQ(check_gemini_live(endpoint), "");
}

struct CloseCase {
    const char* name;
    int code;
    const char* reason;
    bool configured, going_away;
    FailureKind want;
};
class GeminiLiveClose : public testing::TestWithParam<CloseCase> {};
TEST_P(GeminiLiveClose, means) {
    const auto& c = GetParam();
    EXPECT_EQ(read_close(from_close(c.code, c.reason), c.configured, c.going_away).kind, c.want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, GeminiLiveClose,
    testing::Values(CloseCase{"key", 1007, "API key not valid. Please pass a valid API key.", false, false, FailureKind::auth},
                    CloseCase{"argument", 1007, "Request contains an invalid argument.", false, false, FailureKind::refused},
                    CloseCase{"argument_later", 1007, "Request contains an invalid argument.", true, false, FailureKind::server},
                    CloseCase{"model", 1008, "models/x is not found for API version v1beta", false, false, FailureKind::refused},
                    CloseCase{"quota", 1011, "You exceeded your current quota", false, false, FailureKind::quota},
                    CloseCase{"internal", 1011, "Internal error occurred.", true, false, FailureKind::server},
                    CloseCase{"deadline", 1011, "Deadline expired before operation could complete.", true, false, FailureKind::session_limit},
                    CloseCase{"aborted", 1008, "The operation was aborted.", true, false, FailureKind::session_limit},
                    CloseCase{"announced", 1000, "", true, true, FailureKind::session_limit}, CloseCase{"orderly", 1000, "", true, false, FailureKind::closed}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace parley::vendors::gemini_live
