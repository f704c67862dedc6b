#include "config_policy_rows.hpp"

namespace parley::gateway {

void policy_rows(Table<Config>& /*table*/) {}

void policy_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_policy(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
