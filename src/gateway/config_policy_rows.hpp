#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Who may call, how often, how long, for how much.
void policy_rows(Table<Config>& table);
void policy_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_policy(const Config& config);

}  // namespace parley::gateway
