#pragma once
// The Model Context Protocol's messages, written and read. Pure; never throws; everything from outside is bounded.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/json_schema.hpp"
#include "parley/tools/tool.hpp"

namespace parley::tools {

inline constexpr std::string_view kMcpModern = "2026-07-28";
inline constexpr std::string_view kMcpLegacy = "2025-11-25";  // what is asked for
inline constexpr std::size_t kMostMcpMessage = 1 << 20;
[[nodiscard]] bool is_mcp_version(std::string_view version);

// The data of server-sent events, one text each; empty ones are left out.
class SseReader {
public:
    // False: an event is larger than a message may be.
    [[nodiscard]] bool feed(std::string_view bytes, std::vector<std::string>& events);

private:
    std::string line_, data_;
    bool after_return_ = false, has_data_ = false;
};

// One JSON-RPC message.
struct McpMessage {
    enum class Kind { result, error, request, notification, none } kind = Kind::none;
    nlohmann::json id, body;  // body: result, error's data, or params
    std::string method;
    int code = 0;
    std::string text;  // of an error
};
[[nodiscard]] McpMessage read_mcp(std::string_view text);

[[nodiscard]] std::string mcp_request(std::uint64_t id, std::string_view method, nlohmann::json params, bool modern);
[[nodiscard]] std::string mcp_notification(std::string_view method, nlohmann::json params);
[[nodiscard]] std::string mcp_initialize(std::uint64_t id, std::string_view version);
[[nodiscard]] std::string mcp_empty_result(const nlohmann::json& id);
[[nodiscard]] std::string mcp_not_offered(const nlohmann::json& id);
// A value as a header may bear it: as it stands, or =?base64?…?=
[[nodiscard]] std::string mcp_header_value(std::string_view text);

struct McpTool {
    std::string name, our_name, description, parameters;
    std::optional<JsonSchema> output{};
    bool read_only = false, idempotent = false;
    std::vector<std::pair<std::string, std::string>> headers{};  // property -> Mcp-Param-…
};
struct McpListing {
    std::string error;  // why there is none
    std::vector<McpTool> tools{};
    std::size_t dropped = 0;  // that cannot be offered
    std::string next{};       // cursor
    std::chrono::milliseconds fresh{std::chrono::minutes(5)};
};
// One page of tools/list.
[[nodiscard]] McpListing read_tools(const nlohmann::json& result, bool modern);
// Names that vendors of models take, each once.
void name_tools(std::vector<McpTool>& tools);

[[nodiscard]] ToolOutcome read_tool_result(const nlohmann::json& result, const McpTool& tool);

}  // namespace parley::tools
