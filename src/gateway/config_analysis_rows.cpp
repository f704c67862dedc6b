#include "config_analysis_rows.hpp"

namespace parley::gateway {

void analysis_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_analysis(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
