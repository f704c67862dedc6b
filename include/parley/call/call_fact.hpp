#pragma once
// What is known of a call when it comes in, or when somebody else of ours takes it, as the fact `call` of its record.

#include <string>
#include <string_view>

#include "parley/call/agent.hpp"

namespace parley::call {

struct CallFact {
    const Agent* agent = nullptr;  // null: nobody answers the number, or only its name is known
    std::string_view from{}, to{}, account{};
    std::string_view country{};   // of the caller, as the carrier gives it
    std::string_view display{};   // the caller's name
    std::string_view page_url{};  // web
    bool outbound = false, web = false;
    bool known_direction = true;        // false: said by somebody who does not know who called whom
    std::string_view agent_name{};      // without an agent
    std::string_view answer{};          // how it is answered (flows/answer.hpp)
    std::string_view dial{};            // it was placed by us, under this identifier
    bool closed = false, live = false;  // outside the hours; its stream runs
    unsigned resumed = 0;               // its stream was opened again so often
};
[[nodiscard]] std::string call_fact(const CallFact& known);

}  // namespace parley::call
