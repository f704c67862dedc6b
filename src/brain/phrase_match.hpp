#pragma once
// What a caller's words mean in a state.

#include <string>
#include <vector>

#include "parley/brain/script.hpp"

namespace parley::brain {

struct Meaning {
    std::string intent;  // empty: only slots
    SlotValues slots;
};

// Tried in this order: an intent's phrase as the whole utterance (after `lead`, before `trail`); the state's slots as
// the whole utterance; slots anywhere in it; an intent's phrase that makes up at least half of it. False when nothing
// fits.
[[nodiscard]] bool find_meaning(const Script& script, const std::vector<std::string>& intents, const std::vector<std::string>& fill,
                                const std::vector<std::string>& words, Meaning& out);

}  // namespace parley::brain
