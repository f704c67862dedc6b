#pragma once

#include <string>
#include <vector>

#include "parley/conversation/commands.hpp"

namespace parley::brain {

// What a conversation goes on from when the same call comes back to its agent, spoken or as text.
struct TalkMemory {
    std::vector<conversation::ContextLine> lines;
    std::string brain_state;
    std::string agent;         // who said them; another agent greets as one who has read them, the same one as one who was here
    std::string note;          // what happened meanwhile, for the brain: "the transfer to sales was not answered"; empty: nothing worth a word
    std::string background{};  // LmSession::handover() of who had the call before, for another agent
    [[nodiscard]] bool empty() const { return lines.empty() && brain_state.empty() && note.empty(); }
};

}  // namespace parley::brain
