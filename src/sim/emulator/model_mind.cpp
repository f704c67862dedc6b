#include <algorithm>

#include "model_surfaces.hpp"

namespace parley::sim {

using nlohmann::json;

const json& at(const json& object, const char* key) {
    static const json none;
    return object.is_object() && object.contains(key) ? object[key] : none;
}

std::string text_at(const json& object, const char* key) {
    const auto& value = at(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

std::string content_text(const json& content) {
    if (content.is_string()) return content.get<std::string>();
    std::string text;
    if (content.is_array())
        for (const auto& part : content) text += text_at(part, "text");
    return text;
}

bool object_schema(const json& schema) {
    const auto type = text_at(schema, "type");
    return schema.is_object() && (type == "object" || type == "OBJECT") && (!schema.contains("properties") || schema["properties"].is_object());
}

bool tool_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

int rough_tokens(std::string_view text) {
    return static_cast<int>(text.size() / 4) + 1;
}

std::string ModelAnswer::text() const {
    std::string all;
    for (const auto& delta : deltas) all += delta;
    return all;
}

std::string ModelAnswer::arguments() const {
    std::string all;
    for (const auto& piece : pieces) all += piece;
    return all;
}

ModelAnswer model_answer(const EmulatorWorld& world, const Fault& fault, const ModelAsked& asked) {
    ModelAnswer answer;
    if (fault.empty_completion) return answer;
    // A stage direction is nobody's words.
    const bool direction = asked.said.starts_with('(') && asked.said.ends_with(')');
    const auto thought = world.answer(direction ? std::string{} : asked.said, asked.tool_result);
    answer.deltas = text_deltas(thought.say);
    answer.cut = fault.finish;
    answer.endless = fault.never_ends;
    if (!answer.cut.empty()) {
        answer.deltas.resize((answer.deltas.size() + 1) / 2);
        return answer;
    }
    if (thought.tool.empty() || std::find(asked.tools.begin(), asked.tools.end(), thought.tool) == asked.tools.end()) return answer;
    answer.tool = thought.tool;
    constexpr std::size_t kPiece = 6;
    for (std::size_t from = 0; from < thought.arguments.size(); from += kPiece) answer.pieces.push_back(thought.arguments.substr(from, kPiece));
    return answer;
}

Task<bool> send_deltas(EmulatorWorld& world, HttpAnswer& out, const ModelAnswer& answer, std::function<std::string(const std::string&)> event) {
    bool first = true;
    do {
        for (const auto& delta : answer.deltas) {
            if (!first && !co_await out.sleep(world.settings().token)) co_return false;
            first = false;
            auto bytes = event(delta);
            if (!co_await out.item(std::move(bytes))) co_return false;
        }
        if (answer.endless && answer.deltas.empty() && !co_await out.sleep(std::chrono::milliseconds(50))) co_return false;
    } while (answer.endless);
    co_return true;
}

}  // namespace parley::sim
