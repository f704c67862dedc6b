// Turns of both families: universal-streaming (final words in the transcript, the rest in `words`, a formatted
// repetition when asked for) and U3 (SpeechStarted, partials that may end in a dash, one formatted end). Messages under
// 50 ms or over 1000 ms of sound end the session.

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <cstdlib>

#include "assemblyai.hpp"
#include "listening.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string dumped(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

// "do you have tuesday" -> "Do you have tuesday."
std::string formatted(std::string text) {
    if (text.empty()) return text;
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text + ".";
}

class TurnTeller final : public SttTeller {
public:
    TurnTeller(EmulatorSocket& socket, const EmulatorRequest& request) : socket_(socket) {
        const auto model = request.parameter("speech_model");
        u3_ = model.starts_with("universal-3") || model.starts_with("u3");
        format_ = request.parameter("format_turns") == "true";
    }

    Task<bool> started(milliseconds at) override {
        if (!u3_) co_return true;
        auto text = dumped({{"type", "SpeechStarted"}, {"timestamp", at.count()}, {"confidence", 0.9}});
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> interim(Utterance utterance) override {
        auto text = u3_ ? turn(utterance, utterance.text + "\u2014", false, false, 0, 0) : turn(utterance, all_but_last(utterance.text), false, false, 0.1, 1);
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> final(Utterance utterance) override {
        if (utterance.text.empty()) co_return true;  // nobody's turn
        if (utterance.number != told_) ++order_;     // double_final: the same turn again
        told_ = utterance.number;
        auto text = u3_ ? turn(utterance, formatted(utterance.text), true, true, 1, 0) : turn(utterance, utterance.text, true, false, 0.8, 0);
        if (!co_await socket_.item(std::move(text))) co_return false;
        if (u3_ || !format_) co_return true;
        auto again = turn(utterance, formatted(utterance.text), true, true, 0.8, 0);
        co_return co_await socket_.item(std::move(again));
    }

    Task<bool> noted(std::string what) override {
        const auto seconds = std::atol(what.c_str()) / 1000;
        auto text = dumped({{"type", "Termination"}, {"audio_duration_seconds", seconds}, {"session_duration_seconds", seconds}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        std::string reason;
        co_await socket_.close(1000, std::move(reason));
        co_return false;
    }

private:
    static std::string all_but_last(const std::string& text) {
        const auto space = text.rfind(' ');
        return space == std::string::npos ? std::string{} : text.substr(0, space);
    }

    // The last `open` words are not final.
    std::string turn(const Utterance& utterance, const std::string& transcript, bool end, bool is_formatted, double sure, std::size_t open) const {
        auto words = json::array();
        const auto all = timed_words(utterance);
        for (std::size_t i = 0; i < all.size(); ++i)
            words.push_back({{"text", all[i].word},
                             {"word_is_final", end || (!u3_ && i + open < all.size())},
                             {"start", static_cast<long>(all[i].start * 1000)},
                             {"end", static_cast<long>(all[i].end * 1000)},
                             {"confidence", utterance.confidence}});
        return dumped({{"type", "Turn"},
                       {"turn_order", order_ - (end ? 1 : 0)},
                       {"turn_is_formatted", is_formatted},
                       {"end_of_turn", end},
                       {"transcript", transcript},
                       {"utterance", end ? transcript : ""},
                       {"end_of_turn_confidence", sure},
                       {"words", std::move(words)}});
    }

    EmulatorSocket& socket_;
    bool u3_ = false, format_ = false;
    int order_ = 0, told_ = -1;
};

Task<> fail(EmulatorSocket& socket, int code, std::string why) {
    auto text = dumped({{"type", "Error"}, {"error_code", code}, {"error", why}});
    (void)co_await socket.send_text(std::move(text));
    co_await socket.close(code, std::move(why));
}

}  // namespace

Task<> assemblyai_streaming(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    const auto spelled = request.has_parameter("encoding") ? request.parameter("encoding") : std::string("pcm_s16le");
    const int rate = request.has_parameter("sample_rate") ? std::atoi(request.parameter("sample_rate").c_str()) : 16000;
    const auto format = wire_format(spelled, rate);
    if (!format) {
        std::string why = "Invalid Message: encoding or sample_rate";
        co_await fail(socket, 3006, std::move(why));
        co_return;
    }
    auto begin = dumped({{"type", "Begin"}, {"id", request.id("")}, {"expires_at", 1790010800}});
    if (!co_await socket.send_text(std::move(begin))) co_return;
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    if (const int asked = std::atoi(request.parameter("min_turn_silence").c_str()); asked > 0) settings.endpointing = milliseconds(asked);
    const auto executor = co_await asio::this_coro::executor;
    auto teller = std::make_shared<TurnTeller>(socket, request);
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    const int inactivity = std::atoi(request.parameter("inactivity_timeout").c_str());
    while (true) {
        const auto deadline = inactivity > 0 ? Clock::now() + std::chrono::seconds(inactivity) : TimePoint::max();
        auto message = co_await socket.receive(deadline);
        if (!message) {
            if (!socket.alive()) co_return;
            std::string why = "Session Expired: nothing was received";
            co_await fail(socket, 3008, std::move(why));
            co_return;
        }
        if (!message->text) {
            const auto length = format->duration(message->payload.size());
            if (length < milliseconds(50) || length > milliseconds(1000)) {
                std::string why = "Input duration violation: " + std::to_string(length.count()) + " ms. Expected between 50 and 1000 ms";
                co_await fail(socket, 3007, std::move(why));
                co_return;
            }
            if (!co_await listening.sound(std::move(message->payload))) co_return;
            continue;
        }
        const auto json = message->json();
        const std::string type = json.is_object() && json.contains("type") && json["type"].is_string() ? json["type"].get<std::string>() : "";
        if (type == "ForceEndpoint") {
            co_await listening.commit();
        } else if (type == "UpdateConfiguration") {
            if (json.contains("min_turn_silence") && json["min_turn_silence"].is_number_integer())
                listening.set_endpointing(milliseconds(std::clamp(json["min_turn_silence"].get<long>(), 20L, 60000L)));
        } else if (type == "Terminate") {
            co_await listening.commit();
            listening.note(std::to_string(listening.position().count()));
        } else if (type != "KeepAlive") {
            std::string why = json.is_discarded() ? "Invalid JSON: it cannot be read" : "Invalid Message Type: " + type;
            co_await fail(socket, 3006, std::move(why));
            co_return;
        }
    }
}

}  // namespace parley::sim
