// Both generations of MCP over HTTP, against a server that is neither more nor less than the specification asks.

#include "mcp_peer.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "world.hpp"

namespace parley::tools::test {
namespace {

using testing::HasSubstr;

// One tool, get.slot. Its sessions can be made to vanish, its answers to come as events.
struct McpServerScript {
    bool modern = false, events = false, ask_back = false;
    std::atomic<int> initialized{0}, calls{0}, answered_pings{0}, refused_requests{0}, cancelled{0};
    std::atomic<int> session{1};

    static std::string event(const json& message) { return "event: message\ndata: " + message.dump() + "\n\n"; }
    net::HttpResponse reply(const json& id, json result, const std::string& before = {}) const {
        const json message{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
        if (events) return {200, "text/event-stream", ": first\n\nid: 1\ndata:\n\n" + before + event(message)};
        return {200, "application/json", message.dump()};
    }
    static net::HttpResponse error(int status, const json& id, int code) {
        return {status, "application/json", json{{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", "no"}}}}.dump()};
    }

    net::Task<net::HttpResponse> answer(net::HttpRequest& request) {
        const auto message = json::parse(request.body, nullptr, false);
        if (request.method != "POST") co_return net::HttpResponse(405);
        if (!request.headers.has_token("accept", "application/json") || !request.headers.has_token("accept", "text/event-stream"))
            co_return net::HttpResponse(406);
        const auto id = message.value("id", json());
        const auto method = message.value("method", std::string());
        if (method.empty()) {  // an answer to what it asked
            if (message.contains("result"))
                ++answered_pings;
            else
                ++refused_requests;
            co_return net::HttpResponse(202);
        }
        if (modern) {
            const auto meta = message["params"].value("_meta", json::object());
            if (meta.value("io.modelcontextprotocol/protocolVersion", "") != request.headers.get("mcp-protocol-version") ||
                !meta.contains("io.modelcontextprotocol/clientCapabilities"))
                co_return error(400, id, -32602);
            if (request.headers.get("mcp-method") != method) co_return error(400, id, -32020);
            if (request.headers.get("mcp-protocol-version") != kMcpModern) co_return error(400, id, -32022);
        } else {
            if (method == "initialize") {
                auto response = reply(
                    id, {{"protocolVersion", "2025-06-18"}, {"capabilities", {{"tools", json::object()}}}, {"serverInfo", {{"name", "t"}, {"version", "1"}}}});
                response.headers.add("Mcp-Session-Id", "s" + std::to_string(session));
                co_return response;
            }
            if (!request.headers.has("mcp-session-id")) co_return error(400, nullptr, -32000);
            if (request.headers.get("mcp-session-id") != "s" + std::to_string(session)) co_return error(404, nullptr, -32001);
            if (request.headers.get("mcp-protocol-version") != "2025-06-18") co_return error(400, nullptr, -32000);
            if (method == "notifications/initialized") ++initialized;
            if (method == "notifications/cancelled") ++cancelled;
            if (method.starts_with("notifications/")) co_return net::HttpResponse(202);
        }
        if (method == "tools/list") {
            if (!message["params"].contains("cursor"))
                co_return reply(
                    id, {{"tools",
                          json::array({{{"name", "get.slot"},
                                        {"description", "d"},
                                        {"inputSchema",
                                         json::parse(R"({"type":"object","properties":{"day":{"type":"string","x-mcp-header":"Day"}},"required":["day"]})")},
                                        {"annotations", {{"readOnlyHint", true}}}}})},
                         {"nextCursor", "p2"}});
            co_return reply(id, {{"tools", json::array({{{"name", "add note"}, {"inputSchema", {{"type", "object"}}}}})}});
        }
        if (method == "tools/call") {
            ++calls;
            if (modern && (request.headers.get("mcp-name") != "get.slot" ||
                           request.headers.get("mcp-param-day") != message["params"]["arguments"]["day"].get<std::string>()))
                co_return error(400, id, -32020);
            if (message["params"]["arguments"]["day"] == "never") co_await pause(5s);
            std::string before;
            if (ask_back) {
                before += event({{"jsonrpc", "2.0"}, {"id", "srv1"}, {"method", "ping"}}) +
                          event({{"jsonrpc", "2.0"}, {"id", "srv2"}, {"method", "sampling/createMessage"}, {"params", json::object()}});
                before += event({{"jsonrpc", "2.0"},
                                 {"method", "notifications/progress"},
                                 {"params", {{"progressToken", message["params"]["_meta"]["progressToken"]}, {"progress", 1}}}});
            }
            co_return reply(id,
                            {{"content", json::array({{{"type", "text"}, {"text", "free on " + message["params"]["arguments"]["day"].get<std::string>()}}})},
                             {"isError", false}},
                            before);
        }
        co_return error(modern ? 404 : 200, id, -32601);
    }
};

struct McpWorld {
    explicit McpWorld(bool modern, bool events = false, bool ask_back = false) {
        script.modern = modern;
        script.events = events;
        script.ask_back = ask_back;
        ToolSettings settings;
        tools::McpServer crm;
        crm.name = "crm";
        crm.url = server.url("/mcp");
        crm.timeout = 400ms;
        settings.mcp.push_back(crm);
        world = std::make_unique<World>(settings);
        world->open();
        world->shop->refresh(world->kept_settings);
        for (int i = 0; i < 2000 && world->catalog->tools().empty(); ++i) std::this_thread::sleep_for(5ms);
        world->reopen();
    }
    McpServerScript script;
    ToolServer server{[this](net::HttpRequest& request) { return script.answer(request); }};
    std::unique_ptr<World> world;
};

class McpGenerations : public testing::TestWithParam<std::tuple<bool, bool>> {};
TEST_P(McpGenerations, ListsAndCalls) {
    const auto [modern, events] = GetParam();
    McpWorld given(modern, events);
    auto& world = *given.world;
    ASSERT_EQ(world.tools->specs().size(), 2U);  // both pages
    EXPECT_EQ(world.tools->specs()[0].name, "get_slot");
    EXPECT_EQ(world.tools->specs()[1].name, "add_note");
    EXPECT_EQ(world.call("get_slot", R"({"day":"tue"})").json, R"({"result":"free on tue"})");
    EXPECT_THAT(world.call("get_slot", "{}").json, HasSubstr("'day'"));
    EXPECT_EQ(given.script.calls, 1);
    EXPECT_EQ(given.script.initialized, modern ? 0 : 1);
    EXPECT_EQ(world.counted("crm", "ok"), 1U);
}
INSTANTIATE_TEST_SUITE_P(all, McpGenerations, testing::Combine(testing::Bool(), testing::Bool()));

TEST(McpPeer, ASessionThatIsGoneIsBegunAgainOnce) {
    McpWorld given(false);
    given.script.session = 2;
    EXPECT_EQ(given.world->call("get_slot", R"({"day":"tue"})").json, R"({"result":"free on tue"})");
    EXPECT_EQ(given.script.initialized, 2);
    EXPECT_EQ(given.script.calls, 1);
}

TEST(McpPeer, WhatTheServerAsksOnTheStreamIsAnswered) {
    McpWorld given(false, true, true);
    EXPECT_EQ(given.world->call("get_slot", R"({"day":"tue"})").json, R"({"result":"free on tue"})");
    EXPECT_EQ(given.script.answered_pings, 1);
    EXPECT_EQ(given.script.refused_requests, 1);
}

TEST(McpPeer, AServerThatDoesNotAnswerIsToldThatNobodyWaits) {
    McpWorld given(false);
    const auto result = given.world->call("get_slot", R"({"day":"never"})");
    EXPECT_THAT(result.json, HasSubstr("timeout"));
    EXPECT_EQ(given.script.cancelled, 1);
    EXPECT_EQ(given.world->logged("tool.timeout"), 1U);
}

TEST(McpPeer, AServerThatIsNotThereLeavesTheCallWithoutItsTools) {
    ToolSettings settings;
    tools::McpServer gone;
    gone.name = "crm";
    gone.url = "http://127.0.0.1:1/mcp";
    settings.mcp.push_back(gone);
    World world(settings);
    world.open();
    world.shop->refresh(world.kept_settings);
    world.await_logged("mcp.unreachable");
    EXPECT_TRUE(world.tools->specs().empty());
}

}  // namespace
}  // namespace parley::tools::test
