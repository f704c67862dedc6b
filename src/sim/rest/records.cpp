#include "records.hpp"

#include <charconv>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

std::string date_text(WallTime at, DateManner manner) {
    return manner == DateManner::iso ? iso_seconds(at) : rfc2822(at);
}

bool read_value(const FieldRule& rule, const std::string& text, Json& out) {
    using Kind = FieldRule::Kind;
    switch (rule.kind) {
        case Kind::url:
            if (!text.empty() && !usable_url(text)) return false;
            out = text;
            return true;
        case Kind::verb:
            if (text != "GET" && text != "POST" && text != "NULL") return false;
            out = text;
            return true;
        case Kind::boolean:
            out = lower_case(text) == "true";
            return true;
        case Kind::integer: {
            long number = 0;
            const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (ec != std::errc{} || end != text.data() + text.size()) return false;
            out = number;
            return true;
        }
        case Kind::json:
            out = Json::parse(text, nullptr, false);
            return !out.is_discarded();
        default:
            if (rule.longest != 0 && text.size() > rule.longest) return false;
            out = text;
            return true;
    }
}

}  // namespace

std::optional<ApiAnswer> read_fields(std::span<const FieldRule> rules, const ApiCall& call, bool creating, Json& record) {
    auto next = record;
    for (const auto& rule : rules) {
        if (creating) next[rule.key] = rule.initial;
        if (!has_field(call.form, rule.parameter) || (rule.create_only && !creating)) {
            if (creating && rule.required) return api_error(400, rule.wrong, std::string(rule.parameter) + " is required");
            continue;
        }
        Json value;
        const auto text = std::string(value_of(call.form, rule.parameter));
        if (rule.required && text.empty()) return api_error(400, rule.wrong, std::string(rule.parameter) + " is required");
        if (!read_value(rule, text, value)) return api_error(400, rule.wrong, "Invalid " + std::string(rule.parameter) + ": " + text.substr(0, 200));
        next[rule.key] = std::move(value);
    }
    record = std::move(next);
    return std::nullopt;
}

Record& Records::add(Json json) {
    const auto now = std::chrono::system_clock::now();
    return all_.emplace_back(Record{std::move(json), now, now});
}

Record* Records::find(std::string_view sid) {
    return find_by("sid", sid);
}

Record* Records::find_by(const char* key, std::string_view value) {
    for (auto& record : all_) {
        const auto at = record.json.find(key);
        if (at != record.json.end() && at->is_string() && at->get_ref<const std::string&>() == value) return &record;
    }
    return nullptr;
}

bool Records::erase(std::string_view sid) {
    return all_.remove_if([&](const Record& record) { return record.sid() == sid; }) != 0;
}

std::vector<ListItem> Records::items(const std::function<bool(const Record&)>& passes) const {
    std::vector<ListItem> out;
    for (auto at = all_.rbegin(); at != all_.rend(); ++at) {
        if (!passes || passes(*at)) out.push_back({at->sid(), at->json});
    }
    return out;
}

void stamp(Record& record, DateManner manner) {
    record.json["date_created"] = date_text(record.created, manner);
    record.json["date_updated"] = date_text(record.updated, manner);
}

void touch(Record& record, DateManner manner) {
    record.updated = std::chrono::system_clock::now();
    record.json["date_updated"] = date_text(record.updated, manner);
}

}  // namespace parley::sim
