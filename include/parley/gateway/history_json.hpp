#pragma once
// The history of calls as /v1 and the command line show it.

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "parley/store/call_history.hpp"

namespace parley::gateway {

// One call of a list. Fields that are not known are null.
[[nodiscard]] nlohmann::ordered_json history_json(const store::HistoryRow& row);
// The same with everything that was kept of it. `record`: as store::read_record gives it.
[[nodiscard]] nlohmann::ordered_json history_detail(const store::HistoryRow& row, std::string_view record);

using QueryMap = std::map<std::string, std::string, std::less<>>;
// What a list is asked for. Not "": the name of the parameter that is wrong, and why.
struct HistoryQuestion {
    store::HistoryFilter filter;
    std::string wrong, why;
};
[[nodiscard]] HistoryQuestion history_question(const QueryMap& query);

// JSON Schemas for the document of the interface.
[[nodiscard]] nlohmann::json history_row_schema();
[[nodiscard]] nlohmann::json history_page_schema();

}  // namespace parley::gateway
