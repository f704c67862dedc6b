#include "parley/vendors/deepgram/agent_codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/deepgram/agent.hpp"

namespace parley::vendors::deepgram_agent {
namespace {

using nlohmann::json;

struct Case {
    const char* name;
    std::string_view message;
    Kind kind;
    std::string id, text;
};
class DeepgramAgentRead : public testing::TestWithParam<Case> {};
TEST_P(DeepgramAgentRead, understands) {
    Reader reader;
    const auto& event = reader.read(GetParam().message);
    EXPECT_EQ(event.kind, GetParam().kind);
    EXPECT_EQ(event.id, GetParam().id);
    EXPECT_EQ(event.text, GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(cases, DeepgramAgentRead,
                         testing::Values(Case{"nothing", "", Kind::malformed, "", ""}, Case{"list", "[]", Kind::malformed, "", ""},
                                         Case{"cut", R"({"type":"Welcome","request_id":"r)", Kind::malformed, "", ""},
                                         Case{"no_type", "{}", Kind::ignored, "", ""},
                                         Case{"welcome", R"({"type":"Welcome","request_id":"fc553ec9"})", Kind::welcome, "fc553ec9", ""},
                                         Case{"applied", R"({"type":"SettingsApplied"})", Kind::applied, "", ""},
                                         Case{"started", R"({"type":"UserStartedSpeaking"})", Kind::caller_started, "", ""},
                                         Case{"said", R"({"type":"ConversationText","role":"user","content":"Tuesday?"})", Kind::caller_text, "", "Tuesday?"},
                                         Case{"answer", R"({"type":"ConversationText","role":"assistant","content":"Yes."})", Kind::agent_text, "", "Yes."},
                                         Case{"odd_role", R"({"type":"ConversationText","role":"system","content":"Yes."})", Kind::ignored, "", ""},
                                         Case{"thinking", R"({"type":"AgentThinking","content":"hm"})", Kind::thinking, "", ""},
                                         Case{"done", R"({"type":"AgentAudioDone"})", Kind::audio_done, "", ""},
                                         Case{"warning", R"({"type":"Warning","code":"PROMPT_TOO_LONG","description":"x"})", Kind::ignored, "", ""}),
                         [](const auto& info) { return info.param.name; });

TEST(DeepgramAgentCodec, CallsThatAreOurs) {
    Reader reader;
    const auto& event = reader.read(R"({"type":"FunctionCallRequest","functions":[
        {"id":"a","name":"get_slot","arguments":"{\"day\":\"tue\"}","client_side":true},
        {"id":"b","name":"theirs","arguments":"{}","client_side":false},
        {"id":"c","name":"odd","arguments":"no json","client_side":true},{"id":7},"x"]})");
    ASSERT_EQ(event.calls.size(), 2U);
    EXPECT_EQ(event.calls[0].id, "a");
    EXPECT_EQ(json::parse(event.calls[0].arguments), json::parse(R"({"day":"tue"})"));
    EXPECT_EQ(json::parse(event.calls[1].arguments), json::parse(R"({"input":"no json"})"));
    const auto& cancelled = reader.read(R"({"type":"FunctionCallCancelled","functions":[{"id":"a","name":"get_slot"}]})");
    EXPECT_EQ(cancelled.kind, Kind::calls_cancelled);
    ASSERT_EQ(cancelled.calls.size(), 1U);
}

TEST(DeepgramAgentCodec, ErrorsByWhatTheyMean) {
    Reader reader;
    const auto kind = [&reader](const char* code, bool configured) {
        const json message{{"type", "Error"}, {"code", code}, {"description", "why"}};
        return failure_of(reader.read(message.dump()), configured).kind;
    };
    EXPECT_EQ(kind("INTERNAL_SERVER_ERROR", false), FailureKind::server);
    EXPECT_EQ(kind("INVALID_SETTINGS", false), FailureKind::refused);
    EXPECT_EQ(kind("FAILED_TO_THINK", true), FailureKind::server);
    EXPECT_EQ(kind("CLIENT_MESSAGE_TIMEOUT", true), FailureKind::timeout);
    EXPECT_EQ(kind("UNPARSABLE_CLIENT_MESSAGE", true), FailureKind::refused);
}

TEST(DeepgramAgentCodec, Settings) {
    Endpoint endpoint;
    endpoint.options = {{"eot_threshold", "0.7"}, {"eot_timeout_ms", "5000"}};
    S2sSetup setup;
    setup.instructions = "Dental desk.";
    setup.greeting = "Hello";
    setup.temperature = 0.5;
    setup.tools.push_back({"get_slot", "d", R"({"type":"object","properties":{"day":{"type":"string"}}})"});
    LmMessage user, call, result;
    user.text = "Hi";
    call.role = LmMessage::Role::assistant;
    call.calls.push_back({"c", "get_slot", "{}", ""});
    result.role = LmMessage::Role::tool;
    result.tool = "get_slot";
    result.text = "10:30";
    setup.context = {user, call, result};
    EXPECT_EQ(json::parse(settings(endpoint, setup)), json::parse(R"({"type":"Settings",
        "audio":{"input":{"encoding":"mulaw","sample_rate":8000},"output":{"encoding":"mulaw","sample_rate":8000,"container":"none"}},
        "agent":{"listen":{"provider":{"type":"deepgram","version":"v2","model":"flux-general-en","eot_threshold":0.7,"eot_timeout_ms":5000}},
                 "think":{"provider":{"type":"open_ai","model":"gpt-4o-mini","temperature":0.5},
                          "prompt":"Dental desk.\n\nEarlier in this call:\nYou used get_slot with {}\nget_slot gave: 10:30\n",
                          "functions":[{"name":"get_slot","description":"d","parameters":{"type":"object","properties":{"day":{"type":"string"}}}}]},
                 "speak":{"provider":{"type":"deepgram","version":"v1","model":"aura-2-thalia-en"}},
                 "greeting":"Hello","context":{"messages":[{"type":"History","role":"user","content":"Hi"}]}}})"));
    endpoint.options = {{"listen_model", "nova-3"}};
    endpoint.language = "de";
    EXPECT_EQ(json::parse(settings(endpoint, {}))["agent"]["listen"]["provider"],
              json::parse(R"({"type":"deepgram","version":"v1","model":"nova-3","language":"de"})"));
}

TEST(DeepgramAgentCodec, SmallMessages) {
    EXPECT_EQ(json::parse(call_response({"a", "get_slot", "{}", ""}, R"({"free":1})")),
              json::parse(R"({"type":"FunctionCallResponse","id":"a","name":"get_slot","content":"{\"free\":1}"})"));
    EXPECT_EQ(json::parse(inject_user("1 \"2\"")), json::parse(R"({"type":"InjectUserMessage","content":"1 \"2\""})"));
    EXPECT_EQ(json::parse(force_end_turn())["type"], "ForceEndTurn");
    EXPECT_EQ(json::parse(keep_alive())["type"], "KeepAlive");
    Endpoint endpoint;
    EXPECT_NE(check_deepgram_agent(endpoint), "");
    endpoint.key = Secret("k");
    EXPECT_EQ(check_deepgram_agent(endpoint), "");
    endpoint.options = {{"eot_threshold", "0.95"}};
    EXPECT_NE(check_deepgram_agent(endpoint), "");
}

}  // namespace
}  // namespace parley::vendors::deepgram_agent
