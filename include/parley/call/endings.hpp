#pragma once
// What an end means to whoever serves a call's tail, and to those who count.

#include <string_view>

#include "parley/conversation/events.hpp"

namespace parley::call {

// Whether the gateway meant the call to end so: then the tail carries it out instead of reopening the stream.
[[nodiscard]] constexpr bool planned(conversation::EndReason reason) {
    using conversation::EndReason;
    switch (reason) {
        case EndReason::agent_completed:
        case EndReason::transferred:
        case EndReason::max_duration:
        case EndReason::silence:
        case EndReason::brain_failed:
        case EndReason::operator_hangup:
        case EndReason::caller_hung_up: return true;
        default: return false;
    }
}

// The label `result` of what is counted.
[[nodiscard]] constexpr std::string_view result_of(conversation::EndReason reason) {
    using conversation::EndReason;
    switch (reason) {
        case EndReason::brain_failed: return "upstream_error";
        case EndReason::internal: return "server_error";
        case EndReason::protocol: return "client_error";
        case EndReason::carrier_lost:
        case EndReason::media_timeout: return "indeterminate";
        default: return "success";
    }
}

}  // namespace parley::call
