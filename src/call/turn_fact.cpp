#include "parley/call/turn_fact.hpp"

#include <nlohmann/json.hpp>

namespace parley::call {

std::string turn_fact(std::string_view who, std::string_view text, std::chrono::milliseconds at, bool interrupted) {
    nlohmann::ordered_json fact{{"who", who}, {"text", text}, {"at_ms", at.count()}};
    if (interrupted) fact["interrupted"] = true;
    return fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace parley::call
