#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Text messages, as far as they concern the whole gateway.
void messaging_rows(Table<Config>& table);
// An agent's tools, text messages, recordings at Twilio, transcripts and Intelligence.
void messaging_agent_rows(Table<AgentConfig>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_messaging(const Config& config);

}  // namespace parley::gateway
