#include "parley/vendors/gemini/generate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lm_recorder.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using Role = LmMessage::Role;

std::string parts(const std::string& list, const std::string& finish = "") {
    return R"({"candidates":[{"content":{"role":"model","parts":)" + list + "}" + (finish.empty() ? "" : R"(,"finishReason":")" + finish + "\"") +
           R"(,"index":0}],"modelVersion":"g-1","responseId":"r1"})";
}
const std::string kCall = R"([{"functionCall":{"id":"f1","name":"get_slot","args":{"day":"tue"}},"thoughtSignature":"c2ln"}])";

TEST(Gemini, ReadsStreams) {
    const std::vector<StreamCase> cases{
        {"text", {parts(R"([{"text":"Half"}])"), parts(R"([{"text":" past"}])", "STOP")}, "Half past", "", "stop"},
        {"call, finish STOP", {parts(kCall, "STOP")}, "", R"(f1 get_slot {"day":"tue"})", "tool_calls"},
        {"two calls without ids",
         {parts(R"([{"functionCall":{"name":"x"}},{"functionCall":{"name":"y","args":{}}}])", "STOP")},
         "",
         "call_r1_0 x {}, call_r1_1 y {}",
         "tool_calls"},
        {"text and call in one",
         {parts(R"([{"text":"One moment."},{"functionCall":{"name":"x"}}])"), parts("[]", "STOP")},
         "One moment.",
         "call_r1_0 x {}",
         "tool_calls"},
        {"thoughts", {parts(R"([{"text":"hm","thought":true},{"text":"a"}])", "STOP")}, "a", "", "stop"},
        {"length", {parts(R"([{"text":"a"}])", "MAX_TOKENS")}, "a", "", "length"},
        {"safety", {parts(R"([{"text":"a"}])", "SAFETY")}, "a", "", "content"},
        {"blocked prompt", {R"({"promptFeedback":{"blockReason":"SAFETY"}})"}, "", "", "content"},
        {"malformed call", {parts("[]", "MALFORMED_FUNCTION_CALL")}, "", "", "!protocol"},
        {"empty", {R"({"candidates":[{"finishReason":"STOP"}]})"}, "", "", "stop"},
        {"no finish", {parts(R"([{"text":"a"}])")}, "a", "", "!closed"},
        {"call, no finish", {parts(kCall)}, "", "", "!closed"},
        {"error", {parts(R"([{"text":"a"}])"), R"({"error":{"code":503,"message":"m","status":"UNAVAILABLE"}})"}, "a", "", "!server"},
        {"error in a list", {R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])"}, "", "", "!rate_limited"},
        {"no json", {"{"}, "", "", "!protocol"},
        {"wrong types", {R"({"candidates":[{"content":{"parts":[7,{"functionCall":3},{"text":[]}]},"finishReason":9}],"usageMetadata":1})"}, "", "", "!closed"},
    };
    for (const auto& c : cases) {
        const auto reader = make_gemini_reader();
        expect_case(*reader, c);
    }
}

TEST(Gemini, CountsAndReadsWithoutEvents) {
    const auto reader = make_gemini_reader();
    LmRecorder sink;
    reader->feed_whole(
        "[" + parts(R"([{"text":"a"}])") +
            R"(,{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":3,"cachedContentTokenCount":2}}])",
        sink);
    const auto done = std::get<LmDone>(reader->end(sink));
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(done.usage.input, 9U);
    EXPECT_EQ(done.usage.output, 7U);
    EXPECT_EQ(done.usage.cached, 2U);
    EXPECT_EQ(done.request_id, "r1");
    EXPECT_EQ(done.model, "g-1");
}

Endpoint endpoint() {
    Endpoint out;
    out.vendor = "gemini";
    out.model = "models/gemini-x";
    out.key = Secret("k");
    return out;
}

TEST(Gemini, HandsSignaturesBack) {
    const auto reader = make_gemini_reader();
    const auto got = read_all(*reader, events({parts(kCall, "STOP")}));
    LmRequest request;
    const auto add = [&](Role role, const char* text) -> LmMessage& {
        LmMessage message;
        message.role = role;
        message.text = text;
        return request.messages.emplace_back(message);
    };
    add(Role::system, "Be brief.");
    add(Role::assistant, "Hello.");
    add(Role::user, "Tuesday?");
    add(Role::assistant, "").calls = got.sink.calls;
    auto& result = add(Role::tool, R"({"free":"10:30"})");
    result.call_id = "f1";
    result.tool = "get_slot";
    add(Role::user, "quick");
    request.tools = {
        {"get_slot", "d", R"({"$schema":"x","type":"object","additionalProperties":false,"properties":{"default":{"type":["string","null"],"default":"a"}}})"},
        {"hold", "h", ""}};
    const auto body = json::parse(gemini_body(request, endpoint()));
    EXPECT_EQ(body["systemInstruction"]["parts"][0]["text"], "Be brief.");
    const auto& contents = body["contents"];
    ASSERT_EQ(contents.size(), 6U);
    EXPECT_EQ(contents[0]["role"], "user");
    EXPECT_EQ(contents[3],
              json::parse(R"({"role":"model","parts":[{"functionCall":{"id":"f1","name":"get_slot","args":{"day":"tue"}},"thoughtSignature":"c2ln"}]})"));
    EXPECT_EQ(contents[4], json::parse(R"({"role":"user","parts":[{"functionResponse":{"id":"f1","name":"get_slot","response":{"free":"10:30"}}}]})"));
    EXPECT_EQ(contents[5]["parts"][0]["text"], "quick");
    const auto& declared = body["tools"][0]["functionDeclarations"];
    EXPECT_EQ(declared[0]["parameters"], json::parse(R"({"type":"object","properties":{"default":{"type":"string","nullable":true}}})"));
    EXPECT_FALSE(declared[1].contains("parameters"));
}

TEST(Gemini, AddressesAndChecks) {
    auto where = endpoint();
    EXPECT_EQ(gemini_url(where), "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse");
    where.base_url = "http://127.0.0.1:9";
    EXPECT_EQ(gemini_url(where), "http://127.0.0.1:9/v1beta/models/gemini-x:streamGenerateContent?alt=sse");
    where.base_url = "https://l-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google";
    EXPECT_EQ(gemini_url(where), where.base_url + "/models/gemini-x:streamGenerateContent?alt=sse");
    where.options = {{"thinking_budget", "0"}, {"auth", "bearer"}};
    EXPECT_EQ(check_gemini(where), "");
    EXPECT_EQ(json::parse(gemini_body({}, where))["generationConfig"]["thinkingConfig"]["thinkingBudget"], 0);
    where.options["thinking_budget"] = "-1";
    EXPECT_NE(check_gemini(where), "");
}

}  // namespace
}  // namespace parley::vendors
