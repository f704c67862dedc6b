#include "answer.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "parley/net/http_message.hpp"
#include "parley/net/utf8.hpp"

namespace parley::tools {

using nlohmann::json;

namespace {

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string media_type(std::string_view content_type) {
    std::string type;
    for (const char c : content_type.substr(0, content_type.find(';')))
        if (c != ' ' && c != '\t') type += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return type;
}
bool is_json_type(const std::string& type) {
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

bool is_utf8(std::string_view text) {
    net::Utf8Checker checker;
    return checker.feed(text) && checker.complete();
}

const json* at(const json& document, const std::string& pointer) {
    try {
        const json::json_pointer place(pointer);
        return document.contains(place) ? &document.at(place) : nullptr;
    } catch (const json::exception&) {
        return nullptr;
    }
}

std::string text_of(const json& value, std::size_t most) {
    return shortened(value.is_string() ? value.get_ref<const std::string&>() : dumped(value), most);
}

void read_actions(const json& actions, ToolOutcome& outcome) {
    if (!actions.is_array()) return;
    for (const auto& action : actions) {
        if (!action.is_object()) continue;
        const auto text = [&](const char* key) {
            const auto found = action.find(key);
            return found != action.end() && found->is_string() ? found->get<std::string>() : std::string{};
        };
        const auto type = text("type");
        if (type == "hangup")
            outcome.hang_up = true;
        else if (type == "transfer")
            outcome.transfer = text("to").substr(0, 100);
        else if (type == "dtmf")
            outcome.keys = text("digits").substr(0, 32);
    }
}

ToolOutcome bad(std::string reason) {
    return failed("bad_response", "the tool's answer could not be used", std::move(reason));
}

// One of the shapes with names of their own; nothing: it is another.
std::optional<ToolOutcome> read_shape(const json& document) {
    if (!document.is_object()) return std::nullopt;
    const json* shape = &document;
    if (const auto results = document.find("results"); results != document.end() && results->is_array()) {
        if (results->empty() || !results->front().is_object()) return bad("results");
        shape = &results->front();
    }
    const auto result = shape->find("result"), error = shape->find("error");
    ToolOutcome outcome;
    if (error != shape->end() && !error->is_null()) {
        outcome = failed("error", text_of(*error, 1000), "told");
    } else if (result != shape->end()) {
        outcome.kind = "ok";
        outcome.json = result_for_model(*result);
    } else if (document.contains("say") || document.contains("actions")) {
        outcome.kind = "ok";
        outcome.json = R"({"ok":true})";
    } else {
        return std::nullopt;
    }
    if (const auto say = document.find("say"); say != document.end() && say->is_string()) outcome.say = shortened(say->get_ref<const std::string&>(), 1000);
    if (const auto message = shape->find("message"); message != shape->end() && message->is_object())
        if (const auto content = message->find("content"); content != message->end() && content->is_string())
            outcome.say = shortened(content->get_ref<const std::string&>(), 1000);
    if (const auto actions = document.find("actions"); actions != document.end()) read_actions(*actions, outcome);
    return outcome;
}

}  // namespace

ToolOutcome failed(std::string kind, std::string sentence, std::string reason) {
    ToolOutcome outcome;
    outcome.kind = std::move(kind);
    outcome.json = dumped({{"error", sentence}});
    outcome.reason = std::move(reason);
    return outcome;
}

bool is_tool_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "…";
}

std::string result_for_model(const json& result) {
    auto whole = dumped({{"result", result}});
    if (whole.size() <= kMostForModel) return whole;
    // A text inside a text grows by its escapes; the bound is on what goes out.
    for (auto most = kMostForModel - 100; most > 100; most = most * 3 / 4) {
        whole = dumped({{"result", text_of(result, most)}, {"note", "the result was longer and has been cut"}});
        if (whole.size() <= kMostForModel) return whole;
    }
    return R"({"error":"the result was too long"})";
}

ToolOutcome read_answer(const AnswerRules& rules, int status, std::string_view content_type, std::string_view body) {
    if (status < 200 || status > 299) return failed("error", "the tool failed", "status " + std::to_string(status));
    if (body.size() > kMostAnswer) return bad("size");
    const auto type = media_type(content_type);
    const bool nothing = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
    const bool plain = type == "text/plain";
    if (!nothing && !type.empty() && !plain && !is_json_type(type)) return bad("content_type");
    if (nothing || plain) {
        if (rules.schema || !rules.result.empty()) return bad(nothing ? "empty" : "content_type");
        ToolOutcome outcome;
        outcome.kind = "ok";
        if (!nothing && (!is_utf8(body) || body.find('\0') != std::string_view::npos)) return bad("encoding");
        outcome.json = nothing ? std::string(R"({"ok":true})") : result_for_model(std::string(body));
        return outcome;
    }
    const auto document = parse_bounded(body, kMostAnswer);
    if (!document) return bad("json");
    if (rules.schema)
        if (rules.schema->wrong(*document)) return bad("schema");
    ToolOutcome outcome;
    outcome.kind = "ok";
    if (!rules.result.empty()) {
        const auto* result = at(*document, rules.result);
        if (result == nullptr) return bad("pointer");
        outcome.json = result_for_model(*result);
    } else if (auto shape = read_shape(*document)) {
        outcome = std::move(*shape);
    } else {
        outcome.json = result_for_model(*document);
    }
    if (outcome.ok())
        for (const auto& [name, pointer] : rules.variables)
            if (const auto* value = at(*document, pointer); value != nullptr && !value->is_null()) outcome.variables.emplace(name, text_of(*value, 1000));
    return outcome;
}

std::string repeated_for_model(std::string_view kind) {
    if (kind == "ok") return R"({"ok":true,"note":"this has been done already"})";
    // How far it came nobody knows: that it was not done would be an invitation to do it twice.
    if (kind == "timeout" || kind == "cancelled" || kind == "error" || kind == "bad_response")
        return R"({"error":"this was tried already, and nobody knows whether it was done"})";
    return R"({"error":"this was tried already and was not done"})";
}

}  // namespace parley::tools
