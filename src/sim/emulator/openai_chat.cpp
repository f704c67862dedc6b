// OpenAI's POST /v1/chat/completions, after its reference: checked as the vendor checks it, whole or streamed.

#include <set>

#include "model_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

ModelAsked wrong(std::string message, std::string parameter) {
    ModelAsked asked;
    asked.wrong = std::move(message);
    asked.parameter = std::move(parameter);
    return asked;
}

std::string at_message(std::size_t index) {
    return "messages.[" + std::to_string(index) + "]";
}

struct Pending {
    std::map<std::string, std::string> names;  // of calls, by id
    std::set<std::string> open;
};

// The rules of tool messages: each answers a call of the assistant message before it, and all are answered before
// anybody else speaks.
std::string read_message(const json& message, std::size_t index, Pending& pending, ModelAsked& asked) {
    const auto role = text_at(message, "role");
    if (role == "tool") {
        const auto id = text_at(message, "tool_call_id");
        if (!pending.open.contains(id))
            return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                   "'tool_calls'.";
        pending.open.erase(id);
        asked.tool_result = pending.names[id];
        return {};
    }
    if (!pending.open.empty())
        return "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
               "'tool_call_id'. The following tool_call_ids did not have response messages: " +
               *pending.open.begin();
    const auto& content = at(message, "content");
    if (role == "user") {
        if (!content.is_string() && !content.is_array())
            return "Invalid type for '" + at_message(index) + ".content': expected one of a string or array of objects.";
        asked.tool_result.clear();
        asked.said += (asked.said.empty() ? "" : " ") + content_text(content);
    } else if (role == "assistant") {
        asked.said.clear();
        asked.tool_result.clear();
        const auto& calls = at(message, "tool_calls");
        if (!calls.is_array() && !content.is_string() && !content.is_array()) return "Invalid value for 'content': expected a string, got null.";
        if (calls.is_array() && calls.empty()) return "Invalid '" + at_message(index) + ".tool_calls': empty array.";
        if (calls.is_array())
            for (const auto& call : calls) {
                const auto& function = at(call, "function");
                if (text_at(call, "type") != "function" || text_at(call, "id").empty() || !at(function, "arguments").is_string() ||
                    text_at(function, "name").empty())
                    return "Missing required parameter: '" + at_message(index) + ".tool_calls[0]'.";
                pending.open.insert(text_at(call, "id"));
                pending.names[text_at(call, "id")] = text_at(function, "name");
            }
    } else if (role != "system" && role != "developer") {
        return "Invalid value: '" + role + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.";
    } else if (!content.is_string() && !content.is_array()) {
        return "Invalid type for '" + at_message(index) + ".content': expected a string.";
    }
    return {};
}

ModelAsked read(const json& body) {
    if (!body.is_object()) return wrong("We could not parse the JSON body of your request.", "");
    if (text_at(body, "model").empty()) return wrong("you must provide a model parameter", "model");
    const auto& messages = at(body, "messages");
    if (!messages.is_array()) return wrong("Missing required parameter: 'messages'.", "messages");
    if (messages.empty()) return wrong("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages");
    const bool stream = at(body, "stream") == true;
    if (body.contains("stream_options") && !stream) return wrong("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
    if (body.contains("max_tokens") && body.contains("max_completion_tokens"))
        return wrong("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens");
    ModelAsked asked;
    const auto& tools = at(body, "tools");
    if (tools.is_array() && tools.empty()) return wrong("Invalid 'tools': empty array. Expected an array with minimum length 1.", "tools");
    if (tools.is_array())
        for (const auto& tool : tools) {
            const auto& function = at(tool, "function");
            const auto name = text_at(function, "name");
            if (text_at(tool, "type") != "function") return wrong("Missing required parameter: 'tools[0].type'.", "tools[0].type");
            if (!tool_name(name)) return wrong("Invalid 'tools[0].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.", "tools[0].function.name");
            if (function.contains("parameters") && !object_schema(function["parameters"]))
                return wrong("Invalid schema for function '" + name + "': schema must be a JSON Schema of 'type: \"object\"'.", "tools[0].function.parameters");
            asked.tools.push_back(name);
        }
    if (body.contains("tool_choice") && asked.tools.empty())
        return wrong("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
    if (text_at(body, "tool_choice") == "none") asked.tools.clear();
    Pending pending;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        asked.wrong = read_message(messages[i], i, pending, asked);
        if (!asked.wrong.empty()) {
            asked.parameter = at_message(i) + ".role";
            return asked;
        }
    }
    if (!pending.open.empty())
        return wrong(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'.",
            at_message(messages.size()));
    return asked;
}

struct Envelope {
    std::string id, model;
    bool usage_wanted = false;

    [[nodiscard]] json chunk(json delta, json finish = nullptr) const {
        const json choice{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}};
        return framed(json::array({choice}), nullptr);
    }
    [[nodiscard]] json framed(json choices, json usage) const {
        json out{{"id", id},       {"object", "chat.completion.chunk"}, {"created", 1790000000},
                 {"model", model}, {"service_tier", "default"},         {"choices", std::move(choices)}};
        if (usage_wanted) out["usage"] = std::move(usage);
        return out;
    }
};

