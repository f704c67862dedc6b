#pragma once

#include <utility>

#include "config_table.hpp"

namespace parley::gateway {

// Where everything lives that outlives a call.
void store_rows(Table<Config>& table);
// What involves more than one value: key and message.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_store(const Config& config);

}  // namespace parley::gateway
