#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace parley::call {

// The fact `turn` of a call's record: {"who":"caller","text":…,"at_ms":…,"interrupted":true}. who: caller, agent, keys.
[[nodiscard]] std::string turn_fact(std::string_view who, std::string_view text, std::chrono::milliseconds at, bool interrupted);

// The facts `event` ({"event":…,"agent":…,"by":"stream"}) and `recording` of a file of ours
// ({"sid":name,"status":"completed","source":"parley","channels":2,…}).
[[nodiscard]] std::string event_fact(std::string_view event, std::string_view agent, std::string_view by);
[[nodiscard]] std::string recording_fact(std::string_view path, std::chrono::milliseconds duration);

}  // namespace parley::call
