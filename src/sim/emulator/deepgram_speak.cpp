// Deepgram's /v1/speak, after its reference: one request a text, and the socket with Speak, Flush, Clear and Close.

#include <deque>

#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::size_t kMostCharacters = 2000;
constexpr std::size_t kMostFlushes = 20;
constexpr std::chrono::seconds kFlushWindow{60}, kIdle{60};

struct Asked {
    WireFormat format;
    bool wav = false;
    std::string model, problem;  // problem: the query is not valid
};

Asked read_query(const EmulatorRequest& request, bool socket) {
    Asked asked;
    asked.model = request.has_parameter("model") ? request.parameter("model") : "aura-asteria-en";
    if (!asked.model.starts_with("aura-")) asked.problem = "No such model/version combination found.";
    const auto encoding = request.has_parameter("encoding") ? request.parameter("encoding") : std::string(socket ? "linear16" : "mp3");
    const bool linear = encoding == "linear16";
    if (!linear && encoding != "mulaw" && encoding != "alaw") {
        asked.problem = "Unsupported audio format: `encoding=" + encoding + "` cannot be made here; linear16, mulaw and alaw can.";
        return asked;
    }
    asked.format.encoding = linear ? WireFormat::Encoding::linear16 : encoding == "mulaw" ? WireFormat::Encoding::mulaw : WireFormat::Encoding::alaw;
    const auto rate = request.parameter("sample_rate");
    asked.format.rate = rate.empty() ? (linear ? 24000 : 8000) : std::atoi(rate.c_str());
    const auto one_of = [&](std::initializer_list<int> rates) { return std::find(rates.begin(), rates.end(), asked.format.rate) != rates.end(); };
    if (linear ? !one_of({8000, 16000, 24000, 32000, 48000}) : !one_of({8000, 16000})) {
        asked.problem = "Unsupported audio format: `sample_rate` is not applicable when `encoding=" + encoding + "`";
        asked.format.rate = 8000;
    }
    const auto container = request.has_parameter("container") ? request.parameter("container") : std::string("wav");
    if (socket && request.has_parameter("container")) asked.problem = "Unsupported audio format: `container` is not applicable";
    if (!socket && container != "wav" && container != "none") {
        asked.problem = "Unsupported audio format: `container` is not applicable when `encoding=" + encoding + "`";
    }
    asked.wav = !socket && container == "wav";
    if (const auto speed = request.parameter("speed"); !speed.empty()) {
        const double value = std::atof(speed.c_str());
        if (value < 0.7 || value > 1.5) asked.problem = "Invalid query parameter: `speed` must be between 0.7 and 1.5";
    }
    return asked;
}

// Shared by the socket's reader and the coroutine that speaks.
struct Speech {
    std::string id;
    WireFormat format;
    std::string buffered;             // spoken with the next Flush
    std::deque<std::string> flushed;  // waiting
    std::deque<TimePoint> flush_times;
    std::uint64_t epoch = 0;  // a Clear begins another
    TimePoint cleared_at{};
    int owed_cleared = 0, sequence = 0;
    bool speaking = false;
};

std::string numbered(std::string_view type, Speech& speech) {
    return json{{"type", type}, {"sequence_id", speech.sequence++}}.dump();
}

// Whether what a Clear has cut still comes.
bool goes_on(const Speech& speech, std::uint64_t epoch, const Fault& fault) {
    if (speech.epoch == epoch || fault.ignore_cancel) return true;
    return fault.late_bytes.count() > 0 && Clock::now() < speech.cleared_at + fault.late_bytes;
}

Task<bool> speak_one(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<Speech> speech, Fault fault, std::string text) {
    const auto epoch = speech->epoch;
    if (!co_await socket.sleep(world.settings().first_audio)) co_return false;
    auto sound = co_await world.speak(std::move(text), speech->format, fault);
    for (auto& chunk : sound_chunks(world, sound, speech->format)) {
        if (!goes_on(*speech, epoch, fault)) break;
        const auto lasts = speech->format.duration(chunk.size());
        if (!co_await socket.item_binary(std::move(chunk), lasts)) co_return false;
    }
    if (speech->epoch == epoch) {
        auto flushed = numbered("Flushed", *speech);
        if (!co_await socket.send_text(std::move(flushed))) co_return false;
        socket.next_response();
    }
    co_return true;
}

// Speaks what is flushed, in order, until nothing is; then it ends, and the next Flush begins another.
Task<> speak_all(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<Speech> speech, Fault fault) {
    while (!speech->flushed.empty()) {
        auto text = std::move(speech->flushed.front());
        speech->flushed.pop_front();
        const bool alive = co_await speak_one(world, socket, speech, fault, std::move(text));
        if (!alive) co_return;
        // What was in flight has left: now the client may be told.
        for (; speech->owed_cleared > 0; --speech->owed_cleared) {
            auto cleared = numbered("Cleared", *speech);
            if (!co_await socket.send_text(std::move(cleared))) co_return;
        }
    }
    speech->speaking = false;
}

Task<bool> flush(EmulatorWorld& world, EmulatorSocket& socket, std::shared_ptr<Speech> speech, Fault fault) {
    auto& times = speech->flush_times;
    const auto now = Clock::now();
    while (!times.empty() && now - times.front() >= kFlushWindow) times.pop_front();
    if (times.size() >= kMostFlushes) {
        auto warning =
            json{{"type", "Warning"}, {"code", "EXCESSIVE_FLUSH"}, {"description", "Too many Flush messages: at most 20 in 60 seconds. It is ignored."}}.dump();
        co_return co_await socket.send_text(std::move(warning));
    }
    times.push_back(now);
    speech->flushed.push_back(std::exchange(speech->buffered, {}));
    if (!std::exchange(speech->speaking, true)) socket.spawn(speak_all(world, socket, speech, fault));
    co_return true;
}

