// Cartesia's text to speech, after its reference: the socket with many contexts, /tts/bytes and /tts/sse.

#include <algorithm>
#include <deque>
#include <map>

#include "parley/sim/base64.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::string_view kPlainVoiceSince = "2026-08-14";
constexpr std::chrono::minutes kIdle{5};

std::string text_at(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string{};
}
bool true_at(const json& object, const char* key) {
    return object.contains(key) && object[key] == true;
}

std::string version_of(const EmulatorRequest& request) {
    const auto query = request.parameter("cartesia_version");
    return query.empty() ? request.header("cartesia-version") : query;
}

std::string voice_of(const json& request) {
    if (!request.contains("voice")) return {};
    return request["voice"].is_object() ? text_at(request["voice"], "id") : text_at(request, "voice");
}

struct Asked {
    WireFormat format;
    bool wav = false;
    std::string problem;
};

Asked read_request(const json& request, const std::string& version, bool socket) {
    Asked asked;
    const auto wrong = [&](std::string why) {
        asked.problem = std::move(why);
        return asked;
    };
    if (!text_at(request, "model_id").starts_with("sonic")) return wrong("model_id is missing or unknown.");
    if (!request.contains("transcript") || !request["transcript"].is_string()) return wrong("transcript must be a string.");
    if (voice_of(request).empty() || voice_of(request).starts_with("unknown")) return wrong("The voice was not found.");
    if (request["voice"].is_string() && version < kPlainVoiceSince) return wrong("voice must be an object with mode and id in this version of the API.");
    if (request["voice"].is_object() && request["voice"].contains("mode") && version >= kPlainVoiceSince)
        return wrong("voice.mode does not exist in this version of the API.");
    if (request.contains("language") && request.contains("locale")) return wrong("Only one of language and locale may be given.");
    if (request.contains("max_buffer_delay_ms")) {
        const auto& delay = request["max_buffer_delay_ms"];
        if (!delay.is_number() || delay.get<double>() < 0 || delay.get<double>() > 5000) return wrong("max_buffer_delay_ms must be from 0 to 5000.");
    }
    if (!request.contains("output_format") || !request["output_format"].is_object()) return wrong("output_format is missing.");
    const auto& format = request["output_format"];
    const auto container = text_at(format, "container");
    if (container != "raw" && (socket || container != "wav")) return wrong("output_format.container cannot be '" + container + "' here.");
    asked.wav = container == "wav";
    const std::map<std::string, WireFormat::Encoding> encodings{{"pcm_mulaw", WireFormat::Encoding::mulaw},
                                                                {"pcm_alaw", WireFormat::Encoding::alaw},
                                                                {"pcm_s16le", WireFormat::Encoding::linear16},
                                                                {"pcm_f32le", WireFormat::Encoding::float32}};
    const auto encoding = encodings.find(text_at(format, "encoding"));
    if (encoding == encodings.end()) return wrong("output_format.encoding is missing or unknown.");
    asked.format.encoding = encoding->second;
    asked.format.rate = format.contains("sample_rate") && format["sample_rate"].is_number_integer() ? format["sample_rate"].get<int>() : 0;
    const auto rates = {8000, 16000, 22050, 24000, 44100, 48000};
    if (std::find(rates.begin(), rates.end(), asked.format.rate) == rates.end()) return wrong("output_format.sample_rate is missing or not supported.");
    return asked;
}

std::string error_text(const std::string& context, int status, std::string_view title, const std::string& why, const std::string& request_id) {
    json error{{"type", "error"},          {"status_code", status}, {"title", title}, {"message", why}, {"error_code", "invalid_request"},
               {"request_id", request_id}, {"done", true}};
    if (!context.empty()) error["context_id"] = context;
    return error.dump();
}

struct Context {
    std::string id;
    WireFormat format;
    json shape;                       // what must be the same in every message of the context
    std::deque<std::string> waiting;  // transcripts; an empty one is a flush
    bool timestamps = false, speaking = false, ended = false, cancelled = false, over = false;
    TimePoint cancelled_at{};
    double at_ms = 0;  // of its audio so far
    int flushes = 0;
};

