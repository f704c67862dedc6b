#pragma once
// What a REST error means to whoever asked for something to be done to a call.

#include "parley/control/call_powers.hpp"
#include "parley/rest/error.hpp"

namespace parley::control {

[[nodiscard]] Refusal refusal_of(const rest::Error& error);
[[nodiscard]] PowerResult refused_by(const rest::Error& error);

}  // namespace parley::control
