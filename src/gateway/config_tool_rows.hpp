#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Tools of an agent's own.
void tool_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_tool(const Config& config);

}  // namespace parley::gateway
