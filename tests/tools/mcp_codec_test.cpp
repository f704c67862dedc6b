#include "mcp_codec.hpp"

#include <gtest/gtest.h>

namespace parley::tools {
namespace {

using nlohmann::json;
using Kind = McpMessage::Kind;

// However the bytes are cut, the events are the same.
TEST(McpSse, EventsWhateverTheCut) {
    const std::string stream = ": hello\r\nid: 1\r\ndata:\r\n\r\nevent: message\r\ndata: {\"a\":1}\r\n\r\ndata: two\ndata:lines\n\nretry: 5\n\rdata: last\r\r";
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        SseReader reader;
        std::vector<std::string> events;
        for (std::size_t at = 0; at < stream.size(); at += step) ASSERT_TRUE(reader.feed(std::string_view(stream).substr(at, step), events));
        EXPECT_EQ(events, (std::vector<std::string>{"{\"a\":1}", "two\nlines", "last"})) << step;
    }
}

TEST(McpSse, AnEventIsBounded) {
    SseReader reader;
    std::vector<std::string> events;
    EXPECT_FALSE(reader.feed(std::string(kMostMcpMessage + 1, 'x'), events));
    SseReader lines;
    bool fine = true;
    for (int i = 0; i < 2000 && fine; ++i) fine = lines.feed("data: " + std::string(1000, 'x') + "\n", events);
    EXPECT_FALSE(fine);
    EXPECT_TRUE(events.empty());
}

struct MessageCase {
    const char* name;
    std::string_view text;
    Kind want;
};
class McpMessages : public testing::TestWithParam<MessageCase> {};
TEST_P(McpMessages, read) {
    EXPECT_EQ(read_mcp(GetParam().text).kind, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, McpMessages,
    testing::Values(MessageCase{"result", R"({"jsonrpc":"2.0","id":1,"result":{}})", Kind::result},
                    MessageCase{"error", R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}})", Kind::error},
                    MessageCase{"error_huge_code", R"({"jsonrpc":"2.0","id":1,"error":{"code":99999999999999,"message":"x"}})", Kind::error},
                    MessageCase{"request", R"({"jsonrpc":"2.0","id":"a","method":"ping"})", Kind::request},
                    MessageCase{"notification", R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})", Kind::notification},
                    MessageCase{"no_version", R"({"id":1,"result":{}})", Kind::none},
                    MessageCase{"result_text", R"({"jsonrpc":"2.0","id":1,"result":"x"})", Kind::none},
                    MessageCase{"batch", R"([{"jsonrpc":"2.0","id":1,"result":{}}])", Kind::none}, MessageCase{"cut", R"({"jsonrpc":)", Kind::none},
                    MessageCase{"nothing", "", Kind::none}, MessageCase{"error_text", R"({"jsonrpc":"2.0","id":1,"error":"x"})", Kind::none}),
    [](const auto& c) { return c.param.name; });

TEST(McpTools, WhatCanBeOfferedIsListed) {
    const auto page = json::parse(R"({"tools":[
        {"name":"get.slot","description":"Finds a slot","inputSchema":{"type":"object","properties":{"day":{"type":"string"}}},"annotations":{"readOnlyHint":true}},
        {"name":"get_slot","title":"Again","inputSchema":{"type":"object"}},
        {"name":"no schema"},{"name":"","inputSchema":{"type":"object"}},{"name":"list","inputSchema":{"type":"array"}},{"name":"self","inputSchema":{"type":"object","properties":{"a":{"$ref":"#"}}}},7,
        {"name":"region","inputSchema":{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"Region"}}}},
        {"name":"bad header","inputSchema":{"type":"object","properties":{"r":{"type":"object","x-mcp-header":"Region"}}}}],"nextCursor":"abc","ttlMs":60000})");
    auto listed = read_tools(page, true);
    ASSERT_EQ(listed.tools.size(), 3U);
    EXPECT_EQ(listed.dropped, 6U);
    EXPECT_EQ(listed.next, "abc");
    EXPECT_EQ(listed.fresh, std::chrono::minutes(1));
    name_tools(listed.tools);
    EXPECT_EQ(listed.tools[0].our_name, "get_slot");
    EXPECT_EQ(listed.tools[1].our_name, "get_slot_2");
    EXPECT_TRUE(listed.tools[0].read_only);
    EXPECT_EQ(json::parse(listed.tools[1].parameters)["properties"], json::object());
    EXPECT_EQ(listed.tools[2].headers, (std::vector<std::pair<std::string, std::string>>{{"r", "Mcp-Param-Region"}}));
    EXPECT_FALSE(read_tools(json::object(), true).error.empty());
    EXPECT_FALSE(read_tools(json{{"tools", 3}}, true).error.empty());
}

