#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace parley::call {

// The fact `turn` of a call's record: {"who":"caller","text":…,"at_ms":…,"interrupted":true}. who: caller, agent, keys.
[[nodiscard]] std::string turn_fact(std::string_view who, std::string_view text, std::chrono::milliseconds at, bool interrupted);

}  // namespace parley::call
