// Gemini's generateContent, whole or streamed as events, after its reference. Every call carries a thought
// signature; models from 3 on want it back.

#include <set>

#include "model_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::string_view kModels = "/models/", kWhole = ":generateContent", kStream = ":streamGenerateContent";
const std::set<std::string> kTypes{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "string", "number", "integer", "boolean", "array", "object"};
const std::set<std::string> kKeywords{"type",          "format",   "title",   "description",      "nullable",  "enum",      "maxItems", "minItems",
                                      "properties",    "required", "minimum", "maximum",          "minLength", "maxLength", "pattern",  "minProperties",
                                      "maxProperties", "example",  "anyOf",   "propertyOrdering", "default",   "items"};

// The OpenAPI subset; what it does not know it refuses by name.
std::string subset_problem(const json& schema, const std::string& where) {
    if (!schema.is_object()) return "Invalid value at '" + where + "'";
    for (const auto& [key, value] : schema.items()) {
        if (!kKeywords.contains(key)) return "Invalid JSON payload received. Unknown name \"" + key + "\" at '" + where + "': Cannot find field.";
        if (key == "type" && (!value.is_string() || !kTypes.contains(value.get<std::string>()))) return "Invalid value at '" + where + ".type'";
        if (key == "properties") {
            for (const auto& [name, inner] : value.items())
                if (auto problem = subset_problem(inner, where + ".properties[0].value"); !problem.empty()) return problem;
        }
        if (key == "items")
            if (auto problem = subset_problem(value, where + ".items"); !problem.empty()) return problem;
    }
    return {};
}

std::string read_tools(const json& tools, ModelAsked& asked) {
    if (!tools.is_array()) return {};
    for (const auto& tool : tools)
        for (const auto& declared : at(tool, "functionDeclarations")) {
            const auto name = text_at(declared, "name");
            const std::string where = "tools[0].function_declarations[0].parameters";
            if (!tool_name(name)) return "Invalid function name. Must start with a letter or an underscore.";
            if (declared.contains("parameters")) {
                if (auto problem = subset_problem(declared["parameters"], where); !problem.empty()) return problem;
                if (at(declared["parameters"], "properties").empty())
                    return "* GenerateContentRequest." + where + ".properties: should be non-empty for OBJECT type";
            }
            asked.tools.push_back(name);
        }
    return {};
}

// A turn of function calls is followed by one of as many responses.
std::string read_contents(const json& contents, bool signatures, ModelAsked& asked) {
    std::size_t calls = 0;
    std::string last_name;
    for (const auto& content : contents) {
        const auto role = content.contains("role") ? text_at(content, "role") : std::string("user");
        const auto& parts = at(content, "parts");
        if (role != "user" && role != "model") return "Please use a valid role: user, model.";
        if (!parts.is_array() || parts.empty()) return "* GenerateContentRequest.contents.parts: contents.parts must not be empty.";
        std::size_t answered = 0;
        for (const auto& part : parts)
            if (part.contains("functionResponse")) ++answered;
        if (answered != calls)
            return "Please ensure that the number of function response parts is equal to the number of function call "
                   "parts of the function call turn.";
        calls = 0;
        if (role == "model") {
            asked.said.clear();
            asked.tool_result.clear();
        }
        for (const auto& part : parts) {
            if (const auto& call = at(part, "functionCall"); !call.is_null()) {
                if (role != "model" || text_at(call, "name").empty())
                    return "Please ensure that function call turn comes immediately after a user turn or after a "
                           "function response turn.";
                if (signatures && text_at(part, "thoughtSignature").empty())
                    return "Function call is missing a thought_signature in functionCall parts. This is required for "
                           "tools to work correctly.";
                ++calls;
            } else if (const auto& response = at(part, "functionResponse"); !response.is_null()) {
                if (!at(response, "response").is_object() || text_at(response, "name").empty())
                    return "Invalid value at 'contents[0].parts[0].function_response.response'";
                asked.tool_result = text_at(response, "name");
            } else if (!at(part, "text").is_string()) {
                return "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one "
                       "initialized field";
            } else if (role == "user") {
                asked.tool_result.clear();
                asked.said += (asked.said.empty() ? "" : " ") + text_at(part, "text");
            }
        }
    }
    if (calls > 0) return "Please ensure that function response turn comes immediately after a function call turn.";
    return {};
}

