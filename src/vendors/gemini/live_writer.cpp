#include <bit>
#include <nlohmann/json.hpp>

#include "../s2s/message.hpp"
#include "../s2s/settings.hpp"
#include "parley/vendors/gemini/live.hpp"
#include "parley/vendors/gemini/live_codec.hpp"

namespace parley::vendors::gemini_live {

namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "samples go out as they lie in memory");

json activity_detection(const Endpoint& endpoint) {
    if (endpoint.option("turns") == "manual") return {{"disabled", true}};
    json detection{{"disabled", false}};
    const auto sensitivity = [&endpoint, &detection](const char* option, const char* member, const char* prefix) {
        const auto wanted = endpoint.option(option);
        if (!wanted.empty()) detection[member] = std::string(prefix) + (wanted == "high" ? "HIGH" : "LOW");
    };
    sensitivity("start_sensitivity", "startOfSpeechSensitivity", "START_SENSITIVITY_");
    sensitivity("end_sensitivity", "endOfSpeechSensitivity", "END_SENSITIVITY_");
    s2s::set_number(endpoint, "prefix_ms", detection, "prefixPaddingMs");
    s2s::set_number(endpoint, "silence_ms", detection, "silenceDurationMs");
    return detection;
}

json generation(const Endpoint& endpoint, const S2sSetup& wanted) {
    json config{{"responseModalities", json::array({"AUDIO"})}};
    if (wanted.temperature) config["temperature"] = *wanted.temperature;
    json speech = json::object();
    if (!endpoint.voice.empty()) speech["voiceConfig"] = {{"prebuiltVoiceConfig", {{"voiceName", endpoint.voice}}}};
    if (!endpoint.language.empty()) speech["languageCode"] = endpoint.language;
    if (!speech.empty()) config["speechConfig"] = std::move(speech);
    json thinking = json::object();
    s2s::set_number(endpoint, "thinking_budget", thinking, "thinkingBudget");
    if (!thinking.empty()) config["thinkingConfig"] = std::move(thinking);
    return config;
}

json declarations(const S2sSetup& wanted) {
    json list = json::array();
    for (const auto& tool : wanted.tools) {
        json declaration{{"name", tool.name}, {"description", tool.description}};
        auto schema = s2s::schema_of(tool);
        // A schema without properties is refused; a function without parameters has none.
        const auto properties = schema.find("properties");
        if (properties != schema.end() && properties->is_object() && !properties->empty()) declaration["parametersJsonSchema"] = std::move(schema);
        list.push_back(std::move(declaration));
    }
    return list;
}

}  // namespace

std::string model_of(const Endpoint& endpoint) {
    if (endpoint.model.empty()) return "models/gemini-3.1-flash-live-preview";
    return endpoint.model.find('/') == std::string::npos ? "models/" + endpoint.model : endpoint.model;
}

std::string setup(const Endpoint& endpoint, const S2sSetup& wanted) {
    json input{{"automaticActivityDetection", activity_detection(endpoint)},
               {"activityHandling", endpoint.option("interrupt", "true") == "true" ? "START_OF_ACTIVITY_INTERRUPTS" : "NO_INTERRUPTION"}};
    json body{{"model", model_of(endpoint)},
              {"generationConfig", generation(endpoint, wanted)},
              {"realtimeInputConfig", std::move(input)},
              {"inputAudioTranscription", json::object()},
              {"outputAudioTranscription", json::object()},
              {"sessionResumption", json::object()}};
    std::string instructions = wanted.instructions;
    if (!wanted.resume.empty()) {
        body["sessionResumption"]["handle"] = wanted.resume;
    } else if (!wanted.context.empty()) {
        // History in clientContent takes neither tool calls nor, on some models, the model's own turns: told instead.
        instructions += "\n\nEarlier in this call:\n" + s2s::told(wanted.context);
    }
    if (!instructions.empty()) {
        json parts = json::array();
        parts.push_back({{"text", instructions}});
        body["systemInstruction"] = {{"parts", std::move(parts)}};
    }
    if (!wanted.tools.empty()) {
        json tools = json::array();
        tools.push_back({{"functionDeclarations", declarations(wanted)}});
        body["tools"] = std::move(tools);
    }
    double trigger = 25600;
    (void)s2s::number_in(endpoint.option("compress_tokens", "25600"), trigger);
    const auto tokens = static_cast<std::int64_t>(trigger);
    if (tokens > 0)
        body["contextWindowCompression"] = {{"triggerTokens", std::to_string(tokens)}, {"slidingWindow", {{"targetTokens", std::to_string(tokens / 2)}}}};
    return s2s::dumped({{"setup", std::move(body)}});
}

