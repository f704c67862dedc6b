// A realtime transcription session: session.update, appended sound, commits by the client or by server_vad, deltas,
// completed.

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <deque>

#include "listening.hpp"
#include "openai.hpp"
#include "parley/sim/base64.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string dumped(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

class ItemTeller final : public SttTeller {
public:
    ItemTeller(EmulatorSocket& socket, std::uint64_t number) : socket_(socket), stem_(std::to_string(number)) { next_item(); }

    bool vad = false;
    bool streams = false;  // deltas while the sound comes

    [[nodiscard]] json event(const char* type) { return {{"type", type}, {"event_id", "event_" + stem_ + "_" + std::to_string(++events_)}}; }
    Task<bool> send(json message) {
        auto text = dumped(message);
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<bool> complain(std::string kind, json code, std::string said, json about) {
        auto message = event("error");
        message["error"] = {{"type", kind}, {"code", std::move(code)}, {"message", said}, {"param", nullptr}, {"event_id", std::move(about)}};
        co_return co_await send(std::move(message));
    }

    // The buffer becomes an item.
    Task<bool> committed() {
        auto message = event("input_audio_buffer.committed");
        message["item_id"] = item_;
        message["previous_item_id"] = previous_.empty() ? json(nullptr) : json(previous_);
        if (!co_await send(std::move(message))) co_return false;
        auto added = event("conversation.item.added");
        json content{{"type", "input_audio"}, {"transcript", nullptr}};
        added["previous_item_id"] = previous_.empty() ? json(nullptr) : json(previous_);
        added["item"] = {{"id", item_},    {"object", "realtime.item"},        {"type", "message"}, {"status", "completed"},
                         {"role", "user"}, {"content", json::array({content})}};
        previous_ = item_;
        next_item();
        co_return co_await send(std::move(added));
    }
    [[nodiscard]] const std::string& item() const { return item_; }
    void begin_anew() { told_ = -1; }  // utterances are counted from 0 again

    Task<bool> started(milliseconds at) override {
        if (!vad) co_return true;
        auto message = event("input_audio_buffer.speech_started");
        message["audio_start_ms"] = at.count();
        message["item_id"] = item_;
        co_return co_await send(std::move(message));
    }

    Task<bool> stopped(Utterance utterance) override {
        owners_.push_back(item_);
        if (!vad || utterance.forced) co_return true;
        auto message = event("input_audio_buffer.speech_stopped");
        message["audio_end_ms"] = utterance.to.count();
        message["item_id"] = item_;
        if (!co_await send(std::move(message))) co_return false;
        co_return co_await committed();
    }

    Task<bool> final(Utterance utterance) override {
        const bool again = utterance.number == told_;  // double_final
        told_ = utterance.number;
        if (!again && !owners_.empty()) {
            owner_ = owners_.front();
            owners_.pop_front();
        }
        const auto owner = owner_;
        if (vad && !utterance.forced) co_return co_await complete(owner, utterance.text, !utterance.text.empty());
        if (again) co_return true;
        const auto delta = (text_.empty() || utterance.text.empty() ? "" : " ") + utterance.text;
        text_ += delta;
        if (!streams || delta.empty()) co_return true;
        co_return co_await tell_delta(owner, delta);
    }

    // "commit <item>": the client's own commit, everything of it has been heard.
    Task<bool> noted(std::string what) override {
        const auto owner = what.substr(what.find(' ') + 1);
        const auto text = std::exchange(text_, {});
        co_return co_await complete(owner, text, !streams);
    }

private:
    void next_item() { item_ = "item_" + stem_ + "_" + std::to_string(++items_); }

    Task<bool> tell_delta(std::string owner, std::string delta) {
        auto message = event("conversation.item.input_audio_transcription.delta");
        message["item_id"] = owner;
        message["content_index"] = 0;
        message["delta"] = delta;
        auto text = dumped(message);
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> complete(std::string owner, std::string said, bool with_deltas) {
        if (with_deltas) {
            for (auto& delta : text_deltas(said)) {
                if (!co_await tell_delta(owner, std::move(delta))) co_return false;
            }
        }
        auto message = event("conversation.item.input_audio_transcription.completed");
        message["item_id"] = owner;
        message["content_index"] = 0;
        message["transcript"] = said;
        message["usage"] = {{"type", "duration"}, {"seconds", 1}};
        auto text = dumped(message);
        if (!co_await socket_.item(std::move(text))) co_return false;
        auto done = event("conversation.item.done");
        json content{{"type", "input_audio"}, {"transcript", said}};
        done["item"] = {{"id", owner},    {"object", "realtime.item"},        {"type", "message"}, {"status", "completed"},
                        {"role", "user"}, {"content", json::array({content})}};
        co_return co_await send(std::move(done));
    }

    EmulatorSocket& socket_;
    std::string stem_, item_, previous_, text_, owner_;
    std::deque<std::string> owners_;  // of the utterances that have not been told
    int items_ = 0, events_ = 0, told_ = -1;
};

json member(const json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : json(nullptr);
}
std::string text_of(const json& object, const char* key) {
    const auto found = member(object, key);
    return found.is_string() ? found.get<std::string>() : std::string{};
}

struct Session {
    json state;
    ListeningSettings settings;
    bool vad = true;
    std::string model;
    std::string wrong, code;  // what is wrong with the update
};

// What session.update asks for, as far as recognition goes.
Session read_session(const json& wanted, json state, ListeningSettings settings) {
    Session out{std::move(state), settings, true, {}, {}, {}};
    if (text_of(wanted, "type") != "transcription") {
        out.code = wanted.is_object() && wanted.contains("type") ? "invalid_value" : "missing_required_parameter";
        out.wrong = "Missing required parameter: 'session.type'.";
        return out;
    }
    const auto input = member(member(wanted, "audio"), "input");
    const auto format = member(input, "format");
    if (format.is_object()) {
        const auto type = text_of(format, "type");
        const int rate = type == "audio/pcm" ? (format.contains("rate") && format["rate"].is_number_integer() ? format["rate"].get<int>() : 24000) : 8000;
        const auto wire = wire_format(type, rate);
        if (!wire) {
            out.code = "invalid_value";
            out.wrong = "Invalid value: 'session.audio.input.format'.";
            return out;
        }
        out.settings.format = *wire;
    }
    out.model = text_of(member(input, "transcription"), "model");
    const bool streaming = out.model == "gpt-realtime-whisper" || out.model == "gpt-live-transcribe";
    if (input.is_object() && input.contains("turn_detection")) {
        const auto turns = input["turn_detection"];
        out.vad = turns.is_object();
        if (turns.is_object() && turns.contains("silence_duration_ms") && turns["silence_duration_ms"].is_number_integer())
            out.settings.endpointing = milliseconds(std::clamp(turns["silence_duration_ms"].get<long>(), 20L, 60000L));
    } else if (streaming) {
        out.vad = false;
    }
    if (out.vad && streaming) {
        out.code = "invalid_value";
        out.wrong = "'turn_detection' is not supported by " + out.model + ".";
        return out;
    }
    out.state["audio"] = member(wanted, "audio");
    return out;
}

}  // namespace

Task<> openai_transcribe(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto teller = std::make_shared<ItemTeller>(socket, request.number);
    if (!request.header("openai-beta").empty()) {
        std::string kind = "invalid_request_error", said = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.";
        (void)co_await teller->complain(std::move(kind), "beta_api_shape_disabled", said, nullptr);
        co_await socket.close(4000, std::move(said));
        co_return;
    }
    json state{{"id", request.id("sess_")}, {"object", "realtime.transcription_session"}, {"type", "transcription"}, {"expires_at", 1790003600}};
    auto created = teller->event("session.created");
    created["session"] = state;
    if (!co_await teller->send(std::move(created))) co_return;
    ListeningSettings settings;
    settings.format = WireFormat{WireFormat::Encoding::linear16, 24000};
    settings.endpointing = world->settings().endpointing;
    settings.interims = false;  // its deltas are the interims
    const auto executor = co_await asio::this_coro::executor;
    auto listening = std::make_unique<Listening>(socket, world, settings, fault, teller, executor);
    std::size_t buffered = 0;
    while (true) {
        auto message = co_await socket.receive();
        if (!message) co_return;
        const auto json = message->json();
        const auto type = text_of(json, "type");
        const auto about = member(json, "event_id");
        std::string kind = "invalid_request_error", code, wrong;
        if (type == "session.update") {
            auto session = read_session(member(json, "session"), state, settings);
            code = session.code;
            wrong = session.wrong;
            if (wrong.empty()) {
                state = std::move(session.state);
                teller->vad = session.vad;
                teller->streams = session.model == "gpt-realtime-whisper" || session.model == "gpt-live-transcribe";
                settings = session.settings;
                teller->begin_anew();
                listening = std::make_unique<Listening>(socket, world, settings, fault, teller, executor);
                auto updated = teller->event("session.updated");
                updated["session"] = state;
                if (!co_await teller->send(std::move(updated))) co_return;
            }
        } else if (type == "input_audio_buffer.append") {
            const auto audio = text_of(json, "audio");
            if (auto bytes = from_base64(audio)) {
                buffered += bytes->size();
                std::string sound(bytes->begin(), bytes->end());
                if (!co_await listening->sound(std::move(sound))) co_return;
                if (teller->vad && !listening->speaking()) buffered = 0;
            } else {
                code = "invalid_value";
                wrong = "Invalid 'audio'. Expected base64-encoded audio bytes.";
            }
        } else if (type == "input_audio_buffer.commit") {
            if (settings.format.duration(buffered) < milliseconds(100)) {
                code = "input_audio_buffer_commit_empty";
                wrong =
                    "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but "
                    "buffer only has " +
                    std::to_string(settings.format.duration(buffered).count()) + ".00ms of audio.";
            } else {
                buffered = 0;
                co_await listening->commit();
                auto note = "commit " + teller->item();
                if (!co_await teller->committed()) co_return;
                listening->note(std::move(note));
            }
        } else if (type == "input_audio_buffer.clear") {
            buffered = 0;
            auto cleared = teller->event("input_audio_buffer.cleared");
            if (!co_await teller->send(std::move(cleared))) co_return;
        } else {
            code = json.is_discarded() || type.empty() ? "invalid_event" : "invalid_value";
            wrong = type.empty() ? "The 'type' field is missing." : "Invalid value: '" + type + "'.";
        }
        if (wrong.empty()) continue;
        if (!co_await teller->complain(std::move(kind), code, std::move(wrong), about)) co_return;
    }
}

}  // namespace parley::sim
