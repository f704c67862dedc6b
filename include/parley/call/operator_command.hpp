#pragma once
// What somebody outside a call can tell it: an operator, a callback, the gateway's own end.

#include <chrono>
#include <string>
#include <variant>

#include "parley/conversation/events.hpp"

namespace parley::call {

struct EndNow {
    conversation::EndReason reason = conversation::EndReason::operator_hangup;
    std::string target;  // of `transferred`: a destination (flows/destination.hpp)
};
struct SayNow {
    std::string text;
};  // in the agent's voice, when the caller has finished
struct KeysNow {
    std::string keys;
};  // tones on the line: 0-9 * # A-D, w and W wait half a second and a second

struct WhisperNow {
    std::string text;
};  // to the model alone
struct TakeOver {
    bool on = true;
};  // the agent falls silent: what the caller hears is SayNow, until it is given back

struct LimitNow {
    std::chrono::milliseconds left{0};
};  // it ends, warned of and with its last words, after so long at most

// What the brain is told when it speaks again.
inline constexpr const char* kGivenBack =
    "A human colleague had taken this call over and has just given it back to you. The agent's latest lines in the conversation are the colleague's. Go on "
    "from there.";

using OperatorCommand = std::variant<EndNow, SayNow, KeysNow, WhisperNow, TakeOver, LimitNow>;

}  // namespace parley::call
