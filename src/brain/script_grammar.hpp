#pragma once
// The recogniser's grammar for one state, from the same patterns the dialogue matches.

#include <memory>
#include <set>
#include <string>

#include "parley/brain/script.hpp"

namespace parley::brain {

// `intents` by name; `fill` slots may be said alone, in any order, up to all of them in one utterance.
[[nodiscard]] std::shared_ptr<const speech::Grammar> make_grammar(const Script& script, const std::string& name, const std::vector<std::string>& intents,
                                                                  const std::vector<std::string>& fill, double reject_below);

}  // namespace parley::brain
