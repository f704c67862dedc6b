#include <nlohmann/json.hpp>

#include "../audio_json.hpp"
#include "../speech_request.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::elevenlabs {

namespace {

using nlohmann::json;

std::string dump(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view model_of(const Endpoint& endpoint) {
    return or_default(endpoint.model, kDefaultSpeechModel);
}

json init_message(const Endpoint& endpoint) {
    json settings = json::object();
    for (const char* option : {"stability", "similarity_boost", "style", "speed"})
        if (const auto value = number_option(endpoint, option)) settings[option] = *value;
    if (const auto boost = endpoint.option("use_speaker_boost"); !boost.empty()) settings["use_speaker_boost"] = boost == "true";
    json message{{"text", " "}};
    if (!settings.empty()) message["voice_settings"] = std::move(settings);
    return message;
}

// A text that does not end with a space may be joined with what follows, or be kept back as half a word.
std::string spaced(std::string_view text) {
    std::string out(text);
    if (!out.ends_with(' ')) out += ' ';
    return out;
}

}  // namespace

bool single_socket(const Endpoint& endpoint) {
    return endpoint.option("socket") == "single";
}

std::string speech_url(const Endpoint& endpoint) {
    std::string path = "/v1/text-to-speech/" + query_escape(endpoint.voice) + (single_socket(endpoint) ? "/stream-input" : "/multi-stream-input");
    path += "?model_id=" + query_escape(model_of(endpoint)) + "&output_format=ulaw_8000";
    path += "&auto_mode=" + endpoint.option("auto_mode", "true") + "&sync_alignment=true";
    const bool takes_language = model_of(endpoint).starts_with("eleven_flash_v2_5") || model_of(endpoint).starts_with("eleven_turbo_v2_5");
    if (endpoint.language.size() >= 2 && takes_language) path += "&language_code=" + query_escape(std::string_view(endpoint.language).substr(0, 2));
    for (const char* option : {"enable_logging", "enable_ssml_parsing", "apply_text_normalization"})
        if (const auto value = endpoint.option(option); !value.empty()) path += std::string("&") + option + "=" + query_escape(value);
    return socket_url(or_default(endpoint.base_url, "https://api.elevenlabs.io"), path);
}

net::HttpHeaders speech_headers(const Endpoint& endpoint) {
    net::HttpHeaders headers;
    headers.add("xi-api-key", std::string(endpoint.key.reveal()));
    return headers;
}

std::string escape_speech(std::string_view text) {
    return speech_without(text, "<>");
}

std::string escape_speech(const Endpoint& endpoint, std::string_view text) {
    const bool stage_directions = model_of(endpoint).starts_with("eleven_v3");
    const bool ssml = endpoint.option("enable_ssml_parsing") == "true";
    if (!ssml) return speech_without(text, stage_directions ? "<>[]" : "<>");
    std::string out;
    for (const char c : speech_without(text, stage_directions ? "[]" : "")) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

std::vector<std::string> context_messages(const Endpoint& endpoint, std::string_view context, std::string_view text) {
    auto init = init_message(endpoint);
    init["context_id"] = context;
    return {dump(init), dump({{"text", spaced(text)}, {"context_id", context}, {"flush", true}}), dump({{"context_id", context}, {"close_context", true}})};
}

std::string single_init(const Endpoint& endpoint) {
    return dump(init_message(endpoint));
}

std::vector<std::string> single_messages(std::string_view text) {
    return {dump({{"text", spaced(text)}, {"flush", true}}), R"({"text":""})"};
}

struct SpeechDecoder::State {
    AudioJson json;
    SpeechMessage message;
    std::vector<double> starts, durations;

    void alignment(ondemand::value value);
};

void SpeechDecoder::State::alignment(ondemand::value value) {
    if (json_null(value)) return;
    std::vector<SpeechCharacter> characters;
    starts.clear();
    durations.clear();
    const auto numbers = [](ondemand::value list, std::vector<double>& out) {
        return json_each(list, [&](ondemand::value item) { out.push_back(json_number(item).value_or(0)); });
    };
    bool fine = true;
    const bool read = json_members(value, [&](std::string_view key, ondemand::value member) {
        if (key == "chars")
            fine &= json_each(member, [&](ondemand::value item) { characters.push_back({json_text(item, 64)}); });
        else if (key == "charStartTimesMs")
            fine &= numbers(member, starts);
        else if (key == "charDurationsMs" || key == "charsDurationsMs")
            fine &= numbers(member, durations);
    });
    // Times that cannot be paired are no times: the audio is spoken all the same.
    if (!read || !fine || starts.size() != characters.size() || durations.size() != characters.size()) return;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        characters[i].start_ms = starts[i];
        characters[i].duration_ms = durations[i];
    }
    message.characters = std::move(characters);
}

SpeechDecoder::SpeechDecoder() : state_(std::make_unique<State>()) {}
SpeechDecoder::~SpeechDecoder() = default;

const SpeechMessage& SpeechDecoder::decode(std::string_view text) {
    auto& message = state_->message;
    message = {};
    std::string error, said;
    int code = 0;
    bool aligned = false, bad_audio = false;
    ondemand::object object;
    if (!state_->json.open(text, object)) {
        message.malformed = true;
        return message;
    }
    const bool read = json_members(object, [&](std::string_view key, ondemand::value value) {
        if (key == "audio") {
            if (json_null(value)) return;
            const auto audio = state_->json.base64(value);
            if (audio)
                message.audio = *audio;
            else
                bad_audio = true;
        } else if (key == "contextId" || key == "context_id") {
            message.context = json_text(value, 128);
        } else if (key == "isFinal" || key == "is_final") {
            message.is_final = json_true(value);
        } else if (key == "alignment") {
            state_->alignment(value);
            aligned = !message.characters.empty();
        } else if (key == "normalizedAlignment" || key == "normalized_alignment") {
            if (!aligned) state_->alignment(value);
        } else if (key == "error") {
            error = json_text(value, 128);
        } else if (key == "message") {
            said = json_text(value, 512);
        } else if (key == "code") {
            code = static_cast<int>(std::clamp(json_number(value).value_or(0), 0.0, 9999.0));
        }
    });
    if (!read || bad_audio || !state_->json.complete()) {
        message = {};
        message.malformed = true;
        return message;
    }
    if (!error.empty()) message.error = speech_failure(error, said, code);
    return message;
}

Failure speech_failure(std::string_view error, std::string_view said, int close_code) {
    Failure failure;
    failure.phase = "stream";
    failure.status = close_code;
    failure.reason = plain(std::string(error) + (said.empty() ? "" : ": ") + std::string(said));
    const auto any = [&](std::initializer_list<std::string_view> parts) {
        for (const auto part : parts)
            if (error.find(part) != std::string_view::npos) return true;
        return false;
    };
    if (any({"quota_exceeded"}))
        failure.kind = FailureKind::quota;
    else if (any({"invalid_api_key", "authentication", "authorization", "missing_permissions"}))
        failure.kind = FailureKind::auth;
    else if (any({"too_many_concurrent", "rate_limit", "system_busy"}))
        failure.kind = FailureKind::rate_limited;
    else if (any({"input_timeout_exceeded"}))
        failure.kind = FailureKind::session_limit;
    else if (any({"internal", "server_error"}))
        failure.kind = FailureKind::server;
    else if (any({"max_active_conversations", "voice", "model", "unsupported", "invalid", "max_character", "only_for"}))
        failure.kind = FailureKind::refused;
    else
        failure.kind = close_code == 1008 ? FailureKind::refused : FailureKind::server;
    return failure;
}

Failure speech_lost(Failure failure) {
    const auto says = [&](std::string_view words) { return failure.reason.find(words) != std::string::npos; };
    if (says("input_timeout_exceeded") || says("Have not received a new text input"))
        failure.kind = FailureKind::session_limit;
    else if (says("quota_exceeded"))
        failure.kind = FailureKind::quota;
    else if (says("invalid_api_key") || says("authentication_required"))
        failure.kind = FailureKind::auth;
    else if (says("too_many_concurrent_requests") || says("system_busy"))
        failure.kind = FailureKind::rate_limited;
    return failure;
}

std::string check_speech(const Endpoint& endpoint) {
    if (auto problem = check_speech_endpoint(endpoint, {"stability", "similarity_boost", "style", "speed", "use_speaker_boost", "auto_mode", "enable_logging",
                                                        "enable_ssml_parsing", "apply_text_normalization", "socket"});
        !problem.empty())
        return problem;
    if (endpoint.voice.empty()) return "it has no voice (an ElevenLabs voice id)";
    for (const char* option : {"stability", "similarity_boost", "style"})
        if (auto problem = check_number(endpoint, option, 0, 1); !problem.empty()) return problem;
    if (auto problem = check_number(endpoint, "speed", 0.7, 1.2); !problem.empty()) return problem;
    for (const char* option : {"use_speaker_boost", "auto_mode", "enable_logging", "enable_ssml_parsing"})
        if (auto problem = check_one_of(endpoint, option, {"true", "false"}); !problem.empty()) return problem;
    if (auto problem = check_one_of(endpoint, "apply_text_normalization", {"auto", "on", "off"}); !problem.empty()) return problem;
    if (auto problem = check_one_of(endpoint, "socket", {"multi", "single"}); !problem.empty()) return problem;
    if (model_of(endpoint).starts_with("eleven_v3_conversational")) return "its model speaks on the dialogue socket, which is not supported";
    return {};
}

}  // namespace parley::vendors::elevenlabs
