#include "parley/vendors/openai/chat.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lm_recorder.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using Role = LmMessage::Role;

std::string said(const std::string& content, const std::string& finish = "null") {
    return R"({"id":"chatcmpl-1","model":"m-1","choices":[{"index":0,"delta":{"content":)" + content + R"(},"finish_reason":)" + finish + "}]}";
}
std::string calling(const std::string& calls, const std::string& finish = "null") {
    return R"({"id":"c","choices":[{"index":0,"delta":{"content":null,"tool_calls":)" + calls + R"(},"finish_reason":)" + finish + "}]}";
}
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

TEST(OpenAiChat, ReadsWhatServersSend) {
    const std::vector<StreamCase> cases{
        {"plain", {said(R"("")"), said(R"("Half")"), said(R"(" past")"), kStop, "[DONE]"}, "Half past", "", "stop"},
        {"no DONE", {said(R"("Half")"), kStop}, "Half", "", "stop"},
        {"DONE alone", {said(R"("Half")"), "[DONE]"}, "Half", "", "stop"},
        {"neither", {said(R"("Half")")}, "Half", "", "!closed"},
        {"nothing at all", {}, "", "", "!closed"},
        {"behind DONE nothing counts", {said(R"("a")", R"("stop")"), "[DONE]", said(R"("b")"), "no json"}, "a", "", "stop"},
        {"content null, delta null, empty choices",
         {said("null"), R"({"choices":[{"delta":null}]})", R"({"choices":[],"prompt_filter_results":[]})", said(R"("a")", R"("stop")")},
         "a",
         "",
         "stop"},
        {"content in parts", {said(R"([{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image"}])", R"("stop")")}, "ab", "", "stop"},
        {"eos", {said(R"("a")", R"("eos")")}, "a", "", "stop"},
        {"length", {said(R"("a")", R"("length")"), "[DONE]"}, "a", "", "length"},
        {"filter", {said(R"("a")", R"("content_filter")")}, "a", "", "content"},
        {"refusal", {R"({"choices":[{"delta":{"refusal":"I will not."}}]})", kStop}, "", "", "content"},
        {"empty completion", {kStop, "[DONE]"}, "", "", "stop"},
        {"other choices", {R"({"choices":[{"index":1,"delta":{"content":"x"}}]})", said(R"("a")", R"("stop")")}, "a", "", "stop"},
        {"reasoning is not spoken", {R"({"choices":[{"delta":{"reasoning_content":"hm","reasoning":"hm"}}]})", said(R"("a")", R"("stop")")}, "a", "", "stop"},
        {"think", {said(R"("\n<th")"), said(R"("ink>secret</thi")"), said(R"("nk>\n\n")"), said(R"("Yes <think>")"), kStop}, "Yes <think>", "", "stop"},
        {"think never ends", {said(R"("<think>secret")"), kStop}, "", "", "stop"},
        {"not a think", {said(R"("<thi")"), kStop}, "<thi", "", "stop"},
        {"call in pieces",
         {calling(R"([{"index":0,"id":"call_9","type":"function","function":{"name":"get_slot","arguments":""}}])"),
          calling(R"([{"index":0,"function":{"arguments":"{\"day\":"}}])"), calling(R"([{"index":0,"function":{"arguments":"\"tue\"}"}}])"),
          calling(R"([{"index":1,"id":"call_10","function":{"name":"hold","arguments":""}}])"), R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})",
          "[DONE]"},
         "",
         R"(call_9 get_slot {"day":"tue"}, call_10 hold {})",
         "tool_calls"},
        {"interleaved",
         {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{"}},{"index":1,"id":"b","function":{"name":"y","arguments":"{"}}])"),
          calling(R"([{"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":"\"k\":1}"}}])", R"("tool_calls")")},
         "",
         R"(a x {"k":1}, b y {})",
         "tool_calls"},
        {"finish says stop", {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}])"), kStop}, "", "a x {}", "tool_calls"},
        {"no index, no id, two whole",
         {calling(R"([{"function":{"name":"x","arguments":"{}"}},{"function":{"name":"y","arguments":"{\"k\":1}"}}])"), kStop},
         "",
         R"(call_c_0 x {}, call_c_1 y {"k":1})",
         "tool_calls"},
        {"no index, ids in each piece",
         {calling(R"([{"id":"a","function":{"name":"x","arguments":"{"}}])"), calling(R"([{"id":"a","function":{"name":"x","arguments":"}"}}])"),
          calling(R"([{"id":"b","function":{"name":"y","arguments":"{}"}}])"), kStop},
         "",
         "a x {}, b y {}",
         "tool_calls"},
        {"index always 0, ids differ",
         {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}])"),
          calling(R"([{"index":0,"id":"b","function":{"name":"y","arguments":"{}"}}])"), kStop},
         "",
         "a x {}, b y {}",
         "tool_calls"},
        {"name repeated",
         {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{"}}])"),
          calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"}"}}])"), kStop},
         "",
         "a x {}",
         "tool_calls"},
        {"arguments as object, null, twice encoded",
         {calling(
              R"([{"index":0,"id":"a","function":{"name":"x","arguments":{"k":1}}},{"index":1,"id":"b","function":{"name":"y","arguments":"null"}},{"index":2,"id":"c","function":{"name":"z","arguments":"\"{\\\"k\\\":2}\""}}])"),
          kStop},
         "",
         R"(a x {"k":1}, b y {}, c z {"k":2})",
         "tool_calls"},
        {"legacy function_call",
         {R"({"choices":[{"delta":{"function_call":{"name":"x","arguments":"{\"k\":"}}}]})",
          R"({"choices":[{"delta":{"function_call":{"arguments":"1}"}},"finish_reason":"function_call"}]})"},
         "",
         R"(call_0 x {"k":1})",
         "tool_calls"},
        {"text then call",
         {said(R"("One moment.")"), calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}])", R"("tool_calls")"), "[DONE]"},
         "One moment.",
         "a x {}",
         "tool_calls"},
        {"arguments are no JSON",
         {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{\"k\":"}}])", R"("tool_calls")"), "[DONE]"},
         "",
         "",
         "!protocol"},
        {"arguments are a list", {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"[1]"}}])"), kStop}, "", "", "!protocol"},
        {"call without a name", {calling(R"([{"index":0,"id":"a","function":{"arguments":"{}"}}])"), kStop}, "", "", "!protocol"},
        {"cut for length in a call",
         {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{\"k\":"}}])", R"("length")"), "[DONE]"},
         "",
         "",
         "length"},
        {"cut stream gives no call", {calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}])")}, "", "", "!closed"},
        {"error object", {said(R"("a")"), R"({"error":{"message":"upstream broke","code":502}})", "[DONE]"}, "a", "", "!server"},
        {"error: rate", {R"({"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}})"}, "", "", "!rate_limited"},
        {"error: quota", {R"({"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}})"}, "", "", "!quota"},
        {"error: a string", {R"({"error":"it broke"})"}, "", "", "!server"},
        {"finish error", {R"({"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"m"}})"}, "", "", "!rate_limited"},
        {"groq error", {R"({"choices":[],"x_groq":{"error":"over capacity"}})"}, "", "", "!server"},
        {"no json", {said(R"("a")"), "{\"choices\":[{"}, "a", "", "!protocol"},
        {"a list", {"[]"}, "", "", "!protocol"},
        {"wrong types everywhere",
         {R"({"id":1,"model":[],"choices":{"a":1},"usage":"x"})",
          R"({"choices":[1,"x",null,{"index":"0","delta":{"content":7,"tool_calls":[null,3]},"finish_reason":4}]})", kStop},
         "",
         "",
         "!protocol"},
    };
    for (const auto& c : cases) {
        const auto reader = make_chat_reader();
        expect_case(*reader, c);
    }
}

