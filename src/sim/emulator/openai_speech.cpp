// OpenAI's POST /v1/audio/speech, after its reference: PCM of 24 kHz, chunked while it is made, or as events.

#include "parley/sim/base64.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::size_t kMostCharacters = 4096;
constexpr WireFormat kFormat{WireFormat::Encoding::linear16, 24000};

struct Problem {
    std::string message, parameter;
};

std::string text_at(const json& body, const char* key) {
    return body.is_object() && body.contains(key) && body[key].is_string() ? body[key].get<std::string>() : std::string{};
}

Problem problem_of(const json& body) {
    if (!body.is_object()) return {"We could not parse the JSON body of your request.", ""};
    for (const char* key : {"model", "input", "voice"}) {
        // A voice may be named by an object with an id as well.
        if (std::string_view(key) == "voice" && body.contains(key) && body[key].is_object()) continue;
        if (text_at(body, key).empty()) return {std::string("Missing required parameter: '") + key + "'.", key};
    }
    if (characters_in(text_at(body, "input")) > kMostCharacters)
        return {"Invalid 'input': string too long. Expected a string with maximum length 4096.", "input"};
    if (body.contains("speed")) {
        const bool fine = body["speed"].is_number() && body["speed"].get<double>() >= 0.25 && body["speed"].get<double>() <= 4;
        if (!fine) return {"Invalid 'speed': must be from 0.25 to 4.", "speed"};
    }
    const auto format = body.contains("response_format") ? text_at(body, "response_format") : std::string("mp3");
    if (format != "pcm" && format != "wav") return {"'" + format + "' cannot be made here; pcm and wav can.", "response_format"};
    const auto stream = body.contains("stream_format") ? text_at(body, "stream_format") : std::string("audio");
    if (stream != "audio" && stream != "sse") return {"Invalid value for 'stream_format'.", "stream_format"};
    if (stream == "sse" && text_at(body, "model").starts_with("tts-1")) return {"'sse' is not supported for this model.", "stream_format"};
    return {};
}

}  // namespace

Task<> openai_speech_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    Headers headers{{"x-request-id", request.id("req_")}, {"openai-processing-ms", "12"}};
    const auto problem = problem_of(body);
    if (request.method != "POST" || !problem.message.empty()) {
        const int status = request.method == "POST" ? 400 : 405;
        json error{{"message", problem.message.empty() ? "Only POST requests are accepted." : problem.message},
                   {"type", "invalid_request_error"},
                   {"param", problem.parameter.empty() ? json() : json(problem.parameter)},
                   {"code", nullptr}};
        auto said = json{{"error", error}}.dump();
        co_await out.whole(status, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    const bool events = text_at(body, "stream_format") == "sse";
    const bool wav = text_at(body, "response_format") == "wav";
    auto text = text_at(body, "input");
    const auto characters = characters_in(text);
    if (!co_await out.sleep(world.settings().first_audio)) co_return;
    auto sound = co_await world.speak(std::move(text), kFormat, fault);
    auto type = std::string(events ? "text/event-stream" : wav ? "audio/wav" : "audio/pcm");
    if (!co_await out.begin(200, std::move(type), std::move(headers))) co_return;
    if (wav && !events) {
        auto header = wav_header(kFormat, sound.size());
        if (!co_await out.send(std::move(header))) co_return;
    }
    for (auto& chunk : sound_chunks(world, sound, kFormat)) {
        const auto lasts = kFormat.duration(chunk.size());
        if (events) chunk = "data: " + json{{"type", "speech.audio.delta"}, {"audio", base64(chunk)}}.dump() + "\n\n";
        if (!co_await out.item(std::move(chunk), lasts)) co_return;
    }
    if (events) {
        const json usage{{"input_tokens", characters / 4}, {"output_tokens", sound.size() / 2400}, {"total_tokens", characters / 4 + sound.size() / 2400}};
        auto done = "data: " + json{{"type", "speech.audio.done"}, {"usage", usage}}.dump() + "\n\n";
        if (!co_await out.send(std::move(done))) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
