#include "parley/vendors/gemini/generate.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "../lm_json.hpp"
#include "../lm_messages.hpp"

namespace parley::vendors {

namespace {

using Role = LmMessage::Role;

// What old versions of the vendor's OpenAPI subset take; anything else they refuse.
constexpr std::array<std::string_view, 18> kKeywords{"type",      "description", "enum",    "properties", "required",      "items",
                                                     "nullable",  "minimum",     "maximum", "minItems",   "maxItems",      "minLength",
                                                     "maxLength", "pattern",     "anyOf",   "title",      "minProperties", "maxProperties"};

json subset_of(const json& schema) {
    if (!schema.is_object()) return schema;
    auto out = json::object();
    for (const auto& [key, value] : schema.items()) {
        if (std::find(kKeywords.begin(), kKeywords.end(), key) == kKeywords.end()) continue;
        if (key == "properties" && value.is_object()) {
            out[key] = json::object();
            for (const auto& [name, inner] : value.items()) out[key][name] = subset_of(inner);
        } else if (key == "type" && value.is_array()) {  // ["string","null"]
            for (const auto& one : value) {
                if (one == "null")
                    out["nullable"] = true;
                else if (!out.contains("type"))
                    out["type"] = one;
            }
        } else if (key == "items") {
            out[key] = subset_of(value);
        } else if (key == "anyOf" && value.is_array()) {
            out[key] = json::array();
            for (const auto& inner : value) out[key].push_back(subset_of(inner));
        } else {
            out[key] = value;
        }
    }
    return out;
}

json text_part(std::string_view text) {
    return {{"text", text}};
}

void add(json& contents, const char* role, json part) {
    if (contents.empty() || text_of(contents.back(), "role") != role) contents.push_back({{"role", role}, {"parts", json::array()}});
    contents.back()["parts"].push_back(std::move(part));
}

// The id only where the vendor gave one: ours mean nothing to it.
json call_part(const ToolCall& call) {
    const auto kept = parsed(call.vendor_data);
    json function{{"name", call.name}, {"args", arguments_of(call)}};
    if (const auto id = text_of(kept, "id"); !id.empty()) function["id"] = id;
    json part{{"functionCall", function}};
    if (const auto signature = text_of(kept, "thoughtSignature"); !signature.empty()) part["thoughtSignature"] = signature;
    return part;
}

json result_part(const LmMessage& result, const std::vector<ToolCall>& asked) {
    auto response = parsed(result.text);
    if (!response.is_object()) response = {{"output", response.is_discarded() ? json(result.text) : response}};
    json function{{"name", result.tool}, {"response", response}};
    for (const auto& call : asked)
        if (call.id == result.call_id)
            if (const auto kept = parsed(call.vendor_data); !text_of(kept, "id").empty()) function["id"] = text_of(kept, "id");
    return {{"functionResponse", function}};
}

json contents_of(const std::vector<LmMessage>& fitted) {
    auto contents = json::array();
    std::vector<ToolCall> asked;
    for (const auto& message : fitted) {
        if (message.role == Role::system) continue;
        if (message.role == Role::tool) {
            add(contents, "user", result_part(message, asked));
        } else if (message.role == Role::user) {
            // The vendor counts results against calls within one content: what the caller said meanwhile stands by
            // itself.
            if (!contents.empty() && !member(contents.back()["parts"].back(), "functionResponse").is_null())
                contents.push_back({{"role", "user"}, {"parts", json::array()}});
            add(contents, "user", text_part(message.text));
        } else {
            if (!message.text.empty()) add(contents, "model", text_part(message.text));
            for (const auto& call : message.calls) add(contents, "model", call_part(call));
            asked = message.calls;
        }
    }
    return contents;
}

}  // namespace

std::string gemini_body(const LmRequest& request, const Endpoint& endpoint) {
    MessageRules rules;
    rules.one_system = rules.user_first = rules.alternate = true;
    const auto fitted = fit(request.messages, rules);
    auto body = json::object();
    if (!fitted.empty() && fitted.front().role == Role::system) body["systemInstruction"] = {{"parts", json::array({text_part(fitted.front().text)})}};
    body["contents"] = contents_of(fitted);
    auto declarations = json::array();
    const bool whole = endpoint.option("schema") == "json";
    for (const auto& tool : request.tools) {
        json declared{{"name", tool.name}, {"description", tool.description}};
        const auto schema = schema_of(tool);
        if (whole)
            declared["parametersJsonSchema"] = schema;
        else if (!schema["properties"].empty())
            declared["parameters"] = subset_of(schema);
        declarations.push_back(std::move(declared));
    }
    if (!declarations.empty()) body["tools"] = json::array({json{{"functionDeclarations", declarations}}});
    auto& config = body["generationConfig"] = json::object();
    if (request.max_tokens > 0) config["maxOutputTokens"] = request.max_tokens;
    if (request.temperature) config["temperature"] = *request.temperature;
    if (const auto budget = endpoint.option("thinking_budget"); !budget.empty()) {
        int tokens = 0;
        (void)std::from_chars(budget.data(), budget.data() + budget.size(), tokens);
        config["thinkingConfig"]["thinkingBudget"] = tokens;
    }
    if (const auto level = endpoint.option("thinking_level"); !level.empty()) config["thinkingConfig"]["thinkingLevel"] = level;
    return written(body);
}

namespace {

class GeminiReader final : public LmReader {
protected:
    void on_event(const ServerSentEvent& event, LmSink& sink) override { on_answer(parsed(event.data), sink); }

