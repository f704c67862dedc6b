// OpenAI's POST /v1/responses, after its reference: named events with rising numbers, no [DONE]. Nothing is stored
// between requests.

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

std::string read_items(const json& input, ModelAsked& asked) {
    std::map<std::string, std::string> names;
    std::set<std::string> open;
    for (const auto& item : input) {
        auto type = text_at(item, "type");
        if (type.empty()) type = "message";
        const auto role = text_at(item, "role"), id = text_at(item, "call_id");
        if (type == "function_call") {
            if (id.empty() || text_at(item, "name").empty() || !at(item, "arguments").is_string()) return "Missing required parameter: 'input[0].call_id'.";
            names[id] = text_at(item, "name");
            open.insert(id);
            asked.said.clear();
        } else if (type == "function_call_output") {
            if (!open.contains(id)) return "No tool call found for function call output with call_id " + id + ".";
            if (!item.contains("output")) return "Missing required parameter: 'input[0].output'.";
            open.erase(id);
            asked.tool_result = names[id];
        } else if (type == "message" && role == "user") {
            asked.tool_result.clear();
            asked.said += (asked.said.empty() ? "" : " ") + content_text(at(item, "content"));
        } else if (type == "message" && role == "assistant") {
            asked.tool_result.clear();
            asked.said.clear();
        } else if (type == "message" && role != "system" && role != "developer") {
            return "Invalid value: '" + role + "'. Supported values are: 'assistant', 'system', 'developer', and 'user'.";
        }
    }
    return open.empty() ? std::string{} : "No tool output found for function call " + *open.begin() + ".";
}

ModelAsked read(const json& body) {
    if (!body.is_object()) return wrong("We could not parse the JSON body of your request.", "");
    if (text_at(body, "model").empty()) return wrong("Missing required parameter: 'model'.", "model");
    ModelAsked asked;
    const auto& tools = at(body, "tools");
    if (tools.is_array())
        for (const auto& tool : tools) {
            const auto name = text_at(tool, "name");
            if (text_at(tool, "type") != "function") return wrong("Missing required parameter: 'tools[0].type'.", "tools[0].type");
            if (!tool_name(name)) return wrong("Missing required parameter: 'tools[0].name'.",
                                               "tools[0].name");  // nested as for chat completions
            if (at(tool, "parameters").is_object() && !object_schema(tool["parameters"]))
                return wrong("Invalid schema for function '" + name + "'.", "tools[0].parameters");
            asked.tools.push_back(name);
        }
    if (text_at(body, "tool_choice") == "none") asked.tools.clear();
    const auto& input = at(body, "input");
    if (input.is_string())
        asked.said = input.get<std::string>();
    else if (input.is_array())
        asked.wrong = read_items(input, asked);
    else
        return wrong("Missing required parameter: 'input'.", "input");
    if (!asked.wrong.empty()) asked.parameter = "input";
    return asked;
}

// One response as it grows, and its events.
class Response {
public:
    Response(const EmulatorRequest& request, std::string model, std::string key)
        : id_(request.id("resp_")),
          message_(request.id("msg_")),
          call_(request.id("fc_")),
          call_id_(request.id("call_")),
          model_(std::move(model)),
          input_(rough_tokens(key)) {}

    std::string event(const char* type, json data) {
        data["type"] = type;
        data["sequence_number"] = number_++;
        return "event: " + std::string(type) + "\ndata: " + data.dump() + "\n\n";
    }
    [[nodiscard]] json state(const char* status, json output, const ModelAnswer* done = nullptr) const {
        json out{{"id", id_},
                 {"object", "response"},
                 {"created_at", 1790000000},
                 {"status", status},
                 {"model", model_},
                 {"output", std::move(output)},
                 {"error", nullptr},
                 {"incomplete_details", nullptr},
                 {"instructions", nullptr},
                 {"metadata", json::object()},
                 {"parallel_tool_calls", true},
                 {"tools", json::array()},
                 {"usage", nullptr}};
        if (done == nullptr) return out;
        const int made = done->tokens();
        out["usage"] = {{"input_tokens", input_},
                        {"input_tokens_details", {{"cached_tokens", 0}, {"cache_write_tokens", 0}}},
                        {"output_tokens", made},
                        {"output_tokens_details", {{"reasoning_tokens", 0}}},
                        {"total_tokens", input_ + made}};
        if (!done->cut.empty()) out["incomplete_details"] = {{"reason", done->cut == "length" ? "max_output_tokens" : "content_filter"}};
        return out;
    }
    [[nodiscard]] json part(const std::string& text) const { return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}}; }
    [[nodiscard]] json message(const char* status, json content) const {
        return {{"id", message_}, {"type", "message"}, {"role", "assistant"}, {"status", status}, {"content", std::move(content)}};
    }
    [[nodiscard]] json call(const char* status, const std::string& name, const std::string& arguments) const {
        return {{"id", call_}, {"type", "function_call"}, {"status", status}, {"call_id", call_id_}, {"name", name}, {"arguments", arguments}};
    }
    [[nodiscard]] json place(int output) const { return {{"item_id", output_is_call_ ? call_ : message_}, {"output_index", output}}; }
    [[nodiscard]] json output(const ModelAnswer& answer) const {
        auto items = json::array();
        if (!answer.deltas.empty()) items.push_back(message(answer.cut.empty() ? "completed" : "incomplete", json::array({part(answer.text())})));
        if (!answer.tool.empty()) items.push_back(call("completed", answer.tool, answer.arguments()));
        return items;
    }
    void now_call() { output_is_call_ = true; }