bool goes_on(const Context& context, const Fault& fault) {
    if (!context.cancelled || fault.ignore_cancel) return true;
    return fault.late_bytes.count() > 0 && Clock::now() < context.cancelled_at + fault.late_bytes;
}

std::string words_text(const Context& context, const std::vector<SpokenPart>& words, double from_ms, double to_ms) {
    json found{{"words", json::array()}, {"start", json::array()}, {"end", json::array()}};
    for (const auto& word : words) {
        if (word.from_ms < from_ms || word.from_ms >= to_ms) continue;
        found["words"].push_back(word.text);
        found["start"].push_back((context.at_ms + word.from_ms - from_ms) / 1000);
        found["end"].push_back((context.at_ms + word.to_ms - from_ms) / 1000);
    }
    if (found["words"].empty()) return {};
    return json{{"type", "timestamps"}, {"context_id", context.id}, {"word_timestamps", found}, {"done", false}, {"status_code", 206}}.dump();
}

Task<bool> speak_piece(EmulatorWorld& world, EmulatorSocket& socket, Context& context, Fault fault, std::string text) {
    if (!co_await socket.sleep(world.settings().first_audio)) co_return false;
    auto sound = co_await world.speak(text, context.format, fault);
    const auto words = spoken_words(text, static_cast<double>(context.format.duration(sound.size()).count()));
    double at_ms = 0;
    for (const auto& chunk : sound_chunks(world, sound, context.format)) {
        if (!goes_on(context, fault)) co_return true;
        const auto lasts = context.format.duration(chunk.size());
        const auto to_ms = at_ms + static_cast<double>(lasts.count());
        auto bytes =
            json{{"type", "chunk"}, {"context_id", context.id}, {"data", base64(chunk)}, {"done", false}, {"status_code", 206}, {"step_time", 12.5}}.dump();
        if (!co_await socket.item(std::move(bytes), lasts)) co_return false;
        auto timed = context.timestamps ? words_text(context, words, at_ms, to_ms) : std::string{};
        if (!timed.empty() && !co_await socket.send_text(std::move(timed))) co_return false;
        context.at_ms += to_ms - at_ms;
        at_ms = to_ms;
    }
    co_return true;
}

Task<> speak_waiting(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<Context> context, Fault fault) {
    while (!context->waiting.empty()) {
        auto text = std::move(context->waiting.front());
        context->waiting.pop_front();
        if (text.empty()) {
            auto flushed = json{{"type", "flush_done"}, {"context_id", context->id}, {"flush_id", ++context->flushes}, {"flush_done", true},
                                {"done", false},        {"status_code", 206}}
                               .dump();
            if (!co_await socket.send_text(std::move(flushed))) co_return;
            continue;
        }
        const bool alive = co_await speak_piece(world, socket, *context, fault, std::move(text));
        if (!alive) co_return;
    }
    context->speaking = false;
    if (!context->ended || context->over) co_return;
    context->over = true;
    if (context->cancelled) co_return;  // no acknowledgement is specified
    auto done = json{{"type", "done"}, {"context_id", context->id}, {"done", true}, {"status_code", 200}}.dump();
    const bool sent = co_await socket.send_text(std::move(done));
    if (sent) socket.next_response();
}

using Contexts = std::map<std::string, std::shared_ptr<Context>>;

