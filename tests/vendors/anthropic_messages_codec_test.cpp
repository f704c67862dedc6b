#include "parley/vendors/anthropic/messages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lm_recorder.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using Role = LmMessage::Role;

const std::string kStart =
    R"({"type":"message_start","message":{"id":"msg_01","model":"claude-x","usage":{"input_tokens":412,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":1}}})";
const std::string kText = R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
const std::string kTool = R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_01","name":"get_slot","input":{}}})";
const std::string kBlockEnd = R"({"type":"content_block_stop","index":0})";
const std::string kEnd = R"({"type":"message_stop"})";
std::string said(const std::string& text) {
    return R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + text + "\"}}";
}
std::string part(const std::string& text) {
    return json{{"type", "content_block_delta"}, {"delta", {{"type", "input_json_delta"}, {"partial_json", text}}}}.dump();
}
std::string reason(const std::string& why) {
    return R"({"type":"message_delta","delta":{"stop_reason":")" + why + R"("},"usage":{"output_tokens":58}})";
}

TEST(Anthropic, ReadsStreams) {
    const std::vector<StreamCase> cases{
        {"text", {kStart, kText, R"({"type":"ping"})", said("Let me"), said(" check"), kBlockEnd, reason("end_turn"), kEnd}, "Let me check", "", "stop"},
        {"text and tool",
         {kStart, kText, said("One moment."), kBlockEnd, kTool, part(""), part("{\"day\": "), part("\"tue\"}"), kBlockEnd, reason("tool_use"), kEnd},
         "One moment.",
         R"(toolu_01 get_slot {"day": "tue"})",
         "tool_calls"},
        {"tool without arguments", {kStart, kTool, part(""), kBlockEnd, reason("tool_use"), kEnd}, "", "toolu_01 get_slot {}", "tool_calls"},
        {"unknown events and blocks",
         {kStart, R"({"type":"zz"})", R"({"type":"content_block_start","content_block":{"type":"server_tool_use"}})", part("x"), kBlockEnd, kText, said("a"),
          kBlockEnd, reason("end_turn"), kEnd},
         "a",
         "",
         "stop"},
        {"thinking is not spoken",
         {kStart, R"({"type":"content_block_start","content_block":{"type":"thinking","thinking":"","signature":""}})",
          R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}})", kBlockEnd, kText, said("a"), kBlockEnd, reason("end_turn"),
          kEnd},
         "a",
         "",
         "stop"},
        {"length", {kStart, kText, said("a"), kBlockEnd, reason("max_tokens"), kEnd}, "a", "", "length"},
        {"length within a call", {kStart, kTool, part("{\"day"), kBlockEnd, reason("max_tokens"), kEnd}, "", "", "length"},
        {"refusal", {kStart, kText, said("a"), kBlockEnd, reason("refusal"), kEnd}, "a", "", "content"},
        {"empty", {kStart, reason("end_turn"), kEnd}, "", "", "stop"},
        {"no message_stop", {kStart, kText, said("a"), kBlockEnd, reason("end_turn")}, "a", "", "!closed"},
        {"cut in a call", {kStart, kTool, part("{}")}, "", "", "!closed"},
        {"overloaded", {kStart, kText, said("a"), R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}, "a", "", "!server"},
        {"rate", {R"({"type":"error","error":{"type":"rate_limit_error","message":"m"}})"}, "", "", "!rate_limited"},
        {"arguments no JSON", {kStart, kTool, part("{\"day"), kBlockEnd, reason("tool_use"), kEnd}, "", "", "!protocol"},
        {"delta outside", {kStart, said("a")}, "", "", "!protocol"},
        {"block before start", {kText}, "", "", "!protocol"},
        {"two starts", {kStart, kStart}, "", "", "!protocol"},
        {"stop within a block", {kStart, kText, said("a"), kEnd}, "a", "", "!protocol"},
        {"no json", {kStart, "{"}, "", "", "!protocol"},
        {"wrong types",
         {R"({"type":"message_start","message":7})", R"({"type":"content_block_start","content_block":[]})", R"({"type":"content_block_delta","delta":"x"})",
          kBlockEnd, R"({"type":"message_delta","usage":{"output_tokens":-4}})", kEnd},
         "",
         "",
         "stop"},
    };
    for (const auto& c : cases) {
        const auto reader = make_anthropic_reader();
        expect_case(*reader, c);
    }
}

