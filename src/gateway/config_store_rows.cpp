#include "config_store_rows.hpp"

namespace parley::gateway {

void store_rows(Table<Config>& /*table*/) {}

std::vector<std::pair<std::string, std::string>> check_store(const Config& /*config*/) { return {}; }

}  // namespace parley::gateway
