#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// What is understood of calls.
void analysis_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_analysis(const Config& config);

}  // namespace parley::gateway