private:
    std::string id_, message_, call_, call_id_, model_;
    int input_, number_ = 0;
    bool output_is_call_ = false;
};

Task<bool> say(EmulatorWorld& world, HttpAnswer& out, Response& response, const ModelAnswer& answer) {
    auto place = response.place(0);
    place["content_index"] = 0;
    const auto with = [&place](const char* key, json value) {
        auto data = place;
        data[key] = std::move(value);
        return data;
    };
    auto opening = response.event("response.output_item.added", {{"output_index", 0}, {"item", response.message("in_progress", json::array())}}) +
                   response.event("response.content_part.added", with("part", response.part("")));
    if (!co_await out.send(std::move(opening))) co_return false;
    auto delta = [&response, &with](const std::string& text) {
        auto data = with("delta", text);
        data["logprobs"] = json::array();
        return response.event("response.output_text.delta", std::move(data));
    };
    if (!co_await send_deltas(world, out, answer, delta)) co_return false;
    auto text = with("text", answer.text());
    text["logprobs"] = json::array();
    auto closing = response.event("response.output_text.done", std::move(text)) +
                   response.event("response.content_part.done", with("part", response.part(answer.text()))) +
                   response.event("response.output_item.done", {{"output_index", 0}, {"item", response.output(answer).front()}});
    co_return co_await out.send(std::move(closing));
}

Task<bool> call(HttpAnswer& out, Response& response, const ModelAnswer& answer) {
    response.now_call();
    const int index = answer.deltas.empty() ? 0 : 1;
    auto opening = response.event("response.output_item.added", {{"output_index", index}, {"item", response.call("in_progress", answer.tool, "")}});
    if (!co_await out.item(std::move(opening))) co_return false;
    for (const auto& piece : answer.pieces) {
        auto data = response.place(index);
        data["delta"] = piece;
        auto bytes = response.event("response.function_call_arguments.delta", std::move(data));
        if (!co_await out.item(std::move(bytes))) co_return false;
    }
    auto data = response.place(index);
    data["arguments"] = answer.arguments();
    data["name"] = answer.tool;
    auto closing =
        response.event("response.function_call_arguments.done", std::move(data)) +
        response.event("response.output_item.done", {{"output_index", index}, {"item", response.call("completed", answer.tool, answer.arguments())}});
    co_return co_await out.send(std::move(closing));
}

}  // namespace

Task<> openai_responses(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    Headers headers{{"x-request-id", request.id("req_")}, {"openai-processing-ms", "12"}};
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
    Response response(request, text_at(body, "model"), request.body);
    const char* status = answer.cut.empty() ? "completed" : "incomplete";
    if (!co_await out.sleep(world.settings().first_token)) co_return;
    if (at(body, "stream") != true) {
        auto said = response.state(status, response.output(answer), &answer).dump();
        co_await out.whole(200, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    if (!co_await out.begin(200, "text/event-stream; charset=utf-8", std::move(headers))) co_return;
    const auto begun = response.state("in_progress", json::array());
    auto opening = response.event("response.created", {{"response", begun}}) + response.event("response.in_progress", {{"response", begun}});
    if (!co_await out.send(std::move(opening))) co_return;
    if (!answer.deltas.empty()) {
        const bool said = co_await say(world, out, response, answer);
        if (!said) co_return;
    }
    if (!answer.tool.empty()) {
        const bool called = co_await call(out, response, answer);
        if (!called) co_return;
    }
    if (!fault.no_final) {
        auto last = response.event(answer.cut.empty() ? "response.completed" : "response.incomplete",
                                   {{"response", response.state(status, response.output(answer), &answer)}});
        if (!co_await out.send(std::move(last))) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