std::string event(const json& data) {
    return "data: " + data.dump() + "\n\n";
}

json usage_of(const std::string& body, const ModelAnswer& answer) {
    const int in = rough_tokens(body), produced = answer.tokens();
    return {{"prompt_tokens", in},
            {"completion_tokens", produced},
            {"total_tokens", in + produced},
            {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
            {"completion_tokens_details", {{"reasoning_tokens", 0}, {"audio_tokens", 0}}}};
}

std::string finish_of(const ModelAnswer& answer) {
    if (answer.cut == "length") return "length";
    if (answer.cut == "content") return "content_filter";
    return answer.tool.empty() ? "stop" : "tool_calls";
}

Task<bool> stream(EmulatorWorld& world, HttpAnswer& out, const Envelope& envelope, const ModelAnswer& answer, std::string call_id) {
    auto opening = event(
        envelope.chunk({{"role", "assistant"}, {"content", answer.tool.empty() || !answer.deltas.empty() ? json("") : json(nullptr)}, {"refusal", nullptr}}));
    if (!co_await out.send(std::move(opening))) co_return false;
    auto said = [&envelope](const std::string& delta) { return event(envelope.chunk({{"content", delta}})); };
    if (!co_await send_deltas(world, out, answer, said)) co_return false;
    if (answer.tool.empty()) co_return true;
    const json named{{"index", 0}, {"id", call_id}, {"type", "function"}, {"function", {{"name", answer.tool}, {"arguments", ""}}}};
    auto begin = event(envelope.chunk({{"tool_calls", json::array({named})}}));
    if (!co_await out.item(std::move(begin))) co_return false;
    for (const auto& piece : answer.pieces) {
        const json grown{{"index", 0}, {"function", {{"arguments", piece}}}};
        auto bytes = event(envelope.chunk({{"tool_calls", json::array({grown})}}));
        if (!co_await out.item(std::move(bytes))) co_return false;
    }
    co_return true;
}

json whole(const Envelope& envelope, const ModelAnswer& answer, const std::string& call_id, json usage) {
    json message{{"role", "assistant"}, {"content", answer.text()}, {"refusal", nullptr}};
    if (!answer.tool.empty()) {
        if (answer.deltas.empty()) message["content"] = nullptr;
        message["tool_calls"] =
            json::array({json{{"id", call_id}, {"type", "function"}, {"function", {{"name", answer.tool}, {"arguments", answer.arguments()}}}}});
    }
    const json choice{{"index", 0}, {"message", std::move(message)}, {"logprobs", nullptr}, {"finish_reason", finish_of(answer)}};
    return {{"id", envelope.id},       {"object", "chat.completion"},      {"created", 1790000000},
            {"model", envelope.model}, {"choices", json::array({choice})}, {"usage", std::move(usage)}};
}

}  // namespace

Task<> openai_chat(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    Headers headers{{"x-request-id", request.id("req_")}, {"openai-processing-ms", "12"}, {"openai-version", "2020-10-01"}};
    auto asked = read(body);
    if (request.method != "POST") asked.wrong = "Only POST requests are accepted.";
    if (!asked.wrong.empty()) {
        const json error{{"message", asked.wrong},
                         {"type", "invalid_request_error"},
                         {"param", asked.parameter.empty() ? json() : json(asked.parameter)},
                         {"code", nullptr}};
        auto said = json{{"error", error}}.dump();
        co_await out.whole(request.method == "POST" ? 400 : 405, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    const auto answer = model_answer(world, fault, asked);
    const Envelope envelope{request.id("chatcmpl-"), text_at(body, "model"), at(at(body, "stream_options"), "include_usage") == true};
    auto call_id = request.id("call_");
    if (!co_await out.sleep(world.settings().first_token)) co_return;
    if (at(body, "stream") != true) {
        auto said = whole(envelope, answer, call_id, usage_of(request.body, answer)).dump();
        co_await out.whole(200, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    if (!co_await out.begin(200, "text/event-stream; charset=utf-8", std::move(headers))) co_return;
    const bool streamed = co_await stream(world, out, envelope, answer, std::move(call_id));
    if (!streamed) co_return;
    if (!fault.no_final) {
        auto finish = event(envelope.chunk(json::object(), finish_of(answer)));
        if (!co_await out.send(std::move(finish))) co_return;
        if (envelope.usage_wanted) {
            auto usage = event(envelope.framed(json::array(), usage_of(request.body, answer)));
            if (!co_await out.send(std::move(usage))) co_return;
        }
        if (!co_await out.send("data: [DONE]\n\n")) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
