#pragma once

#include "config_table.hpp"

namespace parley::gateway {

// What an agent that answers by ConversationRelay has besides: relay.*
void relay_rows(Table<AgentConfig>& table);

}  // namespace parley::gateway
