#include "parley/vendors/openai/responses.hpp"

#include <map>

#include "../lm_json.hpp"
#include "../lm_messages.hpp"

namespace parley::vendors {

namespace {

using Role = LmMessage::Role;

void add(json& input, const LmMessage& message) {
    switch (message.role) {
        case Role::system:
            input.push_back({{"role", "system"}, {"content", message.text}});
            break;
        case Role::user:
            input.push_back({{"role", "user"}, {"content", message.text}});
            break;
        case Role::assistant:
            if (!message.text.empty()) input.push_back({{"role", "assistant"}, {"content", message.text}});
            for (const auto& call : message.calls)
                input.push_back({{"type", "function_call"}, {"call_id", call.id}, {"name", call.name}, {"arguments", written(arguments_of(call))}});
            break;
        case Role::tool:
            input.push_back({{"type", "function_call_output"}, {"call_id", message.call_id}, {"output", message.text}});
            break;
    }
}

}  // namespace

std::string responses_body(const LmRequest& request, const Endpoint& endpoint) {
    json body{{"model", endpoint.model}, {"stream", true}, {"store", endpoint.option("store") == "true"}};
    MessageRules rules;
    rules.one_system = rules.user_first = true;
    auto& input = body["input"] = json::array();
    for (const auto& message : fit(request.messages, rules)) {
        if (message.role == Role::system)
            body["instructions"] = message.text;
        else
            add(input, message);
    }
    if (request.max_tokens > 0) body["max_output_tokens"] = request.max_tokens;
    if (request.temperature) body["temperature"] = *request.temperature;
    for (const auto& tool : request.tools)
        body["tools"].push_back(
            {{"type", "function"}, {"name", tool.name}, {"description", tool.description}, {"parameters", schema_of(tool)}, {"strict", false}});
    if (!request.tools.empty()) {
        if (const auto parallel = endpoint.option("parallel_tool_calls"); !parallel.empty()) body["parallel_tool_calls"] = parallel == "true";
        if (const auto choice = endpoint.option("tool_choice"); !choice.empty()) body["tool_choice"] = choice;
    }
    if (auto effort = endpoint.option("reasoning_effort"); !effort.empty()) body["reasoning"] = {{"effort", effort}};
    if (auto verbosity = endpoint.option("verbosity"); !verbosity.empty()) body["text"] = {{"verbosity", verbosity}};
    if (auto tier = endpoint.option("service_tier"); !tier.empty()) body["service_tier"] = tier;
    if (!request.conversation.empty()) body["prompt_cache_key"] = request.conversation;
    return written(body);
}

namespace {

class ResponsesReader final : public LmReader {
protected:
    void on_event(const ServerSentEvent& event, LmSink& sink) override {
        const auto data = parsed(event.data);
        if (!data.is_object()) {
            fail(FailureKind::protocol, "an event is no JSON object");
            return;
        }
        const auto type = text_of(data, "type");
        if (type == "response.created")
            take_head(member(data, "response"));
        else if (type == "response.output_item.added")
            begin_item(data, sink);
        else if (type == "response.output_text.delta")
            on_text(data, sink);
        else if (type == "response.refusal.delta")
            refused_ = true;
        else if (type == "response.function_call_arguments.delta")
            grow(data, sink);
        else if (type == "response.output_item.done")
            end_item(data, sink);
        else if (type == "response.completed" || type == "response.incomplete")
            stop(member(data, "response"), type, sink);
        else if (type == "response.failed")
            fail(from_stream_error(member(data, "response")));
        else if (type == "error")
            fail(from_stream_error(data));
        // in_progress, content parts, reasoning and what is not known yet: read over
    }

private:
    void take_head(const json& response) {
        if (done().request_id.empty()) done().request_id = plain(text_of(response, "id"), 128);
        if (done().model.empty()) done().model = plain(text_of(response, "model"), 128);
        const auto& usage = member(response, "usage");
        if (!usage.is_object()) return;
        done().usage.input = count_of(usage, "input_tokens");
        done().usage.output = count_of(usage, "output_tokens");
        done().usage.cached = count_of(member(usage, "input_tokens_details"), "cached_tokens");
    }

    void on_text(const json& data, LmSink& sink) { say(text_of(data, "delta"), sink); }

    void begin_item(const json& data, LmSink& sink) {
        const auto& item = member(data, "item");
        if (text_of(item, "type") != "function_call") return;
        const auto index = count_of(data, "output_index");
        if (places_.contains(index)) {
            fail(FailureKind::protocol, "one tool call began twice");
            return;
        }
        const auto place = begin_call();
        if (over()) return;
        places_[index] = place;
        name_call(place, text_of(item, "call_id"), text_of(item, "name"));
        grow_call(place, text_of(item, "arguments"), sink);
    }

    void grow(const json& data, LmSink& sink) {
        const auto found = places_.find(count_of(data, "output_index"));
        if (found == places_.end())
            fail(FailureKind::protocol, "arguments of a tool call that has not begun");
        else
            grow_call(found->second, text_of(data, "delta"), sink);
    }

    void end_item(const json& data, LmSink& sink) {
        const auto& item = member(data, "item");
        if (text_of(item, "type") != "function_call") return;
        if (!places_.contains(count_of(data, "output_index"))) begin_item(data, sink);
        if (over()) return;
        const auto place = places_[count_of(data, "output_index")];
        const auto whole = text_of(item, "arguments");
        if (call(place).arguments.empty()) grow_call(place, whole, sink);
        const auto status = text_of(item, "status");
        if (status.empty() || status == "completed") settle_call(place, sink);
    }

    void stop(const json& response, std::string_view type, LmSink& sink) {
        take_head(response);
        auto how = refused_ ? LmFinish::content : LmFinish::stop;
        if (type == "response.incomplete") {
            const auto reason = text_of(member(response, "incomplete_details"), "reason");
            how = reason == "content_filter" ? LmFinish::content : LmFinish::length;
            drop_open_calls();
        } else {
            settle_calls(sink);
        }
        if (over()) return;
        finish(how == LmFinish::stop && calls() > 0 ? LmFinish::tool_calls : how);
        end_well();
    }

    std::map<std::uint32_t, std::size_t> places_;  // by output_index
    bool refused_ = false;
};

}  // namespace

std::unique_ptr<LmReader> make_responses_reader() {
    return std::make_unique<ResponsesReader>();
}

}  // namespace parley::vendors
