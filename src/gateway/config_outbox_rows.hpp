#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Who is told about calls, what they leave behind, and for how long.
void outbox_rows(Table<Config>& table);
void outbox_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_outbox(const Config& config);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> outbox_warnings(const Config& config);

}  // namespace parley::gateway
