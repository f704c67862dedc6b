#pragma once

#include <nlohmann/json.hpp>

#include "parley/conversation/machine.hpp"

namespace parley::call {

// Every setting of the core, so that a call file replays without the configuration it was made under.
nlohmann::json to_json(const conversation::Settings& settings);
conversation::Settings settings_from_json(const nlohmann::json& json);

}  // namespace parley::call
