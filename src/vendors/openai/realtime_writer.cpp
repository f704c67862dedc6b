#include <nlohmann/json.hpp>

#include "../s2s/message.hpp"
#include "../s2s/settings.hpp"
#include "parley/vendors/openai/realtime.hpp"
#include "parley/vendors/openai/realtime_codec.hpp"

namespace parley::vendors::openai_realtime {

namespace {

using nlohmann::json;

json turn_detection(const Endpoint& endpoint, const Settings& settings) {
    if (settings.manual) return nullptr;
    const bool semantic = endpoint.option("turns") == "semantic_vad";
    json detection{
        {"type", semantic ? "semantic_vad" : "server_vad"}, {"create_response", true}, {"interrupt_response", endpoint.option("interrupt", "true") == "true"}};
    if (semantic) {
        if (const auto eagerness = endpoint.option("eagerness"); !eagerness.empty()) detection["eagerness"] = eagerness;
        return detection;
    }
    s2s::set_number(endpoint, "threshold", detection, "threshold");
    s2s::set_number(endpoint, "prefix_ms", detection, "prefix_padding_ms");
    s2s::set_number(endpoint, "silence_ms", detection, "silence_duration_ms");
    return detection;
}

json transcription(const Endpoint& endpoint, const Settings& settings) {
    if (!settings.transcribes) return nullptr;
    json wanted{{"model", endpoint.option("transcription", settings.beta ? "whisper-1" : "gpt-realtime-whisper")}};
    // ISO 639-1 wants the language alone.
    if (!endpoint.language.empty()) wanted["language"] = endpoint.language.substr(0, endpoint.language.find('-'));
    return wanted;
}

json tools(const S2sSetup& setup) {
    json list = json::array();
    for (const auto& tool : setup.tools)
        list.push_back({{"type", "function"}, {"name", tool.name}, {"description", tool.description}, {"parameters", s2s::schema_of(tool)}});
    return list;
}

void set_limit(const Endpoint& endpoint, json& session, const char* member) {
    const auto limit = endpoint.option("max_output_tokens");
    if (limit == "inf")
        session[member] = limit;
    else
        s2s::set_number(endpoint, "max_output_tokens", session, member);
}

json ga_session(const Endpoint& endpoint, const S2sSetup& setup, const Settings& settings) {
    const json pcmu{{"type", "audio/pcmu"}};
    json input{{"format", pcmu}, {"transcription", transcription(endpoint, settings)}, {"turn_detection", turn_detection(endpoint, settings)}};
    if (const auto reduction = endpoint.option("noise_reduction"); reduction == "none")
        input["noise_reduction"] = nullptr;
    else if (!reduction.empty())
        input["noise_reduction"] = {{"type", reduction}};
    json output{{"format", pcmu}, {"voice", endpoint.voice.empty() ? "marin" : endpoint.voice}};
    s2s::set_number(endpoint, "speed", output, "speed");
    json session{{"type", "realtime"},
                 {"output_modalities", json::array({"audio"})},
                 {"instructions", setup.instructions},
                 {"audio", {{"input", std::move(input)}, {"output", std::move(output)}}},
                 {"tools", tools(setup)},
                 {"tool_choice", "auto"}};
    set_limit(endpoint, session, "max_output_tokens");
    if (const auto effort = endpoint.option("effort"); !effort.empty()) session["reasoning"] = {{"effort", effort}};
    return session;
}

json beta_session(const Endpoint& endpoint, const S2sSetup& setup, const Settings& settings) {
    json session{{"modalities", json::array({"audio", "text"})},
                 {"instructions", setup.instructions},
                 {"voice", endpoint.voice.empty() ? "alloy" : endpoint.voice},
                 {"input_audio_format", "g711_ulaw"},
                 {"output_audio_format", "g711_ulaw"},
                 {"input_audio_transcription", transcription(endpoint, settings)},
                 {"turn_detection", turn_detection(endpoint, settings)},
                 {"tools", tools(setup)},
                 {"tool_choice", "auto"}};
    if (const auto reduction = endpoint.option("noise_reduction"); reduction == "none")
        session["input_audio_noise_reduction"] = nullptr;
    else if (!reduction.empty())
        session["input_audio_noise_reduction"] = {{"type", reduction}};
    s2s::set_number(endpoint, "speed", session, "speed");
    set_limit(endpoint, session, "max_response_output_tokens");
    if (setup.temperature) session["temperature"] = *setup.temperature;  // GA has none
    return session;
}

std::string item(json value, std::string_view event_id) {
    return s2s::dumped({{"type", "conversation.item.create"}, {"event_id", event_id}, {"item", std::move(value)}});
}

}  // namespace

Settings settings_of(const Endpoint& endpoint) {
    Settings settings;
    settings.beta = endpoint.option("shape") == "beta";
    settings.manual = endpoint.option("turns") == "manual";
    settings.transcribes = endpoint.option("transcription") != "none";
    return settings;
}

std::string session_update(const Endpoint& endpoint, const S2sSetup& setup, std::string_view event_id) {
    const auto settings = settings_of(endpoint);
    auto session = settings.beta ? beta_session(endpoint, setup, settings) : ga_session(endpoint, setup, settings);
    return s2s::dumped({{"type", "session.update"}, {"event_id", event_id}, {"session", std::move(session)}});
}

void append_audio(std::span<const std::uint8_t> mulaw, std::string& out) {
    out = R"({"type":"input_audio_buffer.append","audio":")";
    s2s::append_base64(mulaw, out);
    out += R"("})";
}

