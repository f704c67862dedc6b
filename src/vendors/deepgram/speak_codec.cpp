#include <nlohmann/json.hpp>

#include "../speech_request.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::deepgram {

namespace {

using nlohmann::json;

constexpr std::string_view kBase = "https://api.deepgram.com";

std::string query(const Endpoint& endpoint) {
    std::string path = "/v1/speak?model=" + query_escape(or_default(endpoint.model, or_default(endpoint.voice, kDefaultVoice)));
    path += "&encoding=mulaw&sample_rate=8000";
    for (const char* option : {"speed", "mip_opt_out"})
        if (const auto value = endpoint.option(option); !value.empty()) path += std::string("&") + option + "=" + query_escape(value);
    return path;
}

std::string dump(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// The first piece of at most `most` code points, cut behind a space where there is one in its second half.
std::string_view first_piece(std::string_view text, std::size_t most) {
    std::size_t count = 0, at = 0, cut = 0;
    for (; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U && ++count > most) break;
        if (text[at] == ' ' && count > most / 2) cut = at + 1;
    }
    if (at == text.size()) return text;
    return text.substr(0, cut != 0 ? cut : at);
}

}  // namespace

std::string speak_url(const Endpoint& endpoint) {
    return socket_url(or_default(endpoint.base_url, kBase), query(endpoint));
}

std::string speak_rest_url(const Endpoint& endpoint) {
    // Without container=none µ-law comes as a WAV file.
    return http_url(or_default(endpoint.base_url, kBase), query(endpoint) + "&container=none");
}

net::HttpHeaders speak_headers(const Endpoint& endpoint) {
    net::HttpHeaders headers;
    headers.add("Authorization", "Token " + std::string(endpoint.key.reveal()));
    return headers;
}

std::string escape_speak(std::string_view text) {
    return speech_without(text, "");
}

std::vector<std::string> speak_messages(std::string_view text) {
    std::vector<std::string> messages;
    while (!text.empty()) {
        const auto piece = first_piece(text, kMostSpeakCharacters);
        text.remove_prefix(piece.size());
        messages.push_back(dump({{"type", "Speak"}, {"text", piece}}));
    }
    messages.emplace_back(R"({"type":"Flush"})");
    return messages;
}

std::string speak_rest_body(std::string_view text) {
    return dump({{"text", text}});
}

std::string speak_rest_wrong_type(std::string_view type) {
    const auto rate = type.find("rate=");
    const bool named = type.empty() || type.starts_with("audio/mulaw") || type.starts_with("audio/basic") || type == "application/octet-stream";
    const bool right_rate = rate == std::string_view::npos || type.substr(rate + 5).starts_with("8000");
    if (named && right_rate) return {};
    return "the reply is " + std::string(type.substr(0, 80)) + ", not audio/mulaw of 8000 Hz";
}

SpeakEvent parse_speak(std::string_view text) {
    const auto message = json::parse(text, nullptr, false);
    if (!message.is_object()) return SpeakMalformed{};
    const auto type = text_of(message, "type");
    if (type == "Metadata") return SpeakMetadata{text_of(message, "request_id")};
    if (type == "Flushed") return SpeakFlushed{};
    if (type == "Cleared") return SpeakCleared{};
    if (type == "Warning") return SpeakWarning{text_of(message, "code"), text_of(message, "description")};
    if (type.empty()) return SpeakMalformed{};
    return SpeakOther{};
}

bool speak_warning_is_limit(const SpeakWarning& warning) {
    auto words = warning.code + " " + warning.description;
    for (char& c : words)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    for (const char* word : {"flush", "limit", "exceed", "too many"})
        if (words.find(word) != std::string::npos) return true;
    return false;
}

Failure speak_lost(Failure failure) {
    const auto says = [&](std::string_view code) { return failure.reason.find(code) != std::string::npos; };
    if (says("NET-0001") || says("NET-0003"))
        failure.kind = FailureKind::session_limit;
    else if (says("DATA-0001"))
        failure.kind = FailureKind::rate_limited;
    else if (says("BIG-0000") || says("BIG-0001"))
        failure.kind = FailureKind::refused;
    return failure;
}

std::string check_speak(const Endpoint& endpoint) {
    if (auto problem = check_speech_endpoint(endpoint, {"speed", "mip_opt_out", "transport"}); !problem.empty()) return problem;
    if (auto problem = check_number(endpoint, "speed", 0.7, 1.5); !problem.empty()) return problem;
    if (auto problem = check_one_of(endpoint, "mip_opt_out", {"true", "false"}); !problem.empty()) return problem;
    if (auto problem = check_one_of(endpoint, "transport", {"socket", "rest"}); !problem.empty()) return problem;
    const auto model = or_default(endpoint.model, endpoint.voice);
    if (model.starts_with("flux-")) return "its voice '" + std::string(model) + "' speaks on /v2/speak, which is not supported";
    return {};
}

}  // namespace parley::vendors::deepgram
