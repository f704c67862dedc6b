// What an MCP server may send: events in pieces of the first byte's size, messages, lists of tools, results.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "answer.hpp"
#include "mcp_codec.hpp"

using namespace parley::tools;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t step = data[0] % 64 + 1U;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    SseReader reader;
    std::vector<std::string> events{std::string(text)};
    for (std::size_t at = 0; at < text.size(); at += step)
        if (!reader.feed(text.substr(at, step), events)) break;
    for (const auto& event : events) {
        const auto message = read_mcp(event);
        if (message.kind != McpMessage::Kind::result) continue;
        auto listed = read_tools(message.body, data[0] % 2 == 0);
        name_tools(listed.tools);
        (void)read_tool_result(message.body, McpTool{});
    }
    (void)read_answer({}, 200, "application/json", text);
    return 0;
}
