#pragma once
// What is known of a call when it comes in, as the fact `call` of its record.

#include <string>
#include <string_view>

#include "parley/call/agent.hpp"

namespace parley::call {

struct CallFact {
    const Agent* agent = nullptr;  // null: nobody answers the number
    std::string_view from{}, to{}, account{};
    std::string_view country{};    // of the caller, as the carrier gives it
    std::string_view display{};    // the caller's name
    std::string_view page_url{};   // web
    bool outbound = false, web = false;
};
[[nodiscard]] std::string call_fact(const CallFact& known);

}  // namespace parley::call
