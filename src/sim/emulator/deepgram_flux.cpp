// Flux: turns in the model. StartOfTurn as soon as there is a voice, Updates while it speaks and when it is understood, EagerEndOfTurn and
// TurnResumed when asked for, EndOfTurn.

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <cstdlib>

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

class FluxTeller final : public SttTeller {
public:
    FluxTeller(EmulatorSocket& socket, const EmulatorRequest& request) : socket_(socket), id_(request.id("")) {}

    void end_by(const std::string& trigger) { trigger_ = trigger; }
    void closing() { closing_ = true; }

    Task<bool> connected() {
        auto text = base("Connected").dump();
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<bool> configured(json echo) {
        auto message = base("ConfigureSuccess");
        message.update(echo);
        auto text = message.dump();
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<bool> failed(std::string code, std::string description) {
        auto message = base("Error");
        message["code"] = code;
        message["description"] = description;
        auto text = message.dump();
        (void)co_await socket_.send_text(std::move(text));
        std::string reason;
        co_await socket_.close(1011, std::move(reason));
        co_return false;
    }

    Task<bool> started(milliseconds at) override {
        Utterance turn;
        turn.number = next_turn_;
        turn.from = turn.to = at;
        auto text = info("StartOfTurn", turn).dump();
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<bool> stopped(Utterance utterance) override {
        next_turn_ = utterance.number + 1;
        co_return true;
    }
    Task<bool> interim(Utterance utterance) override { return tell("Update", std::move(utterance)); }
    Task<bool> eager(Utterance utterance) override { return tell("EagerEndOfTurn", std::move(utterance)); }
    Task<bool> resumed(Utterance utterance) override {
        if (utterance.text.empty()) co_return true;  // nothing was said about it
        co_return co_await tell("TurnResumed", std::move(utterance));
    }
    Task<bool> final(Utterance utterance) override { return tell(closing_ ? "Update" : "EndOfTurn", std::move(utterance)); }
    Task<bool> noted(std::string) override {
        std::string reason;
        co_await socket_.close(0, std::move(reason));  // a close frame without a status
        co_return false;
    }

private:
    json base(const char* type) { return {{"type", type}, {"request_id", id_}, {"sequence_id", sequence_++}}; }

    json info(const char* event, const Utterance& turn) {
        auto message = base("TurnInfo");
        auto words = json::array();
        for (const auto& word : timed_words(turn))
            words.push_back({{"word", word.word}, {"confidence", turn.confidence}, {"start", word.start}, {"end", word.end}});
        message["event"] = event;
        message["turn_index"] = turn.number;
        message["audio_window_start"] = seconds(turn.from);
        message["audio_window_end"] = seconds(turn.to);
        message["transcript"] = turn.text;
        message["words"] = std::move(words);
        const bool end = std::string_view(event) == "EndOfTurn", eager = std::string_view(event) == "EagerEndOfTurn";
        message["end_of_turn_confidence"] = end ? 0.86 : (eager ? 0.55 : 0.1);
        if (end) message["trigger"] = turn.forced ? trigger_ : "model";
        return message;
    }

    Task<bool> tell(const char* event, Utterance utterance) {
        auto text = info(event, utterance).dump(-1, ' ', false, json::error_handler_t::replace);
        co_return co_await socket_.item(std::move(text));
    }

    EmulatorSocket& socket_;
    std::string id_, trigger_ = "manual";
    int sequence_ = 0, next_turn_ = 0;
    bool closing_ = false;
};

std::string wrong_parameter(const EmulatorRequest& request) {
    constexpr std::string_view kKnown[] = {"model",
                                           "encoding",
                                           "sample_rate",
                                           "eot_threshold",
                                           "eager_eot_threshold",
                                           "eot_timeout_ms",
                                           "keyterm",
                                           "language_hint",
                                           "numerals",
                                           "profanity_filter",
                                           "redact",
                                           "mip_opt_out",
                                           "tag"};
    for (const auto& one : request.query)
        if (std::find(std::begin(kKnown), std::end(kKnown), one.first) == std::end(kKnown)) return one.first;
    return request.parameter("model").starts_with("flux-") ? "" : "model";
}

}  // namespace

Task<> deepgram_flux(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto teller = std::make_shared<FluxTeller>(socket, request);
    const auto format = wire_format(request.parameter("encoding"), std::atoi(request.parameter("sample_rate").c_str()));
    // The real one refuses the upgrade with 400; here it is told on the socket.
    if (auto wrong = wrong_parameter(request); !wrong.empty() || !format) {
        std::string code = "INVALID_QUERY_PARAMETER", description = "there is something wrong with " + (wrong.empty() ? "encoding" : wrong);
        (void)co_await teller->failed(std::move(code), std::move(description));
        co_return;
    }
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    if (request.has_parameter("eager_eot_threshold")) settings.eager = settings.endpointing / 2;
    if (!co_await teller->connected()) co_return;
    const auto executor = co_await asio::this_coro::executor;
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    auto deadline = Clock::now() + kIdle;
    while (true) {
        auto message = co_await socket.receive(deadline);
        if (!message) {
            if (!socket.alive()) co_return;
            std::string code = "NET-0001", description = "nothing was received for 10 s";
            (void)co_await teller->failed(std::move(code), std::move(description));
            co_return;
        }
        deadline = Clock::now() + kIdle;
        if (!message->text) {
            if (!co_await listening.sound(std::move(message->payload))) co_return;
            continue;
        }
        const auto json = message->json();
        const std::string type = json.is_object() && json.contains("type") && json["type"].is_string() ? json["type"].get<std::string>() : "";
        if (type == "ForceEndTurn") {
            co_await listening.commit();
        } else if (type == "Configure") {
            nlohmann::json echo = nlohmann::json::object();
            for (const char* name : {"thresholds", "keyterms", "language_hints"})
                if (json.contains(name)) echo[name] = json[name];
            if (!co_await teller->configured(std::move(echo))) co_return;
        } else if (type == "CloseStream") {
            teller->closing();
            co_await listening.commit();
            listening.note("close");
        } else {
            std::string code = "UNPARSABLE_CLIENT_MESSAGE", description = "there is no such message";
            (void)co_await teller->failed(std::move(code), std::move(description));
            co_return;
        }
    }
}

}  // namespace parley::sim
