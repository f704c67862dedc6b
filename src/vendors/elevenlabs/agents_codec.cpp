#include "parley/vendors/elevenlabs/agents_codec.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "../s2s/message.hpp"
#include "../s2s/settings.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/vendors/elevenlabs/agents.hpp"

namespace parley::vendors::elevenlabs_agents {

namespace {

using nlohmann::json;
using s2s::Element;
using s2s::member_of;
using s2s::text_of;

// Numbers come as text, too.
std::int64_t id_of(const Element& object) {
    const auto text = text_of(object, "event_id");
    if (text.empty()) return s2s::number_of(object, "event_id");
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool may_override(const Endpoint& endpoint, std::string_view what) {
    const auto allowed = "," + endpoint.option("overrides", "prompt,first_message,language,voice") + ",";
    return allowed.find("," + std::string(what) + ",") != std::string::npos;
}

}  // namespace

struct Reader::State {
    s2s::MessageReader json;
    std::vector<std::uint8_t> audio;
    Event event;

    void take(std::string_view type);
    void take_call(const Element& root);
};

void Reader::State::take_call(const Element& root) {
    Element call, parameters;
    if (!member_of(root, "client_tool_call", call)) return;
    event.call.id = text_of(call, "tool_call_id");
    event.call.name = text_of(call, "tool_name");
    event.call.arguments = "{}";
    if (member_of(call, "parameters", parameters) && parameters.is_object()) event.call.arguments = simdjson::minify(parameters);
    if (!event.call.id.empty() && !event.call.name.empty()) event.kind = Kind::call;
}

void Reader::State::take(std::string_view type) {
    const Element& root = json.root();
    Element body;
    if (type == "audio") {
        if (!member_of(root, "audio_event", body)) return;
        event.kind = json.bytes(text_of(body, "audio_base_64"), audio) ? Kind::audio : Kind::malformed;
        event.event_id = id_of(body);
        event.audio = audio;
    } else if (type == "ping") {
        if (!member_of(root, "ping_event", body)) return;
        event.kind = Kind::ping;
        event.event_id = id_of(body);
    } else if (type == "user_transcript") {
        event.kind = Kind::caller_text;
        if (member_of(root, "user_transcription_event", body)) event.text = text_of(body, "user_transcript");
    } else if (type == "agent_response") {
        event.kind = Kind::agent_text;
        if (member_of(root, "agent_response_event", body)) event.text = text_of(body, "agent_response");
    } else if (type == "interruption") {
        event.kind = Kind::interruption;
        if (member_of(root, "interruption_event", body)) event.event_id = id_of(body);
    } else if (type == "client_tool_call") {
        take_call(root);
    } else if (type == "agent_response_complete") {
        event.kind = Kind::complete;
    } else if (type == "conversation_initiation_metadata") {
        if (!member_of(root, "conversation_initiation_metadata_event", body)) return;
        event.kind = Kind::metadata;
        event.id = text_of(body, "conversation_id");
        event.input_format = text_of(body, "user_input_audio_format");
        event.output_format = text_of(body, "agent_output_audio_format");
    }
}

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

const Event& Reader::read(std::string_view message) {
    State& state = *state_;
    state.event = {};
    if (!state.json.read(message)) {
        state.event.kind = Kind::malformed;
        return state.event;
    }
    state.take(text_of(state.json.root(), "type"));
    return state.event;
}

std::optional<Format> format_of(std::string_view name) {
    if (name == "ulaw_8000") return Format{};
    if (!name.starts_with("pcm_")) return std::nullopt;
    Format format{false, 0};
    const auto [end, ec] = std::from_chars(name.data() + 4, name.data() + name.size(), format.rate);
    if (ec != std::errc{} || end != name.data() + name.size() || !audio::resampler_supports(format.rate)) return std::nullopt;
    return format;
}

std::string initiation(const Endpoint& endpoint, const S2sSetup& setup) {
    json agent = json::object(), tts = json::object(), config = json::object();
    if (!setup.instructions.empty() && may_override(endpoint, "prompt")) agent["prompt"] = {{"prompt", setup.instructions}};
    // An empty one keeps the agent from speaking first: it takes over a conversation, or waits.
    if (may_override(endpoint, "first_message")) agent["first_message"] = setup.greeting;
    if (!endpoint.language.empty() && may_override(endpoint, "language")) agent["language"] = endpoint.language.substr(0, endpoint.language.find('-'));
    if (!endpoint.voice.empty() && may_override(endpoint, "voice")) tts["voice_id"] = endpoint.voice;
    if (!agent.empty()) config["agent"] = std::move(agent);
    if (!tts.empty()) config["tts"] = std::move(tts);
    json message{{"type", "conversation_initiation_client_data"}};
    if (!config.empty()) message["conversation_config_override"] = std::move(config);
    return s2s::dumped(message);
}

void audio(std::span<const std::uint8_t> bytes, std::string& out) {
    out = R"({"user_audio_chunk":")";
    s2s::append_base64(bytes, out);
    out += R"("})";
}

std::string pong(std::int64_t event_id) {
    return s2s::dumped({{"type", "pong"}, {"event_id", event_id}});
}
std::string user_message(std::string_view text) {
    return s2s::dumped({{"type", "user_message"}, {"text", text}});
}
std::string contextual_update(std::string_view text) {
    return s2s::dumped({{"type", "contextual_update"}, {"text", text}});
}

std::string tool_result(const ToolCall& call, std::string_view result, bool failed) {
    return s2s::dumped({{"type", "client_tool_result"}, {"tool_call_id", call.id}, {"result", result}, {"is_error", failed}});
}

std::string signed_url_in(std::string_view body) {
    const auto parsed = json::parse(body, nullptr, false);
    if (!parsed.is_object()) return {};
    const auto found = parsed.find("signed_url");
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace parley::vendors::elevenlabs_agents

namespace parley::vendors {

std::string check_elevenlabs_agents(const Endpoint& endpoint) {
    using s2s::Rule;
    static const std::vector<Rule> kRules{Rule("overrides"), {"signed", {"true", "false"}}};
    if (auto wrong = s2s::check(endpoint, "ElevenLabs Agents", kRules, false); !wrong.empty()) return wrong;
    if (endpoint.model.empty()) return "ElevenLabs Agents needs the agent's id as its model.";
    if (endpoint.option("signed") == "true" && endpoint.key.empty()) return "ElevenLabs Agents needs a key to sign its URL.";
    return {};
}

}  // namespace parley::vendors
