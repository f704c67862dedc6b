#include "config_persona_rows.hpp"

namespace parley::gateway {

void persona_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_persona(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
