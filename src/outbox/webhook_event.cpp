#include "parley/outbox/webhook_event.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <nlohmann/json.hpp>

namespace parley::outbox {

namespace {

using Json = nlohmann::ordered_json;
using store::Fact;

constexpr std::array<std::string_view, 9> kContext{"agent", "direction", "from", "to", "account", "channel", "dial", "revision", "messageguid"};

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_at(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The same fact makes the same event, whoever makes it and however often.
std::string id_of(std::string_view type, std::string_view call_sid, std::string_view rest) {
    std::string text(type);
    for (const auto part : {call_sid, rest}) {
        text += '\n';
        text += part;
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string id = "evt_";
    for (std::size_t i = 0; i < 16; ++i) {
        id += kDigits[digest[i] >> 4U];
        id += kDigits[digest[i] & 15U];
    }
    return id;
}

std::string iso(std::int64_t at_ms) {
    const std::time_t seconds = at_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    auto millis = std::to_string(at_ms % 1000);
    return std::string(text.data(), size) + "." + std::string(3 - std::min<std::size_t>(3, millis.size()), '0') + millis + "Z";
}

// Happens once in a call: made of a second fact it is the same event.
bool once(std::string_view type) {
    return type == "call.started" || type == "call.answered" || type == "call.rejected" || type == "call.ended";
}

std::optional<double> number_of(const Json& value) {
    if (value.is_number()) return value.get<double>();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    double number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    return bad == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional<double>(number) : std::nullopt;
}

const Json* value_at(const Json& data, const std::string& pointer) {
    try {
        const Json::json_pointer where(pointer);
        return data.contains(where) ? &data.at(where) : nullptr;
    } catch (const Json::exception&) {
        return nullptr;
    }
}

bool rule_holds(const AlertRule& rule, const Json& data) {
    const auto* value = value_at(data, rule.pointer);
    if (rule.is == "exists") return value != nullptr && !value->is_null();
    if (value == nullptr) return false;
    if (rule.is == "equals") {
        if (value->is_string()) return value->get_ref<const std::string&>() == rule.value;
        if (value->is_boolean()) return rule.value == (value->get<bool>() ? "true" : "false");
        const auto given = number_of(*value), wanted = number_of(Json(rule.value));
        return given && wanted && *given == *wanted;
    }
    if (rule.is == "contains") {
        if (value->is_string()) return value->get_ref<const std::string&>().find(rule.value) != std::string::npos;
        return value->is_array() &&
               std::any_of(value->begin(), value->end(), [&](const Json& one) { return one.is_string() && one.get_ref<const std::string&>() == rule.value; });
    }
    const auto given = number_of(*value), bound = number_of(Json(rule.value));
    if (!given || !bound) return false;
    return rule.is == "below" ? *given < *bound : rule.is == "above" && *given > *bound;
}

std::string type_of(Fact fact, const Json& data) {
    switch (fact) {
        case Fact::call:
            return data.contains("agent") ? "call.started" : "";
        case Fact::turn:
            return "turn.completed";
        case Fact::tool:
            return "tool.completed";
        case Fact::end:
            return "call.ended";
        case Fact::rejection:
            return data.value("open", Json()) == true ? "" : "call.rejected";  // open: it may be answered yet
        case Fact::analysis:
            return "analysis.completed";
        case Fact::voicemail:
            return "voicemail.received";
        case Fact::recording: {
            const auto status = text_at(data, "status");
            return status == "completed" ? "recording.completed" : "";
        }
        case Fact::transfer:
            return text_at(data, "result") == "sent" ? "transfer.started" : "transfer.completed";
        case Fact::message: {
            if (text_at(data, "direction") == "in") return "message.received";
            const auto status = text_at(data, "status");
            return status.empty() ? "message.sent" : "message." + status;
        }
        case Fact::event: {
            const auto event = text_at(data, "event");
            return event == "call.answered" || event == "message.taken" || event == "callback.promised" ? event : "";
        }
        default:
            return {};
    }
}

}  // namespace

CallContext join_context(CallContext known, std::string_view call_sid, std::string_view call_fact) {
    auto context = Json::parse(known.json, nullptr, false);
    if (!context.is_object()) context = Json::object();
    const auto fact = Json::parse(call_fact, nullptr, false);
    context["sid"] = call_sid;
    if (fact.is_object()) {
        for (const auto key : kContext) {
            const auto found = fact.find(key);
            if (found != fact.end() && (found->is_string() || found->is_number())) context[std::string(key)] = *found;
        }
    }
    known.agent = text_at(context, "agent");
    known.json = dumped(context);
    return known;
}

std::string other_party(const CallContext& call) {
    const auto context = Json::parse(call.json, nullptr, false);
    if (!context.is_object()) return {};
    return text_at(context, text_at(context, "direction") == "out" ? "to" : "from");
}

std::string event_type(Fact fact, std::string_view json) {
    const auto data = Json::parse(json, nullptr, false);
    return data.is_object() ? type_of(fact, data) : std::string();
}

bool wanted(const std::vector<std::string>& list, std::string_view type) {
    if (list.empty()) return true;
    return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
        if (name.ends_with('*')) return type.starts_with(std::string_view(name).substr(0, name.size() - 1));
        return name == type;
    });
}

std::vector<WebhookEvent> events_of(const store::FactEvent& fact, const CallContext& call, const WebhookSettings& settings, Ended ended) {
    std::vector<WebhookEvent> events;
    auto data = Json::parse(fact.json, nullptr, false);
    if (!data.is_object()) return events;
    const bool end = fact.fact == Fact::end;
    const auto type = end && !ended.call ? std::string("agent.ended") : type_of(fact.fact, data);
    if (type.empty()) return events;
    if (end) data.erase("concluded");
    const bool again = end && ended.call && ended.again > 0;
    if (end && ended.call) data["revision"] = ended.again + 1;
    if (again)
        data["corrects"] = ended.was_rejected ? id_of("call.rejected", fact.call_sid, {})
                                              : id_of(type, fact.call_sid, ended.again == 1 ? std::string() : std::to_string(ended.again - 1));
    auto about = Json::parse(call.json, nullptr, false);
    if (!about.is_object()) about = Json::object();
    about["sid"] = fact.call_sid;
    const auto origin =
        id_of(type, fact.call_sid, once(type) ? (again ? std::to_string(ended.again) : std::string()) : std::to_string(fact.at_ms) + "\n" + fact.json);
    const auto add = [&](std::string id, const std::string& name, const Json& content) {
        const Json body{{"id", id}, {"type", name}, {"created", iso(fact.at_ms)}, {"call", about}, {"data", content}};
        events.push_back({.id = std::move(id), .type = name, .body = dumped(body)});
    };
    if (wanted(settings.events, type)) add(origin, type, data);
    for (const auto& rule : settings.alerts) {
        if (!wanted({rule.on}, type) || !rule_holds(rule, data)) continue;
        const auto* value = value_at(data, rule.pointer);
        const auto name = "alert." + rule.name;
        add(id_of(name, fact.call_sid, origin), name,
            {{"rule", rule.name}, {"on", type}, {"event", origin}, {"pointer", rule.pointer}, {"value", value == nullptr ? Json() : *value}});
    }
    return events;
}

bool holds(const AlertRule& rule, std::string_view data) {
    const auto parsed = Json::parse(data, nullptr, false);
    return parsed.is_object() && rule_holds(rule, parsed);
}

std::string check_rule(const AlertRule& rule) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    if (rule.name.empty() || rule.name.size() > 40 || !std::all_of(rule.name.begin(), rule.name.end(), good)) return "name: 1 to 40 of a-z, 0-9, _ and -";
    if (rule.on.empty() || rule.on.size() > 60) return "on: the event it looks at, analysis.completed or call.*";
    if (!rule.pointer.empty() && rule.pointer[0] != '/') return "pointer: a JSON pointer, /sentiment/caller";
    try {
        (void)Json::json_pointer(rule.pointer);
    } catch (const Json::exception&) {
        return "pointer: this is no JSON pointer";
    }
    constexpr std::array<std::string_view, 5> kKinds{"equals", "below", "above", "contains", "exists"};
    if (std::find(kKinds.begin(), kKinds.end(), rule.is) == kKinds.end()) return "is: one of equals, below, above, contains, exists";
    if ((rule.is == "below" || rule.is == "above") && !number_of(Json(rule.value))) return "value: a number, to be below or above it";
    return {};
}

}  // namespace parley::outbox
