#pragma once
// How an end is counted, and whether the gateway meant it.

#include <string_view>

#include "parley/base/log.hpp"
#include "parley/call/pipeline_call.hpp"

namespace parley::call {

// Whether the gateway meant the call to end so: then the tail carries it out instead of reopening the stream.
[[nodiscard]] bool planned(conversation::EndReason reason);
[[nodiscard]] std::string_view result_of(conversation::EndReason reason);
// Tells registry, metrics and log. `agent`: the one the call ran with, whatever became of it since.
void call_over(CallServices& services, const CallLog& log, const std::string& call_sid, const Agent& agent, const CallSummary& done);

}  // namespace parley::call
