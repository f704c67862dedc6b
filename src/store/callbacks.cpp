#include "parley/store/callbacks.hpp"

#include <nlohmann/json.hpp>

#include "parley/store/profiles.hpp"

namespace parley::store {

using nlohmann::json;

bool add_callback(Session& session, const Callback& callback) {
    JobWish wish;
    wish.kind = kCallbackJob;
    wish.key = callback.key;
    wish.not_before_ms = callback.at_ms;
    wish.payload = json{{"key", callback.key},   {"agent", callback.agent},   {"call_sid", callback.call_sid}, {"number", callback.number},
                        {"from", callback.from}, {"reason", callback.reason}, {"at_ms", callback.at_ms}}
                       .dump(-1, ' ', false, json::error_handler_t::replace);
    return add_job(session, wish);
}

std::optional<Callback> find_callback(Session& session, const std::string& key) {
    const auto rows = session.run("SELECT payload FROM jobs WHERE kind = $1 AND key = $2", {std::string(kCallbackJob), key});
    return rows.empty() ? std::nullopt : read_callback(rows.front().text(0));
}

std::optional<Callback> read_callback(std::string_view payload) {
    const auto document = json::parse(payload, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    const auto text = [&](const char* key) {
        const auto found = document.find(key);
        return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    Callback callback{text("key"), text("agent"), text("call_sid"), text("number"), text("from"), text("reason"), 0};
    if (const auto at = document.find("at_ms"); at != document.end() && at->is_number_integer()) callback.at_ms = at->get<std::int64_t>();
    if (callback.number.empty() || callback.agent.empty()) return std::nullopt;
    return callback;
}

std::vector<Callback> callbacks_with(Session& session, std::string_view caller) {
    std::vector<Callback> all;
    if (caller.empty()) return all;
    for (const auto& row : session.run("SELECT payload FROM jobs WHERE kind = $1 ORDER BY id", {std::string(kCallbackJob)}))
        if (auto callback = read_callback(row.text(0)); callback && caller_key(callback->number) == caller) all.push_back(std::move(*callback));
    return all;
}

}  // namespace parley::store