void audio(std::span<const std::int16_t> pcm16k, std::string& out) {
    out = R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":")";
    s2s::append_base64(std::span(reinterpret_cast<const std::uint8_t*>(pcm16k.data()), pcm16k.size_bytes()), out);
    out += R"("}}})";
}

std::string activity(bool start) {
    return start ? R"({"realtimeInput":{"activityStart":{}}})" : R"({"realtimeInput":{"activityEnd":{}}})";
}

namespace {

// Newer models take what stands in the history at their beginning only.
bool takes_content(const Endpoint& endpoint) {
    const auto model = model_of(endpoint);
    const bool older = model.find("gemini-2") != std::string::npos || model.find("live-2.") != std::string::npos;
    return endpoint.option("inject", older ? "content" : "realtime") == "content";
}

std::string content(std::string_view said, bool complete) {
    json parts = json::array(), turns = json::array();
    parts.push_back({{"text", said}});
    turns.push_back({{"role", "user"}, {"parts", std::move(parts)}});
    return s2s::dumped({{"clientContent", {{"turns", std::move(turns)}, {"turnComplete", complete}}}});
}

}  // namespace

std::string text(const Endpoint& endpoint, std::string_view said) {
    return takes_content(endpoint) ? content(said, true) : s2s::dumped({{"realtimeInput", {{"text", said}}}});
}

std::string note(const Endpoint& endpoint, std::string_view known) {
    return takes_content(endpoint) ? content("(Not said by the caller; know this from now on, and do not answer it: " + std::string(known) + ")", false)
                                   : std::string();
}

std::string tool_response(const ToolCall& call, std::string_view result_json) {
    auto result = json::parse(result_json, nullptr, false);
    if (result.is_discarded()) result = json(result_json);
    if (!result.is_object()) result = {{"output", result}};  // it must be an object
    json responses = json::array();
    json response{{"name", call.name}, {"response", std::move(result)}};
    if (!call.id.empty()) response["id"] = call.id;
    responses.push_back(std::move(response));
    return s2s::dumped({{"toolResponse", {{"functionResponses", std::move(responses)}}}});
}

Failure read_close(Failure failure, bool configured, bool going_away) {
    const auto mentions = [&failure](std::string_view word) { return failure.reason.find(word) != std::string::npos; };
    if (failure.status != 1007 && failure.status != 1008 && failure.status != 1011) {
        if (going_away && failure.kind == FailureKind::closed) failure.kind = FailureKind::session_limit;
        return failure;
    }
    if (mentions("API key") || mentions("API_KEY") || mentions("unregistered callers"))
        failure.kind = FailureKind::auth;
    else if (mentions("quota"))
        failure.kind = FailureKind::quota;
    else if (going_away || mentions("Deadline expired") || (configured && mentions("operation was aborted")))
        failure.kind = FailureKind::session_limit;
    else if (failure.status != 1011 && !configured)
        failure.kind = FailureKind::refused;
    else if (failure.status != 1011)
        failure.kind = FailureKind::server;  // in the middle of a session: worth a fresh one
    return failure;
}

}  // namespace parley::vendors::gemini_live

namespace parley::vendors {

std::string check_gemini_live(const Endpoint& endpoint) {
    using s2s::Rule;
    static const std::vector<Rule> kRules{
        {"turns", {"automatic", "manual"}},   {"interrupt", {"true", "false"}}, {"start_sensitivity", {"high", "low"}},
        {"end_sensitivity", {"high", "low"}}, {"prefix_ms", 0, 5000},           {"silence_ms", 50, 10000},
        {"thinking_budget", 0, 24576},        {"compress_tokens", 0, 1000000},  {"inject", {"realtime", "content"}},
    };
    return s2s::check(endpoint, "Gemini Live", kRules, true);
}

}  // namespace parley::vendors
