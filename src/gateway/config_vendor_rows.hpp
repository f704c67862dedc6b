#pragma once

#include "config_table.hpp"

namespace parley::gateway {

// Relative to "vendors.<name>.".
[[nodiscard]] const std::vector<Row<vendors::Endpoint>>& vendor_rows();
// What an agent with brain: vendors has besides.
void upstream_rows(Table<AgentConfig>& table);

}  // namespace parley::gateway