TEST(Anthropic, CountsCumulatively) {
    const auto reader = make_anthropic_reader();
    const auto got =
        read_all(*reader, events({kStart, kText, kBlockEnd, R"({"type":"message_delta","delta":{},"usage":{"output_tokens":30}})", reason("end_turn"), kEnd}));
    const auto& done = std::get<LmDone>(got.outcome);
    EXPECT_EQ(done.usage.input, 532U);
    EXPECT_EQ(done.usage.cached, 100U);
    EXPECT_EQ(done.usage.output, 58U);
    EXPECT_EQ(done.request_id, "msg_01");
    EXPECT_EQ(done.model, "claude-x");
}

Endpoint endpoint() {
    Endpoint out;
    out.vendor = "anthropic";
    out.key = Secret("k");
    return out;
}

LmMessage message(Role role, const char* text) {
    LmMessage out;
    out.role = role;
    out.text = text;
    return out;
}

TEST(Anthropic, HandsThinkingBackWithItsCall) {
    const auto reader = make_anthropic_reader();
    const auto got = read_all(*reader, events({kStart, R"({"type":"content_block_start","content_block":{"type":"thinking","thinking":"","signature":""}})",
                                               R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}})",
                                               R"({"type":"content_block_delta","delta":{"type":"signature_delta","signature":"sig"}})", kBlockEnd, kTool,
                                               kBlockEnd, reason("tool_use"), kEnd}));
    ASSERT_EQ(got.sink.calls.size(), 1U);
    LmRequest request;
    request.messages = {message(Role::user, "hi"), message(Role::assistant, "")};
    request.messages[1].calls = got.sink.calls;
    request.messages.push_back(message(Role::tool, "7"));
    request.messages[2].call_id = "toolu_01";
    const auto body = json::parse(anthropic_body(request, endpoint()));
    EXPECT_EQ(body["messages"][1]["content"],
              json::parse(R"([{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"tool_use","id":"toolu_01","name":"get_slot","input":{}}])"));
}

TEST(Anthropic, WritesTheRequest) {
    LmRequest request;
    request.messages = {message(Role::system, "Be brief."), message(Role::assistant, "Hello."), message(Role::user, "a"), message(Role::user, "b"),
                        message(Role::assistant, "")};
    request.messages.back().calls = {{"t1", "get_slot", R"({"day":"tue"})", ""}, {"t2", "hold", "", ""}};
    request.messages.push_back(message(Role::user, "are you there"));
    request.messages.push_back(message(Role::tool, "10:30"));
    request.messages.back().call_id = "t1";
    request.messages.push_back(message(Role::assistant, "Half past ten."));
    request.tools = {{"get_slot", "d", R"({"type":"object","properties":{"day":{"type":"string"}}})"}};
    request.max_tokens = 400;
    request.temperature = 0.25;
    const auto body = json::parse(anthropic_body(request, endpoint()));
    EXPECT_EQ(body["model"], "claude-haiku-4-5");
    EXPECT_EQ(body["max_tokens"], 400);
    EXPECT_EQ(body["temperature"], 0.25);
    EXPECT_EQ(body["system"], json::parse(R"([{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}])"));
    const auto& messages = body["messages"];
    ASSERT_EQ(messages.size(), 7U);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(messages[i]["role"], i % 2 == 0 ? "user" : "assistant") << i;
    EXPECT_EQ(messages[2]["content"][0]["text"], "a b");
    EXPECT_EQ(messages[3]["content"][1], json::parse(R"({"type":"tool_use","id":"t2","name":"hold","input":{}})"));
    EXPECT_EQ(messages[4]["content"].size(), 3U);  // results first, then what the caller said
    EXPECT_EQ(messages[4]["content"][0], json::parse(R"({"type":"tool_result","tool_use_id":"t1","content":"10:30"})"));
    EXPECT_EQ(messages[4]["content"][2]["text"], "are you there");
    EXPECT_EQ(body["tools"][0]["input_schema"]["properties"]["day"]["type"], "string");

    auto newest = endpoint();
    newest.options = {{"version", "2026-10-21"}, {"cache", "false"}, {"effort", "low"}, {"parallel_tool_calls", "false"}, {"thinking", "disabled"}};
    EXPECT_EQ(check_anthropic(newest), "");
    const auto other = json::parse(anthropic_body(request, newest));
    EXPECT_FALSE(other.contains("temperature"));
    EXPECT_FALSE(other["system"][0].contains("cache_control"));
    EXPECT_EQ(other["output_config"]["effort"], "low");
    EXPECT_EQ(other["thinking"]["type"], "disabled");
    EXPECT_EQ(other["tool_choice"], json::parse(R"({"type":"auto","disable_parallel_tool_use":true})"));
    newest.options["thinking"] = "hard";
    EXPECT_NE(check_anthropic(newest), "");
}

}  // namespace
}  // namespace parley::vendors
