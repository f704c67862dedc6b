#include "parley/call/turn_fact.hpp"

#include <nlohmann/json.hpp>

namespace parley::call {

std::string turn_fact(std::string_view who, std::string_view text, std::chrono::milliseconds at, bool interrupted) {
    nlohmann::ordered_json fact{{"who", who}, {"text", text}, {"at_ms", at.count()}};
    if (interrupted) fact["interrupted"] = true;
    return fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string event_fact(std::string_view event, std::string_view agent, std::string_view by) {
    return nlohmann::ordered_json{{"event", event}, {"agent", agent}, {"by", by}}.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string recording_fact(std::string_view path, std::chrono::milliseconds duration) {
    const auto name = path.substr(path.rfind('/') + 1);
    return nlohmann::ordered_json{{"sid", name}, {"status", "completed"}, {"source", "parley"}, {"channels", 2}, {"duration_ms", duration.count()}}.dump(
        -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace parley::call