std::string commit(std::string_view event_id) {
    return s2s::dumped({{"type", "input_audio_buffer.commit"}, {"event_id", event_id}});
}

std::string message_item(const LmMessage& message, bool beta, std::string_view event_id) {
    const bool assistant = message.role == LmMessage::Role::assistant;
    const char* role = assistant ? "assistant" : message.role == LmMessage::Role::system ? "system" : "user";
    const char* part = !assistant ? "input_text" : beta ? "text" : "output_text";
    json content = json::array();
    content.push_back({{"type", part}, {"text", message.text}});
    return item({{"type", "message"}, {"role", role}, {"content", std::move(content)}}, event_id);
}

std::string call_item(const ToolCall& call, std::string_view event_id) {
    return item({{"type", "function_call"}, {"call_id", call.id}, {"name", call.name}, {"arguments", call.arguments}}, event_id);
}

std::string result_item(std::string_view call_id, std::string_view output, std::string_view event_id) {
    return item({{"type", "function_call_output"}, {"call_id", call_id}, {"output", output}}, event_id);
}

std::string create_response(std::string_view instructions, std::string_view event_id) {
    json message{{"type", "response.create"}, {"event_id", event_id}};
    if (!instructions.empty()) message["response"] = {{"instructions", instructions}};
    return s2s::dumped(message);
}

std::string cancel_response(std::string_view response, std::string_view event_id) {
    return s2s::dumped({{"type", "response.cancel"}, {"event_id", event_id}, {"response_id", response}});
}

std::string truncate_item(std::string_view item, std::int64_t audio_end_ms, std::string_view event_id) {
    return s2s::dumped(
        {{"type", "conversation.item.truncate"}, {"event_id", event_id}, {"item_id", item}, {"content_index", 0}, {"audio_end_ms", audio_end_ms}});
}

}  // namespace parley::vendors::openai_realtime

namespace parley::vendors {

std::string check_openai_realtime(const Endpoint& endpoint) {
    using s2s::Rule;
    static const std::vector<Rule> kRules{
        {"shape", {"ga", "beta"}},
        {"turns", {"server_vad", "semantic_vad", "manual"}},
        {"interrupt", {"true", "false"}},
        {"threshold", 0, 1},
        {"prefix_ms", 0, 5000},
        {"silence_ms", 50, 10000},
        {"eagerness", {"low", "medium", "high", "auto"}},
        Rule("transcription"),
        {"noise_reduction", {"near_field", "far_field", "none"}},
        {"speed", 0.25, 1.5},
        {"max_output_tokens", 1, 4096, {"inf"}},
        {"effort", {"minimal", "low", "medium", "high", "xhigh"}},
    };
    return s2s::check(endpoint, "OpenAI Realtime", kRules, true);
}

}  // namespace parley::vendors
