#include "admin_api_json.hpp"

#include <algorithm>

namespace parley::admin {

namespace {

constexpr std::size_t kMaxDepthBytes = 64 * 1024;  // a body is no longer, so its nesting is bounded too

std::string at(WallClock::time_point when) {
    const auto seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char out[32];
    const auto n = std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {out, n};
}

}  // namespace

net::HttpResponse json_answer(int status, const Json& body) {
    net::HttpResponse response(status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    response.headers.add("Cache-Control", "no-store");
    return response;
}

net::HttpResponse json_error(int status, std::string_view code, std::string_view message, std::string_view field) {
    Json error{{"code", code}, {"message", message}};
    if (!field.empty()) error["field"] = field;
    return json_answer(status, Json{{"error", std::move(error)}});
}

int status_of(control::Refusal why) {
    switch (why) {
        case control::Refusal::none:
            return 200;
        case control::Refusal::no_such_call:
            return 404;
        case control::Refusal::over:
        case control::Refusal::state:
            return 409;
        case control::Refusal::not_allowed:
            return 403;
        case control::Refusal::invalid:
            return 400;
        case control::Refusal::unavailable:
            return 503;
        case control::Refusal::unknown:
            return 504;
    }
    return 500;
}

net::HttpResponse power_answer(const control::PowerResult& result) {
    if (!result.ok()) return json_error(status_of(result.why), control::name(result.why), result.sentence);
    Json body{{"done", true}, {"message", result.sentence}};
    for (const auto& [key, value] : result.facts) body[key] = value;
    return json_answer(200, body);
}

Json dial_json(const control::DialView& dial) {
    Json json{{"dial", dial.id},
              {"agent", dial.agent},
              {"to", dial.to},
              {"from", dial.from},
              {"status", control::name(dial.status)},
              {"created", at(dial.created)},
              {"direction", "outbound"}};
    json["call_sid"] = dial.call_sid.empty() ? Json(nullptr) : Json(dial.call_sid);
    json["reason"] = dial.reason == control::DialReason::none ? Json(nullptr) : Json(control::name(dial.reason));
    json["answered_by"] = dial.who == control::AnsweredBy::nobody_knows ? Json(nullptr) : Json(control::name(dial.who));
    if (dial.duration) json["duration_s"] = *dial.duration;
    if (dial.sip_code) json["sip_code"] = *dial.sip_code;
    if (!dial.sentence.empty()) json["message"] = dial.sentence;
    return json;
}

PostedFields::PostedFields(std::string_view body) {
    if (body.empty()) {
        json_ = Json::object();
        return;
    }
    // Nested deeper than anything that is asked for here: refused before the parser goes down after it.
    std::size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < body.size() && body.size() <= kMaxDepthBytes; ++i) {
        const char c = body[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            deepest = std::max(deepest, ++depth);
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            --depth;
    }
    if (body.size() <= kMaxDepthBytes && deepest <= 8) {
        // A field given twice would hide one of both.
        std::set<std::string> seen;
        bool twice = false;
        int level = 0;
        json_ = Json::parse(
            body,
            [&](int, Json::parse_event_t event, Json& parsed) {
                if (event == Json::parse_event_t::object_start)
                    ++level;
                else if (event == Json::parse_event_t::object_end)
                    --level;
                else if (event == Json::parse_event_t::key && level == 1 && parsed.is_string() && !seen.insert(parsed.get<std::string>()).second)
                    twice = true;
                return true;
            },
            false);
        if (twice) wrong({}, "A field is given twice.");
    } else {
        json_ = Json::value_t::discarded;
    }
    if (!json_.is_object()) {
        json_ = Json::object();
        wrong({}, "The body is not a JSON object.");
    }
}

void PostedFields::wrong(std::string field, std::string message) {
    if (bad_) return;
    bad_ = true;
    field_ = std::move(field);
    message_ = std::move(message);
}

const Json* PostedFields::find(const char* name) {
    asked_.emplace(name);
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string PostedFields::text(const char* name, bool required, std::size_t most) {
    const Json* value = find(name);
    if (value == nullptr) {
        if (required) wrong(name, "It is missing.");
        return {};
    }
    if (!value->is_string()) {
        wrong(name, "It must be a text.");
        return {};
    }
    auto text = value->get<std::string>();
    if (required && text.empty()) wrong(name, "It is empty.");
    if (text.size() > most) {
        wrong(name, "It is longer than " + std::to_string(most) + " bytes.");
        return {};
    }
    return text;
}

std::int64_t PostedFields::whole(const char* name, std::int64_t preset, std::int64_t least, std::int64_t most) {
    const Json* value = find(name);
    if (value == nullptr) return preset;
    const bool fits = value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) &&
                      value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most;
    if (!fits) {
        wrong(name, "It must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ".");
        return preset;
    }
    return value->get<std::int64_t>();
}

bool PostedFields::flag(const char* name, bool preset) {
    const Json* value = find(name);
    if (value == nullptr) return preset;
    if (!value->is_boolean()) {
        wrong(name, "It must be true or false.");
        return preset;
    }
    return value->get<bool>();
}

std::string PostedFields::choice(const char* name, std::string preset, std::initializer_list<std::string_view> values) {
    const Json* value = find(name);
    if (value == nullptr) return preset;
    std::string all;
    for (const auto known : values) {
        if (value->is_string() && value->get_ref<const std::string&>() == known) return std::string(known);
        all += (all.empty() ? "" : ", ") + std::string(known);
    }
    wrong(name, "It must be one of " + all + ".");
    return preset;
}

std::vector<std::pair<std::string, std::string>> PostedFields::texts(const char* name) {
    std::vector<std::pair<std::string, std::string>> out;
    const Json* value = find(name);
    if (value == nullptr) return out;
    if (!value->is_object()) {
        wrong(name, "It must be an object of texts.");
        return out;
    }
    for (const auto& [key, item] : value->items()) {
        if (item.is_string())
            out.emplace_back(key, item.get<std::string>());
        else if (item.is_number_integer() || item.is_boolean())
            out.emplace_back(key, item.dump());
        else
            wrong(name, "Its values must be texts, whole numbers, true or false.");
    }
    return out;
}

std::optional<net::HttpResponse> PostedFields::mistake() {
    for (const auto& [key, value] : json_.items())
        if (!asked_.contains(key)) wrong(key.substr(0, 64), "There is no such field.");
    if (!bad_) return std::nullopt;
    return json_error(400, "invalid", message_, field_);
}

}  // namespace parley::admin