    // Without alt=sse (a proxy may drop it) one list of the same objects comes, and errors come so as well.
    void on_whole(std::string_view body, LmSink& sink) override {
        const auto whole = parsed(body);
        if (whole.is_array()) {
            for (const auto& one : whole)
                if (!over()) on_answer(one, sink);
        } else {
            on_answer(whole, sink);
        }
    }

    void on_end(LmSink& sink) override {
        if (!complete()) return;
        if (how_ == LmFinish::stop)
            settle_calls(sink);
        else
            drop_open_calls();
        finish(how_ == LmFinish::stop && calls() > 0 ? LmFinish::tool_calls : how_);
    }

private:
    void on_answer(const json& answer, LmSink& sink) {
        if (answer.is_array() && !answer.empty()) {
            on_answer(answer.front(), sink);
            return;
        }
        if (!answer.is_object()) {
            fail(FailureKind::protocol, "an event is no JSON object");
            return;
        }
        if (!member(answer, "error").is_null()) {
            fail(from_stream_error(answer));
            return;
        }
        if (done().request_id.empty()) done().request_id = plain(text_of(answer, "responseId"), 128);
        if (done().model.empty()) done().model = plain(text_of(answer, "modelVersion"), 128);
        if (const auto& usage = member(answer, "usageMetadata"); usage.is_object()) {
            done().usage.input = count_of(usage, "promptTokenCount");
            done().usage.output = count_of(usage, "candidatesTokenCount") + count_of(usage, "thoughtsTokenCount");
            done().usage.cached = count_of(usage, "cachedContentTokenCount");
        }
        if (!text_of(member(answer, "promptFeedback"), "blockReason").empty()) {
            how_ = LmFinish::content;
            close_well();
            return;
        }
        const auto& candidates = member(answer, "candidates");
        if (!candidates.is_array() || candidates.empty()) return;
        const auto& candidate = candidates.front();
        const auto& parts = member(member(candidate, "content"), "parts");
        if (parts.is_array())
            for (const auto& part : parts)
                if (!over()) on_part(part, sink);
        if (const auto reason = text_of(candidate, "finishReason"); !reason.empty() && !over()) on_reason(reason);
    }

    void on_part(const json& part, LmSink& sink) {
        if (member(part, "thought") == true) return;
        const auto& called = member(part, "functionCall");
        if (!called.is_object()) {
            say(text_of(part, "text"), sink);
            return;
        }
        const auto place = begin_call();
        if (over()) return;
        const auto id = text_of(called, "id");
        name_call(place, id, text_of(called, "name"));
        const auto& args = member(called, "args");
        if (!args.is_null()) grow_call(place, written(args), sink);
        auto kept = json::object();
        if (!id.empty()) kept["id"] = id;
        if (const auto signature = text_of(part, "thoughtSignature"); !signature.empty()) kept["thoughtSignature"] = signature;
        if (!kept.empty()) mark_call(place, written(kept));
    }

    void on_reason(std::string_view reason) {
        static constexpr std::array<std::string_view, 7> kFilters{"SAFETY", "RECITATION", "BLOCKLIST",   "PROHIBITED_CONTENT",
                                                                  "SPII",   "LANGUAGE",   "IMAGE_SAFETY"};
        if (reason == "FINISH_REASON_UNSPECIFIED") return;
        if (reason == "MAX_TOKENS") {
            how_ = LmFinish::length;
        } else if (std::find(kFilters.begin(), kFilters.end(), reason) != kFilters.end()) {
            how_ = LmFinish::content;
        } else if (reason != "STOP" && reason != "OTHER") {
            fail(FailureKind::protocol, "the model ended with " + plain(reason, 60));
            return;
        }
        close_well();
    }

    LmFinish how_ = LmFinish::stop;
};

}  // namespace

std::unique_ptr<LmReader> make_gemini_reader() {
    return std::make_unique<GeminiReader>();
}

}  // namespace parley::vendors
