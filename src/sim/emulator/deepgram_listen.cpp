// Live recognition: interim and final results, endpoints, utterance ends, Finalize, KeepAlive, CloseStream.

#include <cstdlib>

#include <boost/asio/this_coro.hpp>

#include "deepgram.hpp"
#include "listening.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr auto kIdle = std::chrono::seconds(10);

double seconds(milliseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

class ListenTeller final : public SttTeller {
public:
    ListenTeller(EmulatorSocket& socket, const EmulatorRequest& request)
        : socket_(socket),
          id_(request.id("")),
          model_(request.parameter("model")),
          interims_(request.parameter("interim_results") == "true"),
          vad_events_(request.parameter("vad_events") == "true"),
          endpoints_(request.parameter("endpointing") != "false"),
          punctuate_(request.parameter("punctuate") == "true" || request.parameter("smart_format") == "true") {}

    Task<bool> started(milliseconds at) override {
        if (!vad_events_) co_return true;
        auto text = json{{"type", "SpeechStarted"}, {"channel", json::array({0, 1})}, {"timestamp", seconds(at)}}.dump();
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> interim(Utterance utterance) override {
        if (!interims_) co_return true;
        auto text = results(utterance, false, false, false);
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> final(Utterance utterance) override {
        // What was asked to be finalised is marked so, whether the pause or the message came first.
        const bool asked = utterance.forced;
        if (utterance.number == told_) settled_ = start_;  // double_final: the same range again
        told_ = utterance.number;
        start_ = settled_;
        auto text = results(utterance, true, endpoints_ && !asked, asked);
        settled_ = utterance.to;
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> noted(std::string what) override {
        std::string text;
        if (what == "utterance_end") {
            text = json{{"type", "UtteranceEnd"}, {"channel", json::array({0, 1})}, {"last_word_end", seconds(settled_)}}.dump();
            co_return co_await socket_.send_text(std::move(text));
        }
        if (what == "finalize") {
            Utterance nothing;
            nothing.from = nothing.to = settled_;
            text = results(nothing, true, false, true);
            co_return co_await socket_.item(std::move(text));
        }
        text = json{{"type", "Metadata"},
                    {"transaction_key", "deprecated"},
                    {"request_id", id_},
                    {"sha256", std::string(64, '0')},
                    {"created", "2026-01-01T10:00:00.000Z"},
                    {"duration", seconds(settled_)},
                    {"channels", 1},
                    {"models", json::array({"00000000-0000-4000-8000-000000000000"})},
                    {"model_info", {{"00000000-0000-4000-8000-000000000000", model_info()}}}}
                   .dump();
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        std::string reason;
        co_await socket_.close(1000, std::move(reason));
        co_return false;
    }

private:
    [[nodiscard]] json model_info() const { return {{"name", "general-" + model_}, {"version", "2025-04-17.21547"}, {"arch", model_}}; }

    [[nodiscard]] std::string results(const Utterance& utterance, bool final, bool speech_final, bool from_finalize) const {
        auto words = json::array();
        for (const auto& word : timed_words(utterance)) {
            json one{{"word", word.word}, {"start", word.start}, {"end", word.end}, {"confidence", utterance.confidence}};
            if (punctuate_) one["punctuated_word"] = word.word;
            words.push_back(std::move(one));
        }
        json said{{"transcript", utterance.text}, {"confidence", utterance.confidence}, {"words", std::move(words)}};
        const json message{{"type", "Results"},
                           {"channel_index", json::array({0, 1})},
                           {"start", seconds(settled_)},
                           {"duration", seconds(utterance.to - settled_)},
                           {"is_final", final},
                           {"speech_final", speech_final},
                           {"from_finalize", from_finalize},
                           {"channel", {{"alternatives", json::array({std::move(said)})}}},
                           {"metadata", {{"request_id", id_}, {"model_info", model_info()}, {"model_uuid", "00000000-0000-4000-8000-000000000000"}}}};
        return message.dump(-1, ' ', false, json::error_handler_t::replace);
    }

    EmulatorSocket& socket_;
    std::string id_, model_;
    bool interims_, vad_events_, endpoints_, punctuate_;
    milliseconds settled_{0}, start_{0};
    int told_ = -1;
};

}  // namespace

Task<> deepgram_listen(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    const auto format = wire_format(request.parameter("encoding"), std::atoi(request.parameter("sample_rate").c_str()));
    if (!format || request.parameter("model").empty()) {
        std::string reason = "DATA-0000";
        co_await socket.close(1008, std::move(reason));
        co_return;
    }
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    const milliseconds utterance_end(std::atoi(request.parameter("utterance_end_ms").c_str()));
    if (const int asked = std::atoi(request.parameter("endpointing").c_str()); asked > 0) settings.endpointing = milliseconds(asked);
    if (request.parameter("endpointing") == "false") settings.endpointing = std::max(utterance_end, milliseconds(1000));
    const auto executor = co_await asio::this_coro::executor;
    auto teller = std::make_shared<ListenTeller>(socket, request);
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    milliseconds ended_at{0};  // the utterance whose end was announced
    auto deadline = Clock::now() + kIdle;
    while (true) {
        auto message = co_await socket.receive(deadline);
        if (!message) {
            if (!socket.alive()) co_return;
            std::string reason = "NET-0001";
            co_await socket.close(1011, std::move(reason));
            co_return;
        }
        deadline = Clock::now() + kIdle;
        if (!message->text && !message->payload.empty()) {
            if (!co_await listening.sound(std::move(message->payload))) co_return;
            const auto last = listening.last_end();
            const bool due = utterance_end.count() > 0 && last > ended_at && !listening.speaking() && listening.position() >= last + utterance_end;
            if (due) {
                ended_at = last;
                listening.note("utterance_end");
            }
            continue;
        }
        std::string type = "CloseStream";  // so is an empty binary message
        if (message->text) {
            const auto json = message->json();
            type = json.is_object() && json.contains("type") && json["type"].is_string() ? json["type"].get<std::string>() : "";
        }
        if (type == "Finalize") {
            const bool running = co_await listening.commit();
            if (!running) listening.note("finalize");
        } else if (type == "CloseStream") {
            co_await listening.commit();
            listening.note("close");
        } else if (type != "KeepAlive") {
            std::string reason = "DATA-0000";
            co_await socket.close(1008, std::move(reason));
            co_return;
        }
    }
}

}  // namespace parley::sim
