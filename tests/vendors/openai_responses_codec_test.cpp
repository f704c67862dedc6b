#include "parley/vendors/openai/responses.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lm_recorder.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using Role = LmMessage::Role;

const std::string kCreated = R"({"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m-1"}})";
const std::string kCompleted =
    R"({"type":"response.completed","response":{"id":"resp_1","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":5}}})";
std::string said(const std::string& text) {
    return R"({"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":")" + text + "\"}";
}
const std::string kCall =
    R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"get_slot","arguments":""}})";
std::string part(const std::string& text) {
    return json{{"type", "response.function_call_arguments.delta"}, {"output_index", 1}, {"delta", text}}.dump();
}
std::string call_done(const std::string& arguments, const std::string& status = "completed") {
    return json{{"type", "response.output_item.done"},
                {"output_index", 1},
                {"item", {{"type", "function_call"}, {"call_id", "call_1"}, {"name", "get_slot"}, {"status", status}, {"arguments", arguments}}}}
        .dump();
}

TEST(OpenAiResponses, ReadsStreams) {
    const std::vector<StreamCase> cases{
        {"text",
         {kCreated, R"({"type":"response.in_progress"})", said("Half"), said(" past"), R"({"type":"response.output_text.done","text":"Half past"})",
          kCompleted},
         "Half past",
         "",
         "stop"},
        {"call",
         {kCreated, kCall, part("{\"day\":"), part("\"tue\"}"), call_done(R"({"day":"tue"})"), kCompleted},
         "",
         R"(call_1 get_slot {"day":"tue"})",
         "tool_calls"},
        {"call without deltas", {kCreated, kCall, call_done(R"({"day":1})"), kCompleted}, "", R"(call_1 get_slot {"day":1})", "tool_calls"},
        {"call only in done", {kCreated, call_done("{}"), kCompleted}, "", "call_1 get_slot {}", "tool_calls"},
        {"call never done", {kCreated, kCall, part("{}"), kCompleted}, "", "call_1 get_slot {}", "tool_calls"},
        {"reasoning and unknown",
         {kCreated, R"({"type":"response.reasoning_summary_text.delta","delta":"hm"})", R"({"type":"zz"})", said("a"), kCompleted},
         "a",
         "",
         "stop"},
        {"length",
         {kCreated, said("a"), R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}})"},
         "a",
         "",
         "length"},
        {"length in a call",
         {kCreated, kCall, part("{\"d"), call_done("{\"d", "incomplete"),
          R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}})"},
         "",
         "",
         "length"},
        {"filter",
         {kCreated, said("a"), R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"content_filter"}}})"},
         "a",
         "",
         "content"},
        {"refusal", {kCreated, R"({"type":"response.refusal.delta","delta":"no"})", kCompleted}, "", "", "content"},
        {"failed", {kCreated, R"({"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}})"}, "", "", "!server"},
        {"rate", {kCreated, R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"m"}}})"}, "", "", "!rate_limited"},
        {"bare error", {R"({"type":"error","code":"invalid_prompt","message":"m","param":null})"}, "", "", "!refused"},
        {"no end", {kCreated, said("a")}, "a", "", "!closed"},
        {"empty", {kCreated, kCompleted}, "", "", "stop"},
        {"arguments of nothing", {kCreated, part("{}")}, "", "", "!protocol"},
        {"one call twice", {kCreated, kCall, kCall}, "", "", "!protocol"},
        {"no json", {kCreated, "[DONE]"}, "", "", "!protocol"},
        {"wrong types",
         {R"({"type":"response.created","response":[]})", R"({"type":"response.output_text.delta","delta":{}})",
          R"({"type":"response.output_item.added","output_index":-1,"item":"x"})", R"({"type":"response.completed"})"},
         "",
         "",
         "stop"},
    };
    for (const auto& c : cases) {
        const auto reader = make_responses_reader();
        expect_case(*reader, c);
    }
    const auto reader = make_responses_reader();
    const auto done = std::get<LmDone>(read_all(*reader, events({kCreated, kCompleted})).outcome);
    EXPECT_EQ(done.usage.input, 10U);
    EXPECT_EQ(done.usage.cached, 4U);
    EXPECT_EQ(done.usage.output, 5U);
    EXPECT_EQ(done.request_id, "resp_1");
    EXPECT_EQ(done.model, "m-1");
}

TEST(OpenAiResponses, WritesTheRequest) {
    Endpoint where;
    where.vendor = "openai";
    where.model = "m";
    where.key = Secret("k");
    where.options = {{"reasoning_effort", "low"}, {"verbosity", "low"}};
    EXPECT_EQ(check_openai_responses(where), "");
    LmRequest request;
    const auto add = [&](Role role, const char* text) -> LmMessage& {
        LmMessage message;
        message.role = role;
        message.text = text;
        return request.messages.emplace_back(message);
    };
    add(Role::system, "Be brief.");
    add(Role::user, "Tuesday?");
    add(Role::assistant, "One moment.").calls = {{"call_1", "get_slot", R"({"day":"tue"})", ""}};
    add(Role::tool, "10:30").call_id = "call_1";
    request.tools = {{"get_slot", "d", ""}};
    request.conversation = "CA1";
    const auto body = json::parse(responses_body(request, where));
    EXPECT_EQ(body["instructions"], "Be brief.");
    EXPECT_EQ(body["store"], false);
    EXPECT_EQ(body["max_output_tokens"], 1024);
    EXPECT_EQ(body["reasoning"]["effort"], "low");
    EXPECT_EQ(body["text"]["verbosity"], "low");
    EXPECT_EQ(body["input"], json::parse(R"([{"role":"user","content":"Tuesday?"},{"role":"assistant","content":"One moment."},
        {"type":"function_call","call_id":"call_1","name":"get_slot","arguments":"{\"day\":\"tue\"}"},{"type":"function_call_output","call_id":"call_1","output":"10:30"}])"));
    EXPECT_EQ(body["tools"][0],
              json::parse(R"({"type":"function","name":"get_slot","description":"d","parameters":{"type":"object","properties":{}},"strict":false})"));
}

}  // namespace
}  // namespace parley::vendors
