#include "parley/gateway/history_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

namespace parley::gateway {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kStatuses{"realtime_session_incoming", "realtime_session_active", "realtime_session_rejected", "realtime_session"};
constexpr std::array<std::string_view, 7> kEndReasons{"parley_completed", "parley_cancelled",   "parley_disconnect", "parley_error",
                                                      "max_duration",     "browser_disconnect", "twilio_disconnect"};
constexpr std::size_t kLongestFilter = 200, kLongestCursor = 80;

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}
Json time_or_null(std::int64_t ms) {
    return ms == 0 ? Json(nullptr) : Json(store::iso8601(ms));
}

// Milliseconds since 1970, or a date with or without a time of day, in UTC or with an offset.
std::optional<std::int64_t> time_of(std::string_view text) {
    const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (digits.empty() || digits.front() == '-' || ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    };
    if (text.size() <= 15)
        if (const auto ms = number(text); ms && text.size() > 8) return ms;
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = number(text.substr(0, 4)), month = number(text.substr(5, 2)), day = number(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(static_cast<unsigned>(*month)),
                              std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    std::int64_t ms = duration_cast<milliseconds>(sys_days(date).time_since_epoch()).count();
    auto rest = text.substr(10);
    if (rest.empty()) return ms;
    if ((rest[0] != 'T' && rest[0] != ' ') || rest.size() < 6 || rest[3] != ':') return std::nullopt;
    const auto hour = number(rest.substr(1, 2)), minute = number(rest.substr(4, 2));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    ms += (*hour * 60 + *minute) * 60'000;
    rest.remove_prefix(6);
    if (rest.starts_with(':')) {
        const auto second = rest.size() < 3 ? std::nullopt : number(rest.substr(1, 2));
        if (!second || *second > 59) return std::nullopt;
        ms += *second * 1000;
        rest.remove_prefix(3);
        if (rest.starts_with('.')) {
            const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
            auto digits = std::string(rest.substr(1, end - 1));
            if (digits.empty()) return std::nullopt;
            digits.resize(3, '0');
            ms += number(digits).value_or(0);
            rest.remove_prefix(end);
        }
    }
    if (rest.empty() || rest == "Z") return ms;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-' && rest[0] != ' ') || rest[3] != ':') return std::nullopt;
    const auto hours = number(rest.substr(1, 2)), minutes = number(rest.substr(4, 2));
    if (!hours || !minutes) return std::nullopt;
    // A '+' that nobody encoded arrives as a blank.
    return ms + (rest[0] == '-' ? 1 : -1) * (*hours * 60 + *minutes) * 60'000;
}

}  // namespace

Json history_json(const store::HistoryRow& row) {
    const bool web = row.channel == "web";
    const auto& number = row.direction == "out" ? row.to : row.from;
    Json caller;
    if (web)
        caller = Json{{"page_url", text_or_null(row.page_url)}, {"display_identifier", row.display.empty() ? "web visitor" : row.display}};
    else
        caller = Json{{"number", text_or_null(number)},
                      {"country", text_or_null(row.country)},
                      {"display_identifier", row.display.empty() ? text_or_null(number) : Json(row.display)}};
    Json out;
    out["messageguid"] = row.guid;
    out["agenttoken"] = text_or_null(row.agent_token);
    out["agent"] = text_or_null(row.agent);
    out["revision"] = text_or_null(row.revision);
    out["channel"] = row.channel;
    out["direction"] = row.direction;
    out["callsid"] = row.call_sid;
    out["from"] = text_or_null(row.from);
    out["to"] = text_or_null(row.to);
    out["callerInfo"] = std::move(caller);
    auto profile = row.caller_profile.empty() ? Json(nullptr) : Json::parse(row.caller_profile, nullptr, false);
    out["callerProfile"] = profile.is_discarded() ? Json(nullptr) : std::move(profile);
    out["status"] = row.status;
    out["endReason"] = text_or_null(row.end_reason);
    out["endDetail"] = text_or_null(row.end_detail);
    out["rejectionReason"] = text_or_null(row.rejection_reason);
    out["rejectionDetail"] = text_or_null(row.rejection_detail);
    out["durationSeconds"] = row.ended_ms == 0 ? Json(nullptr) : Json((std::max<std::int64_t>(0, row.ended_ms - row.started_ms) + 500) / 1000);
    out["modelSlug"] = text_or_null(row.model);
    out["turns"] = row.turns;
    out["startedAt"] = time_or_null(row.started_ms);
    out["answeredAt"] = time_or_null(row.live_ms);
    out["endedAt"] = time_or_null(row.ended_ms);
    out["final"] = row.final;
    return out;
}

