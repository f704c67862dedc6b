#include "config_outbox_rows.hpp"

namespace parley::gateway {

void outbox_rows(Table<Config>& /*table*/) {}

void outbox_agent_rows(Table<AgentConfig>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_outbox(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
