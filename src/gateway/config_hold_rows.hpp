#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// What a caller hears while the agent prepares.
void hold_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_hold(const Config& config);

}  // namespace parley::gateway
