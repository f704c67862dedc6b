#include <nlohmann/json.hpp>

#include "../audio_json.hpp"
#include "../speech_request.hpp"
#include "parley/vendors/cartesia/sonic.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::cartesia {

namespace {

using nlohmann::json;

std::string dump(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string version_of(const Endpoint& endpoint) {
    return endpoint.option("version", kDefaultVersion);
}

}  // namespace

std::string sonic_url(const Endpoint& endpoint) {
    return socket_url(or_default(endpoint.base_url, "https://api.cartesia.ai"), "/tts/websocket");
}

// As header fields, so that the key stays out of logs of URLs.
net::HttpHeaders sonic_headers(const Endpoint& endpoint) {
    net::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + std::string(endpoint.key.reveal()));
    headers.add("Cartesia-Version", version_of(endpoint));
    return headers;
}

std::string escape_sonic(std::string_view text) {
    return speech_without(text, "<>[]");
}

std::string sonic_request(const Endpoint& endpoint, std::string_view context, std::string_view text) {
    json request{{"context_id", context},
                 {"model_id", or_default(endpoint.model, kDefaultSonicModel)},
                 {"transcript", text},
                 {"continue", false},
                 {"language", or_default(std::string_view(endpoint.language).substr(0, 2), "en")},
                 {"output_format", {{"container", "raw"}, {"encoding", "pcm_mulaw"}, {"sample_rate", 8000}}},
                 {"add_timestamps", true},
                 {"max_buffer_delay_ms", 0}};  // the text is a whole sentence: nothing is gained by waiting for more
    if (version_of(endpoint) >= kPlainVoiceSince)
        request["voice"] = endpoint.voice;
    else
        request["voice"] = {{"mode", "id"}, {"id", endpoint.voice}};
    json how = json::object();
    for (const char* option : {"speed", "volume"})
        if (const auto value = number_option(endpoint, option)) how[option] = *value;
    if (const auto emotion = endpoint.option("emotion"); !emotion.empty()) how["emotion"] = emotion;
    if (!how.empty()) request["generation_config"] = std::move(how);
    return dump(request);
}

std::string sonic_cancel(std::string_view context) {
    return dump({{"context_id", context}, {"cancel", true}});
}

struct SonicDecoder::State {
    AudioJson json;
    SonicMessage message;

    void words(ondemand::value value);
};

void SonicDecoder::State::words(ondemand::value value) {
    std::vector<SonicWord> found;
    std::vector<double> ends;
    bool fine = true;
    const bool read = json_members(value, [&](std::string_view key, ondemand::value member) {
        if (key == "words")
            fine &= json_each(member, [&](ondemand::value item) { found.push_back({json_text(item, 256)}); });
        else if (key == "end")
            fine &= json_each(member, [&](ondemand::value item) { ends.push_back(json_number(item).value_or(0)); });
    });
    // Times that cannot be paired are no times: the audio is spoken all the same.
    if (!read || !fine || ends.size() != found.size()) return;
    for (std::size_t i = 0; i < found.size(); ++i) found[i].end_s = ends[i];
    message.words = std::move(found);
}

namespace {

SonicMessage::Type type_of(std::string_view type) {
    using enum SonicMessage::Type;
    if (type == "chunk") return chunk;
    if (type == "timestamps") return timestamps;
    if (type == "done") return done;
    return type == "error" ? error : other;
}

}  // namespace

SonicDecoder::SonicDecoder() : state_(std::make_unique<State>()) {}
SonicDecoder::~SonicDecoder() = default;

const SonicMessage& SonicDecoder::decode(std::string_view text) {
    auto& message = state_->message;
    message = {};
    std::string type, title, said, error, code, request_id;
    int status = 0;
    bool bad_audio = false;
    ondemand::object object;
    if (!state_->json.open(text, object)) return message;
    const bool read = json_members(object, [&](std::string_view key, ondemand::value value) {
        if (key == "type")
            type = json_text(value, 64);
        else if (key == "context_id")
            message.context = json_text(value, 128);
        else if (key == "word_timestamps")
            state_->words(value);
        else if (key == "status_code")
            status = static_cast<int>(std::clamp(json_number(value).value_or(0), 0.0, 999.0));
        else if (key == "title")
            title = json_text(value, 256);
        else if (key == "message")
            said = json_text(value, 512);
        else if (key == "error")
            error = json_text(value, 512);
        else if (key == "error_code")
            code = json_text(value, 64);
        else if (key == "request_id")
            request_id = json_text(value, 128);
        else if (key == "data" && !json_null(value)) {
            const auto audio = state_->json.base64(value);
            if (audio)
                message.audio = *audio;
            else
                bad_audio = true;
        }
    });
    if (!read || type.empty() || !state_->json.complete() || (bad_audio && type == "chunk")) {
        message = {};
        return message;
    }
    message.type = type_of(type);
    if (message.type == SonicMessage::Type::error) {
        auto failure = from_http_status(status >= 400 ? status : 500, "", "", request_id);
        failure.phase = "stream";
        if (!code.empty()) failure.reason += " " + code;
        for (const auto& words : {title, said, error})
            if (!words.empty()) failure.reason += ": " + words;
        failure.reason = plain(failure.reason);
        message.error = std::move(failure);
    }
    return message;
}

std::string check_sonic(const Endpoint& endpoint) {
    if (auto problem = check_speech_endpoint(endpoint, {"speed", "volume", "emotion", "version"}); !problem.empty()) return problem;
    if (endpoint.voice.empty()) return "it has no voice (a Cartesia voice id)";
    if (auto problem = check_number(endpoint, "speed", 0.6, 1.5); !problem.empty()) return problem;
    if (auto problem = check_number(endpoint, "volume", 0.5, 2); !problem.empty()) return problem;
    const auto version = version_of(endpoint);
    const bool date = version.size() == 10 && version[4] == '-' && version[7] == '-' && version.find_first_not_of("0123456789-") == std::string::npos;
    return date ? "" : "its option 'version' is no date (YYYY-MM-DD)";
}

}  // namespace parley::vendors::cartesia