Json history_detail(const store::HistoryRow& row, std::string_view record) {
    auto out = history_json(row);
    auto kept = Json::parse(record, nullptr, false);
    if (!kept.is_object()) kept = Json::object();
    const auto list = [&](const char* name) {
        auto found = kept.find(name);
        return found != kept.end() && found->is_array() ? std::move(*found) : Json::array();
    };
    const auto one = [&](const char* name) {
        auto found = kept.find(name);
        return found != kept.end() && found->is_object() ? std::move(*found) : Json(nullptr);
    };
    out["transcript"] = list("turns");
    out["liveTranscript"] = list("transcript");
    out["waterfalls"] = list("waterfalls");
    out["toolCalls"] = list("tools");
    auto usage = list("usage");
    // What it cost in all is the sum of what its vendors cost, each in its own currency.
    auto cost = Json::object();
    for (const auto& entry : usage) {
        if (!entry.is_object() || !entry.contains("cost") || !entry["cost"].is_number()) continue;
        const auto currency = entry.contains("currency") && entry["currency"].is_string() ? entry["currency"].get<std::string>() : std::string("USD");
        cost[currency] = cost.value(currency, 0.0) + entry["cost"].get<double>();
    }
    out["usage"] = std::move(usage);
    out["cost"] = cost.empty() ? Json(nullptr) : std::move(cost);
    out["recordings"] = list("recordings");
    out["voicemails"] = list("voicemails");
    out["messages"] = list("messages");
    out["transfers"] = list("transfers");
    out["events"] = list("events");
    out["notes"] = list("notes");
    out["preparation"] = one("preparation");
    out["analysis"] = one("analysis");
    out["end"] = one("end");
    return out;
}

HistoryQuestion history_question(const QueryMap& query) {
    HistoryQuestion asked;
    auto& filter = asked.filter;
    const auto refuse = [&](const std::string& name, const char* why) {
        if (asked.wrong.empty()) asked.wrong = name, asked.why = why;
    };
    const auto among = [&](const std::string& name, const std::string& value, auto known) {
        if (std::find(known.begin(), known.end(), value) == known.end()) refuse(name, "is none of the known values");
    };
    for (const auto& [name, value] : query) {
        if (value.size() > kLongestFilter)
            refuse(name, "is longer than 200 characters");
        else if (value.find('\0') != std::string::npos)
            refuse(name, "has a NUL in it");
        else if (value.empty())
            continue;
        else if (name == "agent")
            filter.agent = value;
        else if (name == "status")
            among(name, filter.status = value, kStatuses);
        else if (name == "endReason")
            among(name, filter.end_reason = value, kEndReasons);
        else if (name == "channel")
            among(name, filter.channel = value, std::array<std::string_view, 2>{"twilio", "web"});
        else if (name == "direction")
            among(name, filter.direction = value, std::array<std::string_view, 2>{"in", "out"});
        else if (name == "number")
            filter.number = value.front() == ' ' ? "+" + value.substr(1) : value;  // a '+' that nobody encoded
        else if (name == "callsid")
            filter.call_sid = value;
        else if (name == "search")
            filter.search = value;
        else if (name == "cursor")
            filter.cursor = value.size() > kLongestCursor ? "?" : value;
        else if (name == "from" || name == "to") {
            const auto at = time_of(value);
            if (!at)
                refuse(name, "is no time: 2026-03-01, 2026-03-01T09:30:00Z, or milliseconds since 1970");
            else
                (name == "from" ? filter.from_ms : filter.to_ms) = *at;
        } else if (name == "limit") {
            std::size_t limit = 0;
            const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), limit);
            if (ec != std::errc() || end != value.data() + value.size() || limit < 1 || limit > 200)
                refuse(name, "is a whole number from 1 to 200");
            else
                filter.limit = limit;
        }
    }
    return asked;
}

nlohmann::json history_row_schema() {
    const auto text = nlohmann::json{{"type", {"string", "null"}}};
    nlohmann::json properties;
    for (const auto* name : {"agenttoken", "agent", "revision", "from", "to", "endDetail", "rejectionReason", "rejectionDetail", "modelSlug", "startedAt",
                             "answeredAt", "endedAt"})
        properties[name] = text;
    properties["messageguid"] = {{"type", "string"}};
    properties["callsid"] = {{"type", "string"}};
    properties["channel"] = {{"enum", {"twilio", "web"}}};
    properties["direction"] = {{"enum", {"in", "out"}}};
    properties["callerInfo"] = {{"type", "object"}};
    properties["callerProfile"] = {{"type", {"object", "null"}}};
    properties["status"] = {{"enum", kStatuses}};
    properties["endReason"] = text;
    properties["durationSeconds"] = {{"type", {"integer", "null"}}};
    properties["turns"] = {{"type", "integer"}};
    properties["final"] = {{"type", "boolean"}};
    return {{"type", "object"}, {"properties", properties}, {"required", {"messageguid", "callsid", "channel", "direction", "status", "final"}}};
}

nlohmann::json history_page_schema() {
    return {{"type", "object"},
            {"properties", {{"calls", {{"type", "array"}, {"items", history_row_schema()}}}, {"nextCursor", {{"type", {"string", "null"}}}}}},
            {"required", {"calls", "nextCursor"}}};
}

}  // namespace parley::gateway