Task<bool> clear(EmulatorSocket& socket, Speech& speech) {
    speech.buffered.clear();
    speech.flushed.clear();
    ++speech.epoch;
    speech.cleared_at = Clock::now();
    if (speech.speaking) {
        ++speech.owed_cleared;
        co_return true;
    }
    auto cleared = numbered("Cleared", speech);
    co_return co_await socket.send_text(std::move(cleared));
}

}  // namespace

Task<> deepgram_speak_socket(EmulatorWorld& world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    const auto asked = read_query(request, true);
    if (!asked.problem.empty()) {
        // The handshake is over when an emulator is asked: what the vendor says in its 400 is said in the close.
        std::string reason = "DATA-0000 " + asked.problem;
        co_return co_await socket.close(1008, std::move(reason));
    }
    auto speech = std::make_shared<Speech>();
    speech->id = request.id("");
    speech->format = asked.format;
    auto metadata = json{
        {"type", "Metadata"},
        {"request_id", speech->id},
        {"model_name", asked.model},
        {"model_version", "2026-01-15.0"},
        {"model_uuid", "5eedbead-0000-4000-8000-000000000001"},
        {"additional_model_uuids",
         json::array()}}.dump();
    if (!co_await socket.send_text(std::move(metadata))) co_return;
    int code = 1000;
    std::string reason;
    while (true) {
        const auto message = co_await socket.receive(Clock::now() + kIdle);
        if (!message && !socket.alive()) co_return;
        if (!message) {
            code = 1011;
            reason = "NET-0001 no message from the client in time";
            break;
        }
        const auto command = message->json();
        const auto type = command.is_object() ? command.value("type", json()) : json();
        bool alive = true;
        if (!message->text) {
            code = 1003;
            reason = "MESSAGE-0000 binary messages are not taken here";
            break;
        }
        if (type == "Speak" && command.contains("text") && command["text"].is_string()) {
            const auto text = command["text"].get<std::string>();
            if (characters_in(text) > kMostCharacters) {
                code = 1009;
                reason = "BIG-0001 the text is longer than 2000 characters";
                break;
            }
            speech->buffered += text;
        } else if (type == "Flush") {
            alive = co_await flush(world, socket, speech, fault);
        } else if (type == "Clear") {
            alive = co_await clear(socket, *speech);
        } else if (type == "Close") {
            break;
        } else {
            code = 1008;
            reason = "DATA-0000 unknown command";
            break;
        }
        if (!alive) co_return;
    }
    co_await socket.close(code, std::move(reason));
}

Task<> deepgram_speak_http(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault) {
    const auto id = request.id("");
    const auto asked = read_query(request, false);
    const auto body = request.json();
    const bool plain = request.header("content-type").starts_with("text/plain");
    std::string text;
    if (plain)
        text = request.body;
    else if (body.is_object() && body.contains("text") && body["text"].is_string())
        text = body["text"].get<std::string>();

    int status = 0;
    std::string code, problem;
    if (request.method != "POST") {
        status = 405;
        code = "METHOD_NOT_ALLOWED";
        problem = "Only POST is allowed.";
    } else if (!asked.problem.empty()) {
        status = 400;
        code = "INVALID_QUERY_PARAMETER";
        problem = asked.problem;
    } else if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        status = 400;
        code = "Bad Request";
        problem = "Input text contains no characters.";
    } else if (characters_in(text) > kMostCharacters) {
        status = 413;
        code = "PAYLOAD_TOO_LARGE";
        problem = "Input text exceeds maximum character limit of 2000.";
    }
    if (status != 0) {
        auto said = json{{"err_code", code}, {"err_msg", problem}, {"request_id", id}}.dump();
        Headers headers{{"dg-request-id", id}, {"dg-error", problem}};
        co_await out.whole(status, "application/json", std::move(said), std::move(headers));
        co_return;
    }
    const char* const names[] = {"mulaw", "linear16", "alaw", "float32"};
    auto type = asked.wav ? std::string("audio/wav")
                          : "audio/" + std::string(names[static_cast<int>(asked.format.encoding)]) + ";rate=" + std::to_string(asked.format.rate);
    Headers headers{{"dg-request-id", id},
                    {"dg-model-name", asked.model},
                    {"dg-model-uuid", "5eedbead-0000-4000-8000-000000000001"},
                    {"dg-char-count", std::to_string(characters_in(text))}};
    if (!co_await out.sleep(world.settings().first_audio)) co_return;
    auto sound = co_await world.speak(std::move(text), asked.format, fault);
    if (!co_await out.begin(200, std::move(type), std::move(headers))) co_return;
    if (asked.wav) {
        auto header = wav_header(asked.format, sound.size());
        if (!co_await out.send(std::move(header))) co_return;
    }
    for (auto& chunk : sound_chunks(world, sound, asked.format)) {
        const auto lasts = asked.format.duration(chunk.size());
        if (!co_await out.item(std::move(chunk), lasts)) co_return;
    }
    co_await out.end();
}

}  // namespace parley::sim