// What one message does; the answer is an error message, or empty.
std::string take(EmulatorWorld& world, EmulatorSocket& socket, Contexts& contexts, const EmulatorRequest& upgrade, const json& message, const Fault& fault) {
    const auto id = text_at(message, "context_id");
    const auto wrong = [&](const std::string& why) { return error_text(id, 400, "Bad request", why, upgrade.id("req_")); };
    if (id.empty()) return wrong("context_id is missing.");
    auto& place = contexts[id];
    if (true_at(message, "cancel")) {
        if (message.size() != 2) return wrong("A cancel message holds context_id and cancel alone.");
        if (!place || place->over) return {};
        place->cancelled = place->ended = true;
        place->cancelled_at = Clock::now();
        place->waiting.clear();
        return {};
    }
    const auto asked = read_request(message, version_of(upgrade), true);
    if (!asked.problem.empty()) return wrong(asked.problem);
    if (place && (place->over || place->cancelled || place->ended)) return wrong("The context is closed or expired.");
    auto shape = message;
    for (const char* key : {"transcript", "continue", "flush", "duration"}) shape.erase(key);
    if (!place) {
        place = std::make_shared<Context>();
        place->id = id;
        place->format = asked.format;
        place->shape = shape;
        place->timestamps = true_at(message, "add_timestamps");
    } else if (place->shape != shape) {
        return wrong("Every field but transcript, continue and flush must be the same in all messages of a context.");
    }
    auto& context = *place;
    if (const auto text = text_at(message, "transcript"); !text.empty()) context.waiting.push_back(text);
    if (true_at(message, "flush")) context.waiting.emplace_back();
    if (!true_at(message, "continue")) context.ended = true;
    if (!context.speaking && (context.ended || !context.waiting.empty())) {
        context.speaking = true;
        socket.spawn(speak_waiting(world, socket, place, fault));
    }
    return {};
}

}  // namespace

bool cartesia_sonic_path(std::string_view path) {
    return path == "/tts/websocket" || path == "/tts/bytes" || path == "/tts/sse";
}

Task<> cartesia_sonic_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto contexts = std::make_shared<Contexts>();
    while (true) {
        const auto message = co_await socket.receive(Clock::now() + kIdle);
        if (!message) break;
        const auto parsed = message->json();
        std::string error;
        if (!message->text || !parsed.is_object())
            error = error_text({}, 400, "Bad request", "The message is no JSON object.", request.id("req_"));
        else
            error = take(world, socket, *contexts, request, parsed, fault);
        if (!error.empty() && !co_await socket.send_text(std::move(error))) co_return;
    }
    std::string reason = "idle";
    if (socket.alive()) co_await socket.close(1000, std::move(reason));
}

Task<> cartesia_sonic_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto body = request.json();
    const auto version = version_of(request);
    Asked asked;
    int status = 400;
    if (request.method != "POST") {
        status = 405;
        asked.problem = "Only POST is allowed.";
    } else if (version.empty()) {
        asked.problem = "The Cartesia-Version header is missing.";
    } else if (!body.is_object()) {
        asked.problem = "The body is no JSON object.";
    } else {
        asked = read_request(body, version, false);
    }
    if (!asked.problem.empty()) {
        auto said = json{
            {"title", "Bad request"},
            {"message", asked.problem},
            {"error_code", "invalid_request"},
            {"request_id", request.id("req_")},
            {"status_code",
             status}}.dump();
        co_await out.whole(status, "application/json", std::move(said));
        co_return;
    }
    const bool events = request.path == "/tts/sse";
    if (!co_await out.sleep(world.settings().first_audio)) co_return;
    auto sound = co_await world.speak(text_at(body, "transcript"), asked.format, fault);
    auto type = std::string(events ? "text/event-stream" : asked.wav ? "audio/wav" : "application/octet-stream");
    if (!co_await out.begin(200, std::move(type))) co_return;
    if (asked.wav && !events) {
        auto header = wav_header(asked.format, sound.size());
        if (!co_await out.send(std::move(header))) co_return;
    }
    const auto id = request.id("ctx_");
    for (auto& chunk : sound_chunks(world, sound, asked.format)) {
        const auto lasts = asked.format.duration(chunk.size());
        if (events)
            chunk = "event: chunk\ndata: " +
                    json{{"type", "chunk"}, {"context_id", id}, {"data", base64(chunk)}, {"done", false}, {"status_code", 206}, {"step_time", 12.5}}.dump() +
                    "\n\n";
        if (!co_await out.item(std::move(chunk), lasts)) co_return;
    }
    if (events) {
        auto done = "event: done\ndata: " + json{{"type", "done"}, {"context_id", id}, {"done", true}, {"status_code", 200}}.dump() + "\n\n";
        if (!co_await out.send(std::move(done))) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
