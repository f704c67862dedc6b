#pragma once

#include <nlohmann/json.hpp>

#include "parley/audio/vad.hpp"

namespace parley::call {

nlohmann::json to_json(const audio::VadConfig& config);
audio::VadConfig vad_from_json(const nlohmann::json& json);

}  // namespace parley::call
