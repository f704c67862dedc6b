#include "parley/vendors/elevenlabs/agents_codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/elevenlabs/agents.hpp"

namespace parley::vendors::elevenlabs_agents {
namespace {

using nlohmann::json;

struct Case {
    const char* name;
    std::string_view message;
    Kind kind;
    std::string text;
    std::int64_t event_id;
};
class ElevenlabsAgentsRead : public testing::TestWithParam<Case> {};
TEST_P(ElevenlabsAgentsRead, understands) {
    Reader reader;
    const auto& event = reader.read(GetParam().message);
    EXPECT_EQ(event.kind, GetParam().kind);
    EXPECT_EQ(event.text, GetParam().text);
    EXPECT_EQ(event.event_id, GetParam().event_id);
}
INSTANTIATE_TEST_SUITE_P(
    cases, ElevenlabsAgentsRead,
    testing::Values(Case{"nothing", "", Kind::malformed, "", 0}, Case{"list", "[]", Kind::malformed, "", 0},
                    Case{"unknown", R"({"type":"vad_score","vad_score_event":{"vad_score":0.9}})", Kind::ignored, "", 0},
                    Case{"audio", R"({"type":"audio","audio_event":{"audio_base_64":"f38=","event_id":5}})", Kind::audio, "", 5},
                    Case{"audio_id_as_text", R"({"type":"audio","audio_event":{"audio_base_64":"f38=","event_id":"5"}})", Kind::audio, "", 5},
                    Case{"no_body", R"({"type":"audio"})", Kind::ignored, "", 0},
                    Case{"bad_audio", R"({"type":"audio","audio_event":{"audio_base_64":"f3","event_id":5}})", Kind::malformed, "", 5},
                    Case{"said", R"({"type":"user_transcript","user_transcription_event":{"user_transcript":"Hi"}})", Kind::caller_text, "Hi", 0},
                    Case{"answer", R"({"type":"agent_response","agent_response_event":{"agent_response":"Hello"}})", Kind::agent_text, "Hello", 0},
                    Case{"interruption", R"({"type":"interruption","interruption_event":{"event_id":5,"reason":"x"}})", Kind::interruption, "", 5},
                    Case{"ping", R"({"type":"ping","ping_event":{"event_id":7,"ping_ms":50}})", Kind::ping, "", 7},
                    Case{"complete", R"({"type":"agent_response_complete"})", Kind::complete, "", 0},
                    Case{"call_without_name", R"({"type":"client_tool_call","client_tool_call":{"tool_call_id":"c"}})", Kind::ignored, "", 0}),
    [](const auto& info) { return info.param.name; });

TEST(ElevenlabsAgentsCodec, MetadataAndCalls) {
    Reader reader;
    const auto& metadata = reader.read(R"({"type":"conversation_initiation_metadata","conversation_initiation_metadata_event":
        {"conversation_id":"conv_1","agent_output_audio_format":"pcm_16000","user_input_audio_format":"ulaw_8000"}})");
    EXPECT_EQ(metadata.kind, Kind::metadata);
    EXPECT_EQ(metadata.id, "conv_1");
    EXPECT_EQ(metadata.output_format, "pcm_16000");
    EXPECT_EQ(metadata.input_format, "ulaw_8000");
    const auto& call = reader.read(R"({"type":"client_tool_call","client_tool_call":{"tool_name":"get_slot","tool_call_id":"c1","parameters":{"day":"tue"}}})");
    EXPECT_EQ(call.kind, Kind::call);
    EXPECT_EQ(call.call.id, "c1");
    EXPECT_EQ(json::parse(call.call.arguments), json::parse(R"({"day":"tue"})"));
}

TEST(ElevenlabsAgentsCodec, Formats) {
    EXPECT_TRUE(format_of("ulaw_8000")->mulaw);
    for (const int rate : {8000, 16000, 24000, 48000}) EXPECT_EQ(format_of("pcm_" + std::to_string(rate))->rate, rate);
    for (const char* name : {"", "pcm_22050", "pcm_44100", "pcm_16000x", "pcm_", "mp3_44100_128", "alaw_8000"})
        EXPECT_FALSE(format_of(name).has_value()) << name;
}

TEST(ElevenlabsAgentsCodec, WhatIsSent) {
    Endpoint endpoint;
    endpoint.voice = "v1";
    endpoint.language = "en-GB";
    S2sSetup setup;
    setup.instructions = "Dental desk.";
    setup.greeting = "Hello";
    EXPECT_EQ(json::parse(initiation(endpoint, setup)), json::parse(R"({"type":"conversation_initiation_client_data","conversation_config_override":
        {"agent":{"prompt":{"prompt":"Dental desk."},"first_message":"Hello","language":"en"},"tts":{"voice_id":"v1"}}})"));
    endpoint.options = {{"overrides", "none"}};
    EXPECT_EQ(json::parse(initiation(endpoint, setup)), json::parse(R"({"type":"conversation_initiation_client_data"})"));
    std::string message;
    audio(std::vector<std::uint8_t>{0x7F, 0x7F}, message);
    EXPECT_EQ(json::parse(message), json::parse(R"({"user_audio_chunk":"f38="})"));
    EXPECT_EQ(json::parse(pong(7)), json::parse(R"({"type":"pong","event_id":7})"));
    EXPECT_EQ(json::parse(user_message("1")), json::parse(R"({"type":"user_message","text":"1"})"));
    EXPECT_EQ(json::parse(contextual_update("x")), json::parse(R"({"type":"contextual_update","text":"x"})"));
    EXPECT_EQ(json::parse(tool_result({"c1", "get_slot", "{}", ""}, "10:30", false)),
              json::parse(R"({"type":"client_tool_result","tool_call_id":"c1","result":"10:30","is_error":false})"));
    EXPECT_EQ(signed_url_in(R"({"signed_url":"wss://x/y?z"})"), "wss://x/y?z");
    for (const char* body : {"", "{}", R"({"signed_url":7})", "[]"}) EXPECT_EQ(signed_url_in(body), "") << body;
}

TEST(ElevenlabsAgentsCodec, ChecksItsSettings) {
    Endpoint endpoint;
    EXPECT_NE(check_elevenlabs_agents(endpoint), "");
    endpoint.model = "agent_1";
    EXPECT_EQ(check_elevenlabs_agents(endpoint), "");
    endpoint.options = {{"signed", "true"}};
    EXPECT_NE(check_elevenlabs_agents(endpoint), "");
    endpoint.key = Secret("k");
    EXPECT_EQ(check_elevenlabs_agents(endpoint), "");
    endpoint.options = {{"colour", "red"}};
    EXPECT_NE(check_elevenlabs_agents(endpoint), "");
}

}  // namespace
}  // namespace parley::vendors::elevenlabs_agents
