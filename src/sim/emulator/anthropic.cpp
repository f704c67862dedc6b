// Anthropic's POST /v1/messages, after its reference: version header demanded, results checked against calls, whole or
// streamed.

#include <set>

#include "credentials.hpp"
#include "model_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

json error_body(const char* type, std::string_view message, const EmulatorRequest& request) {
    return {{"type", "error"}, {"error", {{"type", type}, {"message", std::string(message)}}}, {"request_id", request.id("req_")}};
}

std::string event(const json& data) {
    return "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}

struct Turn {
    std::map<std::string, std::string> names;  // of calls, by id
    std::set<std::string> open;                // calls of the message before this one
};

std::string unanswered(const Turn& turn) {
    return "`tool_use` ids were found without `tool_result` blocks immediately after: " + *turn.open.begin() +
           ". Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
}

std::string read_user(const json& blocks, Turn& turn, ModelAsked& asked) {
    bool text_before = false;
    std::string said;
    asked.tool_result.clear();
    for (const auto& block : blocks) {
        const auto type = text_at(block, "type");
        if (type == "text") {
            const auto text = text_at(block, "text");
            if (text.find_first_not_of(" \t\r\n") == std::string::npos) return "text content blocks must be non-empty";
            said += (said.empty() ? "" : " ") + text;
            text_before = true;
        } else if (type == "tool_result") {
            const auto id = text_at(block, "tool_use_id");
            if (!turn.open.contains(id))
                return "unexpected `tool_use_id` found in `tool_result` blocks: " + id +
                       ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
            if (text_before) return unanswered(turn);
            turn.open.erase(id);
            asked.tool_result = turn.names[id];
        } else {
            return "Input tag '" + type + "' found using 'type' does not match any of the expected tags";
        }
    }
    if (!turn.open.empty()) return unanswered(turn);
    if (!said.empty()) asked.tool_result.clear();
    asked.said += (asked.said.empty() ? "" : " ") + said;
    return {};
}

std::string read_assistant(const json& blocks, Turn& turn, ModelAsked& asked) {
    if (!turn.open.empty()) return unanswered(turn);
    asked.said.clear();
    asked.tool_result.clear();
    for (const auto& block : blocks) {
        const auto type = text_at(block, "type");
        if (type == "text" && text_at(block, "text").find_first_not_of(" \t\r\n") == std::string::npos) return "text content blocks must be non-empty";
        if (type != "tool_use") continue;
        if (text_at(block, "id").empty() || text_at(block, "name").empty() || !at(block, "input").is_object())
            return "tool_use.input: Input should be a valid dictionary";
        turn.open.insert(text_at(block, "id"));
        turn.names[text_at(block, "id")] = text_at(block, "name");
    }
    return {};
}

ModelAsked read(const json& body, const EmulatorRequest& request) {
    ModelAsked asked;
    const auto wrong = [&](std::string why) {
        asked.wrong = std::move(why);
        return asked;
    };
    if (!body.is_object()) return wrong("The request body is not valid JSON.");
    const auto version = request.header("anthropic-version");
    if (version.empty()) return wrong("anthropic-version: header is required");
    if (text_at(body, "model").empty()) return wrong("model: Field required");
    if (!at(body, "max_tokens").is_number_integer() || body["max_tokens"].get<std::int64_t>() < 1) return wrong("max_tokens: Field required");
    if (version >= "2026" && body.contains("temperature")) return wrong("temperature: Extra inputs are not permitted");
    const auto& tools = at(body, "tools");
    if (tools.is_array())
        for (const auto& tool : tools) {
            if (!tool_name(text_at(tool, "name"))) return wrong("tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
            if (!object_schema(at(tool, "input_schema"))) return wrong("tools.0.custom.input_schema.type: Field required");
            asked.tools.push_back(text_at(tool, "name"));
        }
    if (body.contains("tool_choice") && text_at(body["tool_choice"], "type") == "none") asked.tools.clear();
    const auto& messages = at(body, "messages");
    if (!messages.is_array()) return wrong("messages: Field required");
    if (messages.empty()) return wrong("messages: at least one message is required");
    Turn turn;
    std::string last;
    for (const auto& message : messages) {
        const auto role = text_at(message, "role");
        const auto& content = at(message, "content");
        if (role != "user" && role != "assistant")
            return wrong("messages: Unexpected role \"" + role +
                         "\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input "
                         "message role.");
        if (last.empty() && role != "user") return wrong("messages: first message must use the \"user\" role");
        if (role == last) return wrong("messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"" + role + "\" roles in a row");
        last = role;
        const auto blocks = content.is_string() ? json::array({json{{"type", "text"}, {"text", content}}}) : content;
        if (!blocks.is_array() || blocks.empty()) return wrong("messages: all messages must have non-empty content");
        asked.wrong = role == "user" ? read_user(blocks, turn, asked) : read_assistant(blocks, turn, asked);
        if (!asked.wrong.empty()) return asked;
    }
    if (last == "assistant") return wrong("This model does not support assistant message prefill. The conversation must end with a user message.");
    return asked;
}

std::string reason_of(const ModelAnswer& answer) {
    if (answer.cut == "length") return "max_tokens";
    if (answer.cut == "content") return "refusal";
    return answer.tool.empty() ? "end_turn" : "tool_use";
}

class AnthropicEmulator final : public VendorEmulator {
public:
    explicit AnthropicEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "anthropic"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        const auto& key = world_->settings().key;
        return request.header("x-api-key") == key || authorization_is(request, "bearer", key);
    }
    [[nodiscard]] bool upgrades(const EmulatorRequest&) const override { return false; }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const override {
        const char* type = "api_error";
        if (status == 400) type = "invalid_request_error";
        if (status == 401) type = "authentication_error";
        if (status == 402) type = "billing_error";
        if (status == 403) type = "permission_error";
        if (status == 404) type = "not_found_error";
        if (status == 413) type = "request_too_large";
        if (status == 429) type = "rate_limit_error";
        if (status == 504) type = "timeout_error";
        if (status == 529) type = "overloaded_error";
        ErrorAnswer answer;
        answer.body = error_body(type, message, request).dump();
        answer.headers = {{"request-id", request.id("req_")}};
        return answer;
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        int status = 200;
        ModelAsked asked;
        const auto body = request.json();
        if (request.path != "/v1/messages") {
            status = 404;
            asked.wrong = "Not found";
        } else if (request.method != "POST") {
            status = 405;
            asked.wrong = "Method not allowed";
        } else {
            asked = read(body, request);
            if (!asked.wrong.empty()) status = 400;
        }
        if (status != 200) {
            auto refused = error(status, request, asked.wrong);
            co_await out.whole(status, std::move(refused.content_type), std::move(refused.body), std::move(refused.headers));
            co_return;
        }
        const auto answer = model_answer(*world_, fault, asked);
        const auto tool_id = request.id("toolu_");
        auto message = head(request, body);
        Headers headers{{"request-id", request.id("req_")}, {"anthropic-ratelimit-requests-remaining", "999"}};
        if (!co_await out.sleep(world_->settings().first_token)) co_return;
        if (at(body, "stream") != true) {
            auto said = whole(std::move(message), answer, tool_id).dump();
            co_await out.whole(200, "application/json", std::move(said), std::move(headers));
            co_return;
        }
        if (!co_await out.begin(200, "text/event-stream; charset=utf-8", std::move(headers))) co_return;
        auto opening = event({{"type", "message_start"}, {"message", std::move(message)}}) + event({{"type", "ping"}});
        if (!co_await out.send(std::move(opening))) co_return;
        const bool streamed = co_await blocks(out, answer, tool_id);
        if (!streamed) co_return;
        if (!fault.no_final) {
            auto closing = event({{"type", "message_delta"},
                                  {"delta", {{"stop_reason", reason_of(answer)}, {"stop_sequence", nullptr}}},
                                  {"usage", {{"output_tokens", answer.tokens()}}}}) +
                           event({{"type", "message_stop"}});
            if (!co_await out.send(std::move(closing))) co_return;
        }
        co_await out.end();
    }

    Task<> socket(EmulatorRequest, EmulatorSocket& socket, Fault) override { return socket.close(1008, "there is no socket here"); }

private:
    [[nodiscard]] static json head(const EmulatorRequest& request, const json& body) {
        const json usage{
            {"input_tokens", rough_tokens(request.body)}, {"cache_creation_input_tokens", 0}, {"cache_read_input_tokens", 0}, {"output_tokens", 1}};
        return {{"id", request.id("msg_")}, {"type", "message"},      {"role", "assistant"},      {"model", text_at(body, "model")},
                {"content", json::array()}, {"stop_reason", nullptr}, {"stop_sequence", nullptr}, {"usage", usage}};
    }

    [[nodiscard]] static json whole(json message, const ModelAnswer& answer, const std::string& tool_id) {
        if (!answer.deltas.empty()) message["content"].push_back({{"type", "text"}, {"text", answer.text()}});
        if (!answer.tool.empty())
            message["content"].push_back(
                {{"type", "tool_use"}, {"id", tool_id}, {"name", answer.tool}, {"input", json::parse(answer.arguments(), nullptr, false)}});
        message["stop_reason"] = reason_of(answer);
        message["usage"]["output_tokens"] = answer.tokens();
        return message;
    }

    static json stop(int index) { return {{"type", "content_block_stop"}, {"index", index}}; }
    static json delta(int index, json what) { return {{"type", "content_block_delta"}, {"index", index}, {"delta", std::move(what)}}; }

    Task<bool> blocks(HttpAnswer& out, const ModelAnswer& answer, const std::string& tool_id) {
        int index = 0;
        if (!answer.deltas.empty()) {
            auto begin = event({{"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
            if (!co_await out.send(std::move(begin))) co_return false;
            auto said = [](const std::string& text) { return event(delta(0, {{"type", "text_delta"}, {"text", text}})); };
            if (!co_await send_deltas(*world_, out, answer, said)) co_return false;
            auto end = event(stop(index++));
            if (!co_await out.send(std::move(end))) co_return false;
        }
        if (answer.tool.empty()) co_return true;
        const json block{{"type", "tool_use"}, {"id", tool_id}, {"name", answer.tool}, {"input", json::object()}};
        auto begin = event({{"type", "content_block_start"}, {"index", index}, {"content_block", block}}) +
                     event(delta(index, {{"type", "input_json_delta"}, {"partial_json", ""}}));
        if (!co_await out.item(std::move(begin))) co_return false;
        for (const auto& piece : answer.pieces) {
            auto bytes = event(delta(index, {{"type", "input_json_delta"}, {"partial_json", piece}}));
            if (!co_await out.item(std::move(bytes))) co_return false;
        }
        auto end = event(stop(index));
        co_return co_await out.send(std::move(end));
    }

    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_anthropic_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<AnthropicEmulator>(std::move(world));
}

}  // namespace parley::sim
