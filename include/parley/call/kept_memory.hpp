#pragma once
// What of a talk may be kept beyond this process.

#include <utility>

#include "parley/brain/talk_memory.hpp"
#include "parley/call/agent.hpp"
#include "parley/privacy/privacy_settings.hpp"
#include "parley/privacy/redactor.hpp"

namespace parley::call {

[[nodiscard]] inline bool masks(const Agent& agent) {
    return agent.privacy && agent.privacy->redact;
}

// Masked where the agent masks.
[[nodiscard]] inline brain::TalkMemory as_kept(const Agent& agent, brain::TalkMemory memory) {
    if (!masks(agent)) return memory;
    const auto kinds = privacy::Kinds::of(agent.privacy->kinds);
    privacy::Listener listener(kinds);
    for (auto& line : memory.lines) line.text = listener.turn(line.side == conversation::ContextLine::Side::caller, line.text).text;
    memory.background = privacy::redact(memory.background, kinds).text;
    memory.note = privacy::redact(memory.note, kinds).text;
    memory.brain_state.clear();  // opaque: nobody can say what is in it
    return memory;
}

}  // namespace parley::call
