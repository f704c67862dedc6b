#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config_table.hpp"
#include "parley/flows/agent_flow.hpp"

namespace parley::gateway {

// Relative to "menus.<name>.".
[[nodiscard]] const std::vector<Row<flows::Menu>>& menu_rows();
// How an agent answers, relative to "agents.<name>.".
void flow_rows(Table<AgentConfig>& table);

// What involves more than one value: menus, agents and targets that are named exist, answers have what they need.
using Report = std::function<void(const std::string& key, const std::string& message)>;
void check_flows(const Config& config, const Report& wrong, const Report& warn);

// Of a configuration that was checked.
[[nodiscard]] std::shared_ptr<const flows::Menus> make_menus(const Config& config);
[[nodiscard]] std::shared_ptr<const flows::AgentFlow> make_flow(const AgentConfig& agent, const std::shared_ptr<const flows::Menus>& menus);

}  // namespace parley::gateway
