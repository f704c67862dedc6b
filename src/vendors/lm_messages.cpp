#include "lm_messages.hpp"

#include <algorithm>

namespace parley::vendors {

namespace {

using Role = LmMessage::Role;

constexpr std::string_view kCallBegins = "(The call begins.)";
constexpr std::string_view kNotCompleted = R"({"error":"not completed"})";

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void join(std::string& text, std::string_view more, std::string_view between) {
    if (!text.empty() && !more.empty()) text += between;
    text += more;
}

void results_of(const LmMessage& asked, std::size_t behind, const std::vector<LmMessage>& all, std::vector<bool>& used, std::vector<LmMessage>& out) {
    for (const auto& call : asked.calls) {
        LmMessage result;
        result.role = Role::tool;
        result.call_id = call.id;
        result.tool = call.name;
        result.text = kNotCompleted;
        for (std::size_t i = behind; i < all.size(); ++i) {
            if (all[i].role != Role::tool || used[i] || all[i].call_id != call.id) continue;
            used[i] = true;
            if (!blank(all[i].text)) result.text = all[i].text;
            break;
        }
        out.push_back(std::move(result));
    }
}

}  // namespace

std::vector<LmMessage> fit(const std::vector<LmMessage>& messages, MessageRules rules) {
    std::vector<LmMessage> out;
    std::vector<bool> used(messages.size());
    std::string system;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const auto& message = messages[i];
        if (message.role == Role::tool) continue;
        const bool calling = message.role == Role::assistant && !message.calls.empty();
        if (blank(message.text) && !calling) continue;
        if (message.role == Role::system && rules.one_system) {
            join(system, message.text, "\n\n");
            continue;
        }
        const bool same = rules.alternate && !out.empty() && out.back().role == message.role && message.role != Role::system;
        if (same && out.back().calls.empty()) {
            join(out.back().text, message.text, " ");
            if (calling) out.back().calls = message.calls;
        } else {
            out.push_back(message);
            if (message.role != Role::assistant) out.back().calls.clear();
            if (blank(out.back().text)) out.back().text.clear();
        }
        if (calling) results_of(message, i + 1, messages, used, out);
    }
    const auto first = std::find_if(out.begin(), out.end(), [](const auto& message) { return message.role != Role::system; });
    if (rules.user_first && (first == out.end() || first->role != Role::user)) {
        LmMessage begins;
        begins.text = kCallBegins;
        out.insert(first, std::move(begins));
    }
    if (!system.empty()) {
        LmMessage front;
        front.role = Role::system;
        front.text = std::move(system);
        out.insert(out.begin(), std::move(front));
    }
    return out;
}

json schema_of(const ToolSpec& tool) {
    auto schema = parsed(tool.parameters);
    if (!schema.is_object()) schema = json::object();
    if (!member(schema, "type").is_string()) schema["type"] = "object";
    if (!member(schema, "properties").is_object()) schema["properties"] = json::object();
    return schema;
}

json arguments_of(const ToolCall& call) {
    auto arguments = parsed(call.arguments);
    if (!arguments.is_object()) arguments = json::object();
    return arguments;
}

}  // namespace parley::vendors
