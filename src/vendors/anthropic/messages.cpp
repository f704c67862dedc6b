#include "parley/vendors/anthropic/messages.hpp"

#include "../lm_json.hpp"
#include "../lm_messages.hpp"

namespace parley::vendors {

namespace {

using Role = LmMessage::Role;

// The last word must be the user's.
constexpr std::string_view kGoOn = "(Please go on.)";

json text_block(std::string_view text) {
    return {{"type", "text"}, {"text", text}};
}

// The user's blocks of one turn: results first, as the vendor demands, then text.
void add(json& messages, const char* role, json block) {
    if (messages.empty() || text_of(messages.back(), "role") != role) messages.push_back({{"role", role}, {"content", json::array()}});
    messages.back()["content"].push_back(std::move(block));
}

void add_assistant(json& messages, const LmMessage& message) {
    if (!message.calls.empty()) {
        const auto thoughts = parsed(message.calls.front().vendor_data);
        if (thoughts.is_array())
            for (const auto& block : thoughts)
                if (block.is_object()) add(messages, "assistant", block);
    }
    if (!message.text.empty()) add(messages, "assistant", text_block(message.text));
    for (const auto& call : message.calls)
        add(messages, "assistant", {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", arguments_of(call)}});
}

json messages_of(const std::vector<LmMessage>& fitted) {
    auto messages = json::array();
    for (const auto& message : fitted) {
        if (message.role == Role::system) continue;
        switch (message.role) {
            case Role::user:
                add(messages, "user", text_block(message.text));
                break;
            case Role::assistant:
                add_assistant(messages, message);
                break;
            case Role::tool:
                add(messages, "user", {{"type", "tool_result"}, {"tool_use_id", message.call_id}, {"content", message.text}});
                break;
            case Role::system:
                break;
        }
    }
    if (text_of(messages.back(), "role") == "assistant") add(messages, "user", text_block(kGoOn));
    return messages;
}

}  // namespace

std::string anthropic_body(const LmRequest& request, const Endpoint& endpoint) {
    const bool cached = endpoint.option("cache", "true") == "true";
    json body{{"model", endpoint.model.empty() ? "claude-haiku-4-5" : endpoint.model}, {"stream", true}};
    body["max_tokens"] = request.max_tokens > 0 ? request.max_tokens : 1024;
    MessageRules rules;
    rules.one_system = rules.user_first = rules.alternate = true;
    const auto fitted = fit(request.messages, rules);
    if (!fitted.empty() && fitted.front().role == Role::system) {
        auto block = text_block(fitted.front().text);
        if (cached) block["cache_control"] = {{"type", "ephemeral"}};
        body["system"] = json::array({block});
    }
    body["messages"] = messages_of(fitted);
    for (const auto& tool : request.tools) body["tools"].push_back({{"name", tool.name}, {"description", tool.description}, {"input_schema", schema_of(tool)}});
    if (!request.tools.empty()) {
        if (cached) body["tools"].back()["cache_control"] = {{"type", "ephemeral"}};
        if (endpoint.option("parallel_tool_calls") == "false") body["tool_choice"] = {{"type", "auto"}, {"disable_parallel_tool_use", true}};
    }
    if (request.temperature && endpoint.option("version", "2023-06-01") < "2026") body["temperature"] = *request.temperature;
    if (auto value = endpoint.option("thinking"); !value.empty()) body["thinking"] = {{"type", value}};
    if (auto value = endpoint.option("effort"); !value.empty()) body["output_config"] = {{"effort", value}};
    if (auto value = endpoint.option("service_tier"); !value.empty()) body["service_tier"] = value;
    return written(body);
}

namespace {

class AnthropicReader final : public LmReader {
protected:
    void on_event(const ServerSentEvent& event, LmSink& sink) override {
        const auto data = parsed(event.data);
        if (!data.is_object()) {
            fail(FailureKind::protocol, "an event is no JSON object");
            return;
        }
        const auto type = text_of(data, "type");
        if (type == "message_start")
            start(member(data, "message"));
        else if (type == "content_block_start")
            begin_block(member(data, "content_block"), sink);
        else if (type == "content_block_delta")
            delta(member(data, "delta"), sink);
        else if (type == "content_block_stop")
            end_block();
        else if (type == "message_delta")
            stopping(data);
        else if (type == "message_stop")
            stop(sink);
        else if (type == "error")
            fail(from_stream_error(data));
        // ping and what is not known yet: read over
    }

private:
    enum class Block { none, text, tool, thinking, other };

    void start(const json& message) {
        if (started_) {
            fail(FailureKind::protocol, "a second message_start");
            return;
        }
        started_ = true;
        done().request_id = plain(text_of(message, "id"), 128);
        done().model = plain(text_of(message, "model"), 128);
        take_usage(member(message, "usage"));
    }

    // Cumulative, in message_start and every message_delta; what a later one does not name stays.
    void take_usage(const json& usage) {
        if (!usage.is_object()) return;
        const auto take = [&](const char* name, std::uint32_t& into) {
            if (usage.contains(name) && usage[name].is_number()) into = count_of(usage, name);
        };
        take("input_tokens", input_);
        take("cache_read_input_tokens", read_);
        take("cache_creation_input_tokens", written_);
        take("output_tokens", done().usage.output);
        done().usage.cached = read_;
        done().usage.input = input_ + read_ + written_;
    }

    void begin_block(const json& block, LmSink& sink) {
        if (!started_) {
            fail(FailureKind::protocol, "a block before message_start");
            return;
        }
        end_block();
        const auto type = text_of(block, "type");
        if (type == "text") {
            block_ = Block::text;
            say(text_of(block, "text"), sink);
        } else if (type == "tool_use") {
            block_ = Block::tool;
            place_ = begin_call();
            if (over()) return;
            name_call(place_, text_of(block, "id"), text_of(block, "name"));
            if (const auto& input = member(block, "input"); input.is_object() && !input.empty()) grow_call(place_, written(input), sink);
        } else if (type == "thinking" || type == "redacted_thinking") {
            block_ = Block::thinking;
            thought_ = block;
        } else {
            block_ = Block::other;
        }
    }

    void delta(const json& delta, LmSink& sink) {
        const auto type = text_of(delta, "type");
        if (block_ == Block::none && (type == "text_delta" || type == "input_json_delta")) {
            fail(FailureKind::protocol, "a delta outside of a block");
        } else if (type == "text_delta" && block_ == Block::text) {
            say(text_of(delta, "text"), sink);
        } else if (type == "input_json_delta" && block_ == Block::tool) {
            grow_call(place_, text_of(delta, "partial_json"), sink);
        } else if (block_ == Block::thinking && (type == "thinking_delta" || type == "signature_delta")) {
            const char* key = type == "thinking_delta" ? "thinking" : "signature";
            const auto more = text_of(delta, key);
            thinking_ += more.size();
            if (thinking_ > kText) {
                fail(FailureKind::too_big, "more than 256 KiB of thinking");
                return;
            }
            std::string whole(text_of(thought_, key));
            whole += more;
            thought_[key] = std::move(whole);
        }
    }

    void end_block() {
        if (block_ == Block::thinking) thoughts_.push_back(std::move(thought_));
        if (block_ == Block::tool && place_ == 0 && !thoughts_.empty()) mark_call(0, written(thoughts_));
        block_ = Block::none;
    }

    void stopping(const json& data) {
        take_usage(member(data, "usage"));
        if (const auto reason = text_of(member(data, "delta"), "stop_reason"); !reason.empty()) reason_ = reason;
    }

    // Calls wait until here: a block that the token limit cut is closed like any other.
    void stop(LmSink& sink) {
        if (!started_ || block_ != Block::none) {
            fail(FailureKind::protocol, "message_stop before its message or within a block");
            return;
        }
        auto how = LmFinish::stop;
        if (reason_ == "max_tokens" || reason_ == "model_context_window_exceeded")
            how = LmFinish::length;
        else if (reason_ == "refusal")
            how = LmFinish::content;
        if (how == LmFinish::stop)
            settle_calls(sink);
        else
            drop_open_calls();
        if (over()) return;
        finish(how == LmFinish::stop && calls() > 0 ? LmFinish::tool_calls : how);
        end_well();
    }

    bool started_ = false;
    Block block_ = Block::none;
    std::size_t place_ = 0, thinking_ = 0;
    std::uint32_t input_ = 0, read_ = 0, written_ = 0;
    json thought_, thoughts_ = json::array();
    std::string reason_;
};

}  // namespace

std::unique_ptr<LmReader> make_anthropic_reader() {
    return std::make_unique<AnthropicReader>();
}

}  // namespace parley::vendors
