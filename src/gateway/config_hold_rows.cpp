#include "config_hold_rows.hpp"

namespace parley::gateway {

void hold_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_hold(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