TEST(OpenAiChat, CountsAndNames) {
    auto reader = make_chat_reader();
    const auto got = read_all(
        *reader, events({said(R"("a")"), kStop,
                         R"({"choices":[],"usage":{"prompt_tokens":42,"completion_tokens":17,"total_tokens":59,"prompt_tokens_details":{"cached_tokens":8}}})",
                         "[DONE]"}));
    const auto& done = std::get<LmDone>(got.outcome);
    EXPECT_EQ(done.usage.input, 42U);
    EXPECT_EQ(done.usage.output, 17U);
    EXPECT_EQ(done.usage.cached, 8U);
    EXPECT_EQ(done.request_id, "chatcmpl-1");
    EXPECT_EQ(done.model, "m-1");
}

TEST(OpenAiChat, AnnouncesArgumentsAsTheyGrow) {
    auto reader = make_chat_reader();
    const auto got = read_all(*reader, events({calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":"{\"k\":"}}])"),
                                               calling(R"([{"index":0,"function":{"arguments":"1}"}}])", R"("tool_calls")")}));
    EXPECT_EQ(got.sink.fragments, R"(x:{"k":;x:1};)");
}

TEST(OpenAiChat, BoundsWhatComes) {
    const std::string kilo(1024, 'x');
    for (const int count : {256, 257}) {
        auto reader = make_chat_reader();
        std::vector<std::string> data(static_cast<std::size_t>(count), said("\"" + kilo + "\""));
        data.push_back(kStop);
        EXPECT_EQ(read_all(*reader, events(data), 4096).how, count == 256 ? "stop" : "!too_big");
    }
    for (const int count : {64, 65}) {
        auto reader = make_chat_reader();
        std::vector<std::string> data;
        for (int i = 0; i < count; ++i)
            data.push_back(
                calling(R"([{"index":)" + std::to_string(i) + R"(,"id":"c)" + std::to_string(i) + R"(","function":{"name":"x","arguments":"{}"}}])"));
        data.push_back(kStop);
        const auto got = read_all(*reader, events(data), 4096);
        EXPECT_EQ(got.how, count == 64 ? "tool_calls" : "!too_big");
        EXPECT_EQ(got.sink.calls.size(), count == 64 ? 64U : 0U);
    }
    auto arguments = make_chat_reader();
    std::vector<std::string> data{calling(R"([{"index":0,"id":"a","function":{"name":"x","arguments":""}}])")};
    for (int i = 0; i < 257; ++i) data.push_back(calling(R"([{"index":0,"function":{"arguments":")" + kilo + R"("}}])"));
    EXPECT_EQ(read_all(*arguments, events(data), 4096).how, "!too_big");
    auto giant = make_chat_reader();
    EXPECT_EQ(read_all(*giant, events({said("\"" + std::string(2 << 20, 'x') + "\"")}), 65536).how, "!too_big");
    auto deep = make_chat_reader();
    EXPECT_EQ(read_all(*deep, events({std::string(100'000, '[')}), 65536).how, "!protocol");
}

TEST(OpenAiChat, ReadsAWholeAnswer) {
    auto reader = make_chat_reader();
    LmRecorder sink;
    reader->feed_whole(
        R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"Yes.","tool_calls":[{"id":"a","type":"function","function":{"name":"x","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
        sink);
    EXPECT_EQ(how(reader->end(sink)), "tool_calls");
    EXPECT_EQ(sink.text, "Yes.");
    EXPECT_EQ(sink.called(), "a x {}");
    auto broken = make_chat_reader();
    broken->feed_whole(R"({"error":{"message":"no","type":"invalid_request_error"}})", sink);
    EXPECT_EQ(how(broken->end(sink)), "!refused");
}

LmRequest conversation() {
    LmRequest request;
    const auto say = [&](Role role, const char* text) {
        LmMessage message;
        message.role = role;
        message.text = text;
        request.messages.push_back(message);
    };
    say(Role::system, "Be brief.");
    say(Role::user, "Do you have");
    say(Role::user, "Tuesday?");
    say(Role::assistant, "Let me check.");
    request.messages.back().calls = {{"call_1", "get_slot", R"({"day":"tue"})", ""}, {"call_2", "hold", "{}", ""}};
    say(Role::user, "Hello?");
    say(Role::tool, R"({"free":"10:30"})");
    request.messages.back().call_id = "call_1";
    say(Role::tool, "of nothing");
    request.messages.back().call_id = "call_7";
    say(Role::system, "The caller is in a hurry.");
    say(Role::assistant, "  ");
    ToolSpec tool;
    tool.name = "get_slot";
    tool.description = "Free times";
    tool.parameters = R"({"type":"object","properties":{"day":{"type":"string"}},"required":["day"]})";
    request.tools = {tool, {"hold", "Waits", ""}};
    request.max_tokens = 200;
    request.conversation = "CA1";
    return request;
}

Endpoint endpoint(const std::string& vendor) {
    Endpoint out;
    out.vendor = vendor;
    out.model = "m";
    out.key = Secret("k");
    return out;
}

TEST(OpenAiChat, WritesTheRequest) {
    const auto body = json::parse(chat_body(conversation(), endpoint("openai")));
    EXPECT_EQ(body["model"], "m");
    EXPECT_EQ(body["stream"], true);
    EXPECT_EQ(body["stream_options"]["include_usage"], true);
    EXPECT_EQ(body["max_completion_tokens"], 200);
    EXPECT_FALSE(body.contains("max_tokens"));
    EXPECT_FALSE(body.contains("temperature"));
    EXPECT_EQ(body["prompt_cache_key"], "CA1");
    std::string roles;
    for (const auto& message : body["messages"]) roles += message["role"].get<std::string>() + " ";
    EXPECT_EQ(roles, "system user user assistant tool tool user system ");
    EXPECT_EQ(body["messages"][3]["tool_calls"][0],
              json::parse(R"({"id":"call_1","type":"function","function":{"name":"get_slot","arguments":"{\"day\":\"tue\"}"}})"));
    EXPECT_EQ(body["messages"][4]["content"], R"({"free":"10:30"})");
    EXPECT_EQ(body["messages"][5]["tool_call_id"], "call_2");
    EXPECT_NE(body["messages"][5]["content"].get<std::string>().find("not completed"), std::string::npos);
    EXPECT_EQ(body["tools"][1]["function"]["parameters"], json::parse(R"({"type":"object","properties":{}})"));
}

TEST(OpenAiChat, WritesForStrictTemplates) {
    auto where = endpoint("vllm");
    where.options["tool_choice"] = "auto";
    auto request = conversation();
    request.temperature = 0.5;
    const auto body = json::parse(chat_body(request, where));
    EXPECT_EQ(body["max_tokens"], 200);
    EXPECT_EQ(body["temperature"], 0.5);
    EXPECT_EQ(body["tool_choice"], "auto");
    EXPECT_FALSE(body.contains("prompt_cache_key"));
    std::string roles;
    for (const auto& message : body["messages"]) roles += message["role"].get<std::string>() + " ";
    EXPECT_EQ(roles, "system user assistant tool tool user ");
    EXPECT_EQ(body["messages"][0]["content"], "Be brief.\n\nThe caller is in a hurry.");
    EXPECT_EQ(body["messages"][1]["content"], "Do you have Tuesday?");
}

TEST(OpenAiChat, TextThatIsNotUtf8DoesNotThrow) {
    LmRequest request;
    LmMessage message;
    message.text = "a\xff";
    request.messages = {message};
    const auto body = json::parse(chat_body(request, endpoint("openai")));
    EXPECT_EQ(body["messages"][0]["content"], "a\xEF\xBF\xBD");
}

TEST(OpenAiChat, ChecksEndpoints) {
    EXPECT_EQ(check_openai_chat(endpoint("openai")), "");
    EXPECT_NE(check_openai_chat(endpoint("nobody")), "");
    EXPECT_NE(check_openai_chat(endpoint("compatible")), "");  // no base
    auto bad = endpoint("compatible");
    bad.base_url = "http://127.0.0.1:1/v1";
    bad.key = Secret("");
    EXPECT_EQ(check_openai_chat(bad), "");
    for (const char* url : {"ftp://x", "http://x/", "http://x?y=1", "x", "http://u:p@x"}) {
        bad.base_url = url;
        EXPECT_NE(check_openai_chat(bad), "") << url;
    }
    auto keyless = endpoint("groq");
    keyless.key = Secret("");
    EXPECT_NE(check_openai_chat(keyless), "");
    keyless.key = Secret("a\r\nX: y");
    EXPECT_NE(check_openai_chat(keyless), "");
    auto options = endpoint("groq");
    options.options["colour"] = "red";
    EXPECT_NE(check_openai_chat(options), "");
    options.options = {{"verbosity", "loud"}};
    EXPECT_NE(check_openai_chat(options), "");
    options.options = {{"verbosity", "low"}};
    EXPECT_EQ(check_openai_chat(options), "");
    options.model.clear();
    EXPECT_NE(check_openai_chat(options), "");
    for (const auto& preset : chat_presets()) EXPECT_EQ(chat_preset(preset.name), &preset);
}

}  // namespace
}  // namespace parley::vendors