ModelAsked read(const json& body, const std::string& model) {
    ModelAsked asked;
    if (!body.is_object()) {
        asked.wrong = "Invalid JSON payload received.";
        return asked;
    }
    static const std::set<std::string> known{"contents",         "systemInstruction", "tools",         "toolConfig",
                                             "generationConfig", "safetySettings",    "cachedContent", "labels"};
    for (const auto& [key, value] : body.items())
        if (!known.contains(key)) asked.wrong = "Invalid JSON payload received. Unknown name \"" + key + "\": Cannot find field.";
    const auto& contents = at(body, "contents");
    if (asked.wrong.empty() && (!contents.is_array() || contents.empty())) asked.wrong = "* GenerateContentRequest.contents: contents is not specified";
    if (asked.wrong.empty()) asked.wrong = read_tools(at(body, "tools"), asked);
    if (asked.wrong.empty()) asked.wrong = read_contents(contents, model.starts_with("gemini-3"), asked);
    if (text_at(at(at(body, "toolConfig"), "functionCallingConfig"), "mode") == "NONE") asked.tools.clear();
    return asked;
}

struct Envelope {
    std::string id, model;
    int prompt = 0;

    [[nodiscard]] json piece(json parts, const char* finish, int produced) const {
        json candidate{{"content", {{"role", "model"}, {"parts", std::move(parts)}}}, {"index", 0}};
        if (finish != nullptr) candidate["finishReason"] = finish;
        const json usage{{"promptTokenCount", prompt}, {"candidatesTokenCount", produced}, {"totalTokenCount", prompt + produced}};
        return {{"candidates", json::array({candidate})}, {"usageMetadata", usage}, {"modelVersion", model}, {"responseId", id}};
    }
};

json call_part(const ModelAnswer& answer, const std::string& id) {
    return {{"functionCall", {{"id", id}, {"name", answer.tool}, {"args", json::parse(answer.arguments(), nullptr, false)}}},
            {"thoughtSignature", "c2lnbmF0dXJlLQ=="}};
}

const char* finish_of(const ModelAnswer& answer) {
    if (answer.cut == "length") return "MAX_TOKENS";
    return answer.cut == "content" ? "SAFETY" : "STOP";  // STOP for calls too
}

std::string event(const json& data) {
    return "data: " + data.dump() + "\r\n\r\n";
}

}  // namespace

bool gemini_generate_path(std::string_view path) {
    return path.find(kModels) != std::string_view::npos && (path.ends_with(kWhole) || path.ends_with(kStream));
}

Task<> gemini_generate(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    const auto from = request.path.rfind(kModels) + kModels.size();
    auto model = request.path.substr(from, request.path.rfind(':') - from);
    const auto asked = read(body, model);
    if (request.method != "POST" || !asked.wrong.empty()) {
        const int status = request.method == "POST" ? 400 : 404;
        const json error{
            {"code", status}, {"message", status == 400 ? asked.wrong : "Not found."}, {"status", status == 400 ? "INVALID_ARGUMENT" : "NOT_FOUND"}};
        auto said = json{{"error", error}}.dump();
        co_await out.whole(status, "application/json; charset=UTF-8", std::move(said));
        co_return;
    }
    const auto answer = model_answer(world, fault, asked);
    const Envelope envelope{request.id(""), std::move(model), rough_tokens(request.body)};
    const auto call_id = request.id("");
    if (!co_await out.sleep(world.settings().first_token)) co_return;
    if (request.path.ends_with(kWhole) || request.parameter("alt") != "sse") {
        auto parts = json::array();
        if (!answer.deltas.empty()) parts.push_back({{"text", answer.text()}});
        if (!answer.tool.empty()) parts.push_back(call_part(answer, call_id));
        auto whole = envelope.piece(std::move(parts), finish_of(answer), answer.tokens());
        auto said = request.path.ends_with(kWhole) ? whole.dump() : json::array({whole}).dump();
        co_await out.whole(200, "application/json; charset=UTF-8", std::move(said));
        co_return;
    }
    if (!co_await out.begin(200, "text/event-stream")) co_return;
    int produced = 0;
    auto said = [&envelope, &produced](const std::string& delta) {
        const json parts = json::array({json{{"text", delta}}});
        return event(envelope.piece(parts, nullptr, ++produced));
    };
    if (!co_await send_deltas(world, out, answer, said)) co_return;
    if (!answer.tool.empty()) {
        auto called = event(envelope.piece(json::array({call_part(answer, call_id)}), nullptr, answer.tokens()));
        if (!co_await out.item(std::move(called))) co_return;
    }
    if (!fault.no_final) {
        auto last = event(envelope.piece(json::array({json{{"text", ""}}}), finish_of(answer), answer.tokens()));
        if (!co_await out.send(std::move(last))) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
