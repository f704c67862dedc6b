#include "parley/vendors/openai/chat.hpp"

#include "../lm_json.hpp"
#include "../lm_messages.hpp"
#include "think_filter.hpp"

namespace parley::vendors {

namespace {

json message_of(const LmMessage& message) {
    json out;
    switch (message.role) {
        case LmMessage::Role::system:
            out["role"] = "system";
            break;
        case LmMessage::Role::user:
            out["role"] = "user";
            break;
        case LmMessage::Role::assistant:
            out["role"] = "assistant";
            break;
        case LmMessage::Role::tool:
            out["role"] = "tool";
            out["tool_call_id"] = message.call_id;
            break;
    }
    out["content"] = message.text;
    if (message.calls.empty()) return out;
    if (message.text.empty()) out["content"] = nullptr;
    for (const auto& call : message.calls) {
        const json function{{"name", call.name}, {"arguments", written(arguments_of(call))}};
        out["tool_calls"].push_back({{"id", call.id}, {"type", "function"}, {"function", function}});
    }
    return out;
}

}  // namespace

std::string chat_body(const LmRequest& request, const Endpoint& endpoint) {
    const auto* known = chat_preset(endpoint.vendor);
    const ChatPreset& preset = known == nullptr ? *chat_preset("compatible") : *known;
    json body{{"model", endpoint.model}, {"stream", true}};
    auto& messages = body["messages"] = json::array();
    MessageRules rules;
    rules.one_system = rules.user_first = rules.alternate = preset.strict_template;
    for (const auto& message : fit(request.messages, rules)) messages.push_back(message_of(message));
    if (endpoint.option("stream_usage", preset.stream_usage ? "true" : "false") == "true") body["stream_options"] = {{"include_usage", true}};
    if (request.max_tokens > 0) body[endpoint.option("limit_field", preset.limit_field)] = request.max_tokens;
    if (request.temperature) body["temperature"] = *request.temperature;
    for (const auto& tool : request.tools) {
        const json function{{"name", tool.name}, {"description", tool.description}, {"parameters", schema_of(tool)}};
        body["tools"].push_back({{"type", "function"}, {"function", function}});
    }
    if (!request.tools.empty()) {
        if (const auto parallel = endpoint.option("parallel_tool_calls"); !parallel.empty()) body["parallel_tool_calls"] = parallel == "true";
        if (const auto choice = endpoint.option("tool_choice"); !choice.empty()) body["tool_choice"] = choice;
    }
    for (const char* name : {"reasoning_effort", "verbosity", "service_tier"})
        if (auto value = endpoint.option(name); !value.empty()) body[name] = value;
    if (preset.cache_key && !request.conversation.empty()) body["prompt_cache_key"] = request.conversation;
    return written(body);
}

namespace {

class ChatReader final : public LmReader {
protected:
    void on_event(const ServerSentEvent& event, LmSink& sink) override {
        if (event.data == "[DONE]") {
            conclude(sink);
            if (!over()) end_well();
            return;
        }
        const auto chunk = parsed(event.data);
        if (event.event == "error") {
            fail(from_stream_error(chunk));
        } else if (!chunk.is_object()) {
            fail(FailureKind::protocol, "a chunk is no JSON object");
        } else {
            on_chunk(chunk, sink);
        }
    }

    // Some servers know no streaming with tools and answer whole.
    void on_whole(std::string_view body, LmSink& sink) override {
        const auto whole = parsed(body);
        if (!member(whole, "choices").is_array()) {
            LmReader::on_whole(body, sink);
            return;
        }
        on_chunk(whole, sink);
        if (over()) return;
        conclude(sink);
        if (!over()) end_well();
    }

    void on_end(LmSink& sink) override {
        if (finished_) conclude(sink);
    }

private:
    void on_chunk(const json& chunk, LmSink& sink) {
        if (const auto& error = member(chunk, "error"); !error.is_null()) {
            fail(from_stream_error(chunk));
            return;
        }
        if (const auto& error = member(member(chunk, "x_groq"), "error"); !error.is_null()) {
            fail(from_stream_error(error));
            return;
        }
        if (done().request_id.empty()) done().request_id = plain(text_of(chunk, "id"), 128);
        if (done().model.empty()) done().model = plain(text_of(chunk, "model"), 128);
        take_usage(member(chunk, "usage"));
        take_usage(member(member(chunk, "x_groq"), "usage"));
        const auto& choices = member(chunk, "choices");
        if (!choices.is_array()) return;
        for (const auto& choice : choices) {
            const auto& index = member(choice, "index");
            if (index.is_number_integer() && index != 0) continue;  // n is 1
            const auto& delta = member(choice, "delta").is_object() ? member(choice, "delta") : member(choice, "message");
            on_delta(delta, sink);
            if (const auto reason = text_of(choice, "finish_reason"); !reason.empty() && !over()) on_finish(reason, member(choice, "error"), sink);
            if (over()) return;
        }
    }

