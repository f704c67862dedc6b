#pragma once
// Facts of this room in a call's record.

#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

#include "parley/base/clock.hpp"
#include "parley/store/call_records.hpp"

namespace parley::control {

inline void put(store::CallRecords& records, std::string_view call_sid, store::Fact fact, const nlohmann::json& json) {
    records.add(call_sid, fact, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace parley::control
