#include "parley/vendors/openai/speech.hpp"

#include <nlohmann/json.hpp>

#include "../http_speech.hpp"
#include "../speech_request.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::openai {

using nlohmann::json;

std::string speech_url(const Endpoint& endpoint) {
    const auto base = or_default(endpoint.base_url, "https://api.openai.com/v1");
    const auto host = base.find("://");
    const auto path = host == std::string_view::npos ? host : base.find('/', host + 3);
    const bool bare = path == std::string_view::npos || base.substr(path) == "/";
    return http_url(base, bare ? "/v1/audio/speech" : "/audio/speech");
}

net::HttpHeaders speech_headers(const Endpoint& endpoint) {
    net::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + std::string(endpoint.key.reveal()));
    headers.add("Content-Type", "application/json");
    return headers;
}

std::string speech_body(const Endpoint& endpoint, std::string_view text) {
    json body{{"model", or_default(endpoint.model, kDefaultSpeechModel)},
              {"input", text},
              {"voice", or_default(endpoint.voice, kDefaultSpeechVoice)},
              {"response_format", "pcm"}};
    if (const auto speed = number_option(endpoint, "speed")) body["speed"] = *speed;
    if (const auto instructions = endpoint.option("instructions"); !instructions.empty()) body["instructions"] = instructions;
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string escape_speech(std::string_view text) {
    return speech_without(text, "");
}

std::string speech_wrong_type(std::string_view type) {
    const bool pcm = type.empty() || type.starts_with("audio/pcm") || type.starts_with("audio/L16") || type.starts_with("audio/raw");
    if (pcm || type.starts_with("application/octet-stream")) return {};
    return "the reply is " + std::string(type.substr(0, 80)) + ", not PCM";
}

std::unique_ptr<TtsStream> make_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    HttpSpeechPlan plan;
    plan.url = speech_url(endpoint);
    plan.headers = speech_headers(endpoint);
    plan.body = [endpoint](std::string_view text) { return speech_body(endpoint, escape_speech(text)); };
    plan.format = SpeechFormat{SpeechFormat::Coding::pcm16le, kSpeechHz};
    plan.most_characters = kMostSpeechCharacters;
    plan.wrong_type = speech_wrong_type;
    plan.request_id = "x-request-id";
    plan.connect_within = endpoint.connect_within;
    return make_http_speech(std::move(plan), link, sink);
}

std::string check_speech(const Endpoint& endpoint) {
    if (auto problem = check_speech_endpoint(endpoint, {"speed", "instructions"}); !problem.empty()) return problem;
    return check_number(endpoint, "speed", 0.25, 4);
}

}  // namespace parley::vendors::openai
