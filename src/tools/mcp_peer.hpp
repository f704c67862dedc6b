#pragma once
// One MCP server (streamable HTTP, with and without sessions), as an agent's calls share it. On one loop.

#include <memory>
#include <string>

#include "mcp_codec.hpp"
#include "parley/net/egress.hpp"
#include "parley/tools/tool_settings.hpp"

namespace parley::tools {

class McpPeer : public std::enable_shared_from_this<McpPeer> {
public:
    McpPeer(McpServer settings, std::shared_ptr<const net::EgressGuard> guard);

    // All pages; finds out on the way which generation it speaks.
    [[nodiscard]] net::Task<McpListing> list(net::HttpClient& http, TimePoint deadline);
    [[nodiscard]] net::Task<ToolOutcome> call(const McpTool& tool, ToolRun run, net::HttpClient& http);
    [[nodiscard]] const McpServer& settings() const { return settings_; }

private:
    enum class Era { unknown, legacy, modern };
    // What became of one request.
    struct Exchange {
        error_code error{};    // of the connection
        int status = 0;        // HTTP
        McpMessage message{};  // result or error; none: there was no answer to it
        std::string session{}, retry_after{};
    };
    struct Asking {
        std::uint64_t id = 0;
        std::string method, body;
        std::vector<std::pair<std::string, std::string>> headers{};
        TimePoint soft{}, hard{};  // progress moves the first, up to the second
        Duration patience{};
    };

    [[nodiscard]] net::Task<Exchange> post(Asking asking, net::HttpClient& http);
    [[nodiscard]] net::Task<bool> notify(std::string body, net::HttpClient& http, TimePoint deadline);
    [[nodiscard]] net::Task<std::string> initialize(net::HttpClient& http, TimePoint deadline);  // "": done
    [[nodiscard]] net::Task<Exchange> ask(std::string method, nlohmann::json params, std::vector<std::pair<std::string, std::string>> headers,
                                          net::HttpClient& http, TimePoint deadline, Duration patience);
    [[nodiscard]] net::HttpCall call_with(std::string body, TimePoint deadline) const;

    McpServer settings_;
    std::shared_ptr<const net::EgressGuard> guard_;
    Era era_ = Era::unknown;
    std::string version_, session_;
    bool ready_ = false;  // legacy: initialized
    std::uint64_t last_id_ = 0;
};

[[nodiscard]] std::shared_ptr<const Tool> make_mcp_tool(std::shared_ptr<McpPeer> peer, McpTool tool);

}  // namespace parley::tools
