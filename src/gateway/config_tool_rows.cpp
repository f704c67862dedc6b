#include "config_tool_rows.hpp"

namespace parley::gateway {

void tool_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_tool(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