    void take_usage(const json& usage) {
        if (!usage.is_object()) return;
        done().usage.input = count_of(usage, "prompt_tokens");
        done().usage.output = count_of(usage, "completion_tokens");
        done().usage.cached = count_of(member(usage, "prompt_tokens_details"), "cached_tokens");
    }

    void on_delta(const json& delta, LmSink& sink) {
        if (const auto& content = member(delta, "content"); content.is_array()) {
            for (const auto& part : content) say(think_.feed(text_of(part, "text")), sink);
        } else {
            say(think_.feed(text_of(content)), sink);
        }
        if (!text_of(delta, "refusal").empty()) refused_ = true;
        const auto& calls = member(delta, "tool_calls");
        if (calls.is_array())
            for (const auto& fragment : calls) {
                if (over()) return;
                on_call(fragment, sink);
            }
        if (const auto& old = member(delta, "function_call"); old.is_object() && !over()) on_call({{"index", 0}, {"function", old}}, sink);
    }

    void on_call(const json& fragment, LmSink& sink) {
        const auto& function = member(fragment, "function");
        const auto id = text_of(fragment, "id");
        const auto named = text_of(function, "name");
        const auto place = place_of(member(fragment, "index"), id, named);
        if (over()) return;
        name_call(place, id, named);
        const auto& arguments = member(function, "arguments");
        if (arguments.is_object())
            grow_call(place, written(arguments), sink);
        else
            grow_call(place, text_of(arguments), sink);
    }

    // By index; without one an id not yet known begins a call, or else a name on top of complete arguments does.
    // Gemini's imitation gives every call index 0, so an id that differs wins.
    std::size_t place_of(const json& index, std::string_view id, std::string_view named) {
        const bool indexed = index.is_number_integer();
        const auto wanted = indexed ? index.get<std::int64_t>() : 0;
        if (!id.empty()) {
            for (std::size_t i = places_.size(); i-- > 0;)
                if (call(places_[i].place).id == id && (!indexed || places_[i].index == wanted)) return places_[i].place;
        }
        for (std::size_t i = places_.size(); i-- > 0;) {
            const auto& open = call(places_[i].place);
            if (!id.empty() && !open.id.empty()) continue;
            if (indexed ? places_[i].index != wanted : i + 1 != places_.size()) continue;
            const bool another = !indexed && !named.empty() && !open.name.empty() && parsed(open.arguments).is_object();
            if (!another) return places_[i].place;
        }
        const auto place = begin_call();
        if (!over()) places_.push_back({indexed ? wanted : static_cast<std::int64_t>(places_.size()), place});
        return place;
    }

    void on_finish(std::string_view reason, const json& error, LmSink&) {
        if (reason == "error") {
            fail(from_stream_error(error.is_null() ? json{{"message", "the model failed"}} : error));
            return;
        }
        finished_ = true;
        close_well();
        if (reason == "length")
            how_ = LmFinish::length;
        else if (reason == "content_filter")
            how_ = LmFinish::content;
    }

    void conclude(LmSink& sink) {
        say(think_.rest(), sink);
        if (refused_) how_ = LmFinish::content;
        if (how_ == LmFinish::stop)
            settle_calls(sink);
        else
            drop_open_calls();
        if (over()) return;
        // Several servers finish with "stop" although they call.
        finish(how_ == LmFinish::stop && calls() > 0 ? LmFinish::tool_calls : how_);
    }

    struct Place {
        std::int64_t index;
        std::size_t place;
    };
    ThinkFilter think_;
    std::vector<Place> places_;
    LmFinish how_ = LmFinish::stop;
    bool finished_ = false, refused_ = false;
};

}  // namespace

std::unique_ptr<LmReader> make_chat_reader() {
    return std::make_unique<ChatReader>();
}

}  // namespace parley::vendors