struct ResultCase {
    const char* name;
    std::string_view result, kind, json;
};
class McpResults : public testing::TestWithParam<ResultCase> {};
TEST_P(McpResults, read) {
    McpTool tool;
    if (std::string_view(GetParam().name).starts_with("structure"))
        tool.output = *JsonSchema::compile(R"({"type":"object","properties":{"free":{"type":"string"}}})").schema;
    const auto outcome = read_tool_result(json::parse(GetParam().result), tool);
    EXPECT_EQ(outcome.kind, GetParam().kind);
    if (!GetParam().json.empty()) EXPECT_EQ(outcome.json, GetParam().json);
}
INSTANTIATE_TEST_SUITE_P(
    cases, McpResults,
    testing::Values(ResultCase{"text", R"({"content":[{"type":"text","text":"10:30"},{"type":"image","data":"x"},{"type":"text","text":"11"}]})", "ok",
                               R"({"result":"10:30\n11"})"},
                    ResultCase{"structured", R"({"content":[],"structuredContent":{"free":"10:30"}})", "ok", R"({"result":{"free":"10:30"}})"},
                    ResultCase{"structure_missing", R"({"content":[{"type":"text","text":"free at 10:30"}]})", "bad_response", ""},
                    ResultCase{"structure_wins", R"({"content":[{"type":"text","text":"call +1 900"}],"structuredContent":{"free":"10:30"}})", "ok",
                               R"({"result":{"free":"10:30"}})"},
                    ResultCase{"structured_wrong", R"({"content":[],"structuredContent":{"free":3}})", "bad_response", ""},
                    ResultCase{"error", R"({"content":[{"type":"text","text":"no such day"}],"isError":true})", "error", R"({"error":"no such day"})"},
                    ResultCase{"input", R"({"resultType":"input_required","inputRequests":{}})", "error", ""},
                    ResultCase{"unknown_type", R"({"resultType":"later","content":[]})", "bad_response", ""},
                    ResultCase{"complete", R"({"resultType":"complete","content":[{"type":"text","text":"x"}]})", "ok", R"({"result":"x"})"},
                    ResultCase{"image_only", R"({"content":[{"type":"image","data":"x"}]})", "ok",
                               R"({"note":"the tool answered with image, which cannot be said","ok":true})"},
                    ResultCase{"nothing", R"({})", "bad_response", ""},
                    ResultCase{"odd", R"({"content":[3,{"type":4},{"text":"x"}]})", "ok", R"({"ok":true})"}),
    [](const auto& c) { return c.param.name; });

TEST(McpRequests, CarryWhatTheirGenerationAsksFor) {
    const auto modern = json::parse(mcp_request(7, "tools/call", {{"name", "x"}, {"_meta", {{"progressToken", "p7"}}}}, true));
    EXPECT_EQ(modern["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    EXPECT_EQ(modern["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"], json::object());
    EXPECT_EQ(modern["params"]["_meta"]["progressToken"], "p7");
    EXPECT_FALSE(json::parse(mcp_request(7, "tools/list", json::object(), false))["params"].contains("_meta"));
    EXPECT_EQ(json::parse(mcp_initialize(1, kMcpLegacy))["params"]["protocolVersion"], "2025-11-25");
    EXPECT_EQ(mcp_header_value("get_slot"), "get_slot");
    EXPECT_EQ(mcp_header_value("größe"), "=?base64?Z3LDtsOfZQ==?=");
    EXPECT_EQ(mcp_header_value(" a"), "=?base64?IGE=?=");
    EXPECT_EQ(mcp_header_value("a\r\nb"), "=?base64?YQ0KYg==?=");
}

}  // namespace
}  // namespace parley::tools
