// ElevenLabs' text to speech, after its reference: sockets with many contexts or one, and the HTTP streams.

#include <algorithm>
#include <map>

#include "elevenlabs_context.hpp"
#include "parley/sim/base64.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::string_view kRoot = "/v1/text-to-speech/";
constexpr std::size_t kMostCharacters = 40000;

std::string voice_in(std::string_view path) {
    path.remove_prefix(std::min(kRoot.size(), path.size()));
    return std::string(path.substr(0, path.find('/')));
}
std::string_view action_in(std::string_view path) {
    path.remove_prefix(std::min(kRoot.size(), path.size()));
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
}

// Voices that do not exist here, so that refusals can be tried.
bool unknown_voice(const std::string& voice) {
    return voice.empty() || voice.starts_with("unknown");
}

std::optional<WireFormat> format_named(const std::string& name) {
    if (name == "ulaw_8000") return WireFormat{WireFormat::Encoding::mulaw, 8000};
    if (name == "alaw_8000") return WireFormat{WireFormat::Encoding::alaw, 8000};
    for (const int rate : {8000, 16000, 22050, 24000, 32000, 44100, 48000})
        if (name == "pcm_" + std::to_string(rate)) return WireFormat{WireFormat::Encoding::linear16, rate};
    return std::nullopt;
}

std::string text_at(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string{};
}

struct HttpProblem {
    int status = 0;
    std::string code, message;
};

HttpProblem problem_of(const EmulatorRequest& request, const json& body, const std::optional<WireFormat>& format) {
    if (request.method != "POST") return {405, "method_not_allowed", "Method Not Allowed"};
    if (unknown_voice(voice_in(request.path))) return {404, "voice_not_found", "A voice with the given id was not found."};
    if (!body.is_object() || !body.contains("text") || !body["text"].is_string()) return {422, "", "Field required"};
    if (!format) return {400, "invalid_output_format", "This output format cannot be made here; ulaw_8000, alaw_8000 and pcm_* can."};
    if (characters_in(text_at(body, "text")) > kMostCharacters) return {400, "max_character_limit_exceeded", "The text is longer than 40000 characters."};
    if (body.contains("previous_text") && text_at(body, "model_id").starts_with("eleven_v3"))
        return {400, "unsupported_model", "previous_text is not supported by this model."};
    return {};
}

std::string problem_body(const HttpProblem& problem) {
    if (problem.status == 422) return json{{"detail", json::array({{{"loc", {"body", "text"}}, {"msg", problem.message}, {"type", "missing"}}})}}.dump();
    return json{{"detail", {{"status", problem.code}, {"message", problem.message}}}}.dump();
}

// One line of /stream/with-timestamps: seconds, from the beginning of all the audio.
std::string timed_line(const std::string& chunk, const std::vector<SpokenPart>& characters, double from_ms, double to_ms) {
    json alignment{{"characters", json::array()}, {"character_start_times_seconds", json::array()}, {"character_end_times_seconds", json::array()}};
    for (const auto& part : characters) {
        if (part.from_ms < from_ms || part.from_ms >= to_ms) continue;
        alignment["characters"].push_back(part.text);
        alignment["character_start_times_seconds"].push_back(part.from_ms / 1000);
        alignment["character_end_times_seconds"].push_back(part.to_ms / 1000);
    }
    return json{{"audio_base64", base64(chunk)}, {"alignment", alignment}, {"normalized_alignment", alignment}}.dump() + "\n";
}

// ---- sockets

// What a client has open; shared by the reader and the coroutines that speak.
struct Session {
    bool single = false, auto_mode = false;
    ElevenContextSettings settings;
    std::map<std::string, std::shared_ptr<ElevenContext>> contexts;  // by id; of the single endpoint: ""
};

Task<> refuse(EmulatorSocket& socket, std::string code, std::string message) {
    auto said = json{{"message", message}, {"error", code}, {"code", 1008}}.dump();
    if (!co_await socket.send_text(std::move(said))) co_return;
    co_await socket.close(1008, std::move(message));
}

std::size_t open_contexts(const Session& session) {
    return static_cast<std::size_t>(
        std::count_if(session.contexts.begin(), session.contexts.end(), [](const auto& entry) { return entry.second && !entry.second->over; }));
}

struct Refusal {
    std::string code, message;
};

