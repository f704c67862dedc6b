#pragma once
// Whether a caller may talk to an agent at all, and whether the agent is there. Pure: the instant is an argument.

#include <string>
#include <string_view>

#include "parley/flows/hours.hpp"
#include "parley/policy/policy_settings.hpp"

namespace parley::policy {

// Callers without a number: empty, a word ("anonymous"), or one of the numbers carriers put in its place (the letters on a telephone's keys, with a plus sign).
[[nodiscard]] bool withheld(std::string_view from);

// "+4930123456", "+4930*" (and whatever begins so), "sip:alice@example.com", "client:*". Otherwise why not.
[[nodiscard]] std::string wrong_caller_pattern(std::string_view pattern);
[[nodiscard]] bool covers(std::string_view pattern, std::string_view from);

struct Decision {
    bool allowed = true;
    std::string reason;   // of a refusal, for metrics: policy
    std::string detail;   // for the record: blocked, not_allowed, anonymous
    bool closed = false;  // outside the agent's hours: its other answers are what the caller gets
};
// The block list goes before everything; somebody on the allow list needs no number that is shown (client:, sip:).
[[nodiscard]] Decision decide(const PolicySettings& policy, std::string_view from, const flows::Hours* hours, flows::Second now);

}  // namespace parley::policy
