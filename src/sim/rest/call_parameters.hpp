#pragma once
// The parameters of a call that is made: shared by Calls and by the Participants of a conference.

#include "world.hpp"

namespace parley::sim {

// Fills the plan; the answer is the refusal. `participant`: spelling and defaults of Participants (From and To checked alike, no document).
[[nodiscard]] std::optional<ApiAnswer> read_call_parameters(const ApiCall& call, RestWorld& world, bool participant, CallPlan& plan);

}  // namespace parley::sim