// What one message does; the refusal's code is empty when it was fine.
Refusal take(EmulatorWorld& world, EmulatorSocket& socket, Session& session, const json& message, const Fault& fault) {
    const auto id = session.single ? std::string{} : text_at(message, "context_id");
    const bool has_text = message.contains("text") && message["text"].is_string();
    const auto text = text_at(message, "text");
    const auto true_at = [&](const char* key) { return message.contains(key) && message[key] == true; };
    if (!session.single && !message.contains("context_id")) {
        if (has_text && text.empty()) return {};  // keeps the socket alive
        return {"missing_context_id", "context_id is required."};
    }
    auto& place = session.contexts[id];
    const bool fresh = !place || place->over;
    if (fresh && true_at("close_context") && !has_text) {
        if (!place) session.contexts.erase(id);
        return {};
    }
    if (fresh) {
        if (session.single && place) return {};  // behind the end
        if (open_contexts(session) >= 5) {
            return {"max_active_conversations",
                    "Maximum simultaneous contexts per WebSocket connection exceeded (5). Please close an existing "
                    "context before opening a new one."};
        }
        place = std::make_shared<ElevenContext>(id, session.settings);
        if (session.single && text != " ") return {"invalid_first_message", "The first message must hold a single space as its text."};
    } else if (message.contains("voice_settings") || message.contains("generation_config")) {
        return {"invalid_message", "voice_settings field must be provided in the first message for a context only."};
    }
    auto& context = *place;
    if (has_text && text != " ") context.buffered += text;
    const bool end = (session.single && has_text && text.empty()) || true_at("close_context");
    if (true_at("flush") || (session.auto_mode && text.size() > 1) || (session.single && end)) context.flush();
    if (end) context.closing = true;
    if (!context.speaking && (!context.waiting.empty() || context.closing)) {
        context.speaking = true;
        socket.spawn(speak_context(world, socket, place, fault));
    }
    return {};
}

}  // namespace

bool elevenlabs_speech_path(std::string_view path) {
    return path.starts_with(kRoot);
}

Task<> elevenlabs_speech_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto session = std::make_shared<Session>();
    const auto action = action_in(request.path);
    session->single = action == "stream-input";
    session->auto_mode = request.parameter("auto_mode") == "true";
    const auto format = format_named(request.parameter("output_format"));
    if (!session->single && action != "multi-stream-input") co_return co_await refuse(socket, "not_found", "There is no such socket.");
    if (unknown_voice(voice_in(request.path))) co_return co_await refuse(socket, "voice_id_does_not_exist", "A voice with the given id does not exist.");
    if (!format) co_return co_await refuse(socket, "invalid_output_format", "This output format cannot be made here; ulaw_8000, alaw_8000 and pcm_* can.");
    session->settings.format = *format;
    session->settings.single = session->single;
    const int given = std::atoi(request.parameter("inactivity_timeout").c_str());
    const std::chrono::seconds patience(given > 0 ? std::min(given, 180) : 20);
    bool closing = false;
    while (!closing) {
        const auto message = co_await socket.receive(Clock::now() + patience);
        if (!message && !socket.alive()) co_return;
        if (!message) {
            std::string said =
                "Have not received a new text input within the timeout of " + std::to_string(patience.count()) + " seconds. Streaming input terminated.";
            co_return co_await refuse(socket, "input_timeout_exceeded", std::move(said));
        }
        const auto parsed = message->json();
        if (!message->text || !parsed.is_object()) co_return co_await refuse(socket, "invalid_message", "The message is no JSON object.");
        if (!session->single && parsed.contains("close_socket") && parsed["close_socket"] == true) {
            closing = true;
            for (auto& [id, context] : session->contexts) {
                if (!context) continue;
                context->flush();
                context->closing = true;
                if (context->over || std::exchange(context->speaking, true)) continue;
                socket.spawn(speak_context(world, socket, context, fault));
            }
        } else {
            auto refusal = take(world, socket, *session, parsed, fault);
            if (!refusal.code.empty()) co_return co_await refuse(socket, std::move(refusal.code), std::move(refusal.message));
            closing = session->single && session->contexts.begin()->second->closing;
        }
    }
    while (open_contexts(*session) > 0)
        if (!co_await socket.sleep(std::chrono::milliseconds(5))) co_return;
    std::string reason;
    co_await socket.close(1000, std::move(reason));
}

Task<> elevenlabs_speech_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    const auto format = format_named(request.parameter("output_format"));
    auto text = text_at(body, "text");
    Headers headers{{"request-id", request.id("")},
                    {"character-cost", std::to_string(characters_in(text))},
                    {"current-concurrent-requests", "1"},
                    {"maximum-concurrent-requests", "10"}};
    const auto problem = problem_of(request, body, format);
    if (problem.status != 0) {
        auto said = problem_body(problem);
        co_await out.whole(problem.status, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    const auto action = action_in(request.path);
    const bool timed = action.ends_with("with-timestamps");
    if (!co_await out.sleep(world.settings().first_audio)) co_return;
    auto sound = co_await world.speak(text, *format, fault);
    const double length_ms = static_cast<double>(format->duration(sound.size()).count());
    const auto characters = spoken_characters(text, length_ms);
    auto type = std::string(timed ? "application/json" : format->encoding == WireFormat::Encoding::mulaw ? "audio/basic" : "application/octet-stream");
    if (!co_await out.begin(200, std::move(type), std::move(headers))) co_return;
    double at_ms = 0;
    for (auto& chunk : sound_chunks(world, sound, *format)) {
        const auto lasts = format->duration(chunk.size());
        const auto to_ms = at_ms + static_cast<double>(lasts.count());
        if (timed) chunk = timed_line(chunk, characters, at_ms, to_ms);
        at_ms = to_ms;
        if (!co_await out.item(std::move(chunk), lasts)) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
