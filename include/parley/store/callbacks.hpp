#pragma once
// Calls that were promised: a job of kind "callback" each.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/store/jobs.hpp"

namespace parley::store {

inline constexpr std::string_view kCallbackJob = "callback";

struct Callback {
    std::string key;  // unique
    std::string agent, call_sid, number, from, reason;
    std::int64_t at_ms = 0;  // not before
};

bool add_callback(Session& session, const Callback& callback);                                  // false: was there
[[nodiscard]] std::optional<Callback> find_callback(Session& session, const std::string& key);  // also one that is done and still known
[[nodiscard]] std::optional<Callback> read_callback(std::string_view payload);                  // of a job; nothing: it is none
[[nodiscard]] std::vector<Callback> callbacks_with(Session& session, std::string_view caller);  // of caller_key(); also those that are done and still known

}  // namespace parley::store
