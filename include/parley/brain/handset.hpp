#pragma once
// A call as its tools reach it: the caller's keys, and the language both sides speak.

#include <functional>
#include <string_view>

#include "parley/base/secret.hpp"
#include "parley/conversation/commands.hpp"

namespace parley::brain {

// Lives on the call's worker, as long as the call's actions.
class Handset {
public:
    virtual ~Handset() = default;
    using Given = std::function<void(conversation::KeysOutcome outcome, Secret keys)>;
    // The caller's keys are wanted as an answer instead of as a turn. `given` is called once on the call's worker, possibly from within; not if the call goes
    // first.
    virtual void collect(conversation::KeysWanted how, Given given) = 0;
    // Recognition and voice go on in that language, as the agent's configuration has it; false: it has nothing for it, and they go on as they were.
    [[nodiscard]] virtual bool speak(std::string_view language) = 0;
};

}  // namespace parley::brain
