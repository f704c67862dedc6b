#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Who an agent is.
void persona_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_persona(const Config& config);
// Worth a line, not worth refusing.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> persona_warnings(const Config& config);

}  // namespace parley::gateway
