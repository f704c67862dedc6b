#pragma once

#include "config_table.hpp"

namespace parley::gateway {

// What is done to calls from outside them: calling out, its limits, and who may ask for it.
void admin_rows(Table<Config>& table);
void control_rows(Table<Config>& table);
// What an agent has for it.
void control_agent_rows(Table<AgentConfig>& table);
// What is wrong across keys, as (key, message).
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_control(const Config& config);

}  // namespace parley::gateway
