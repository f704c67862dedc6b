// Both recognition endpoints: with turns (JSON control) and finalised by the client (bare text control).

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cstdlib>

#include "cartesia.hpp"
#include "listening.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr auto kIdle = std::chrono::minutes(3);

std::string dumped(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

class InkTeller : public SttTeller {
public:
    InkTeller(EmulatorSocket& socket, const EmulatorRequest& request) : socket_(socket), id_(request.id("")) {}

    Task<bool> say(const char* type, std::string transcript, bool counted) {
        json message{{"type", type}, {"request_id", id_}};
        if (!transcript.empty() || counted) message["transcript"] = transcript;
        auto text = dumped(message);
        if (counted) co_return co_await socket_.item(std::move(text));
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<> fail(int status, std::string why) {
        auto text =
            dumped({{"type", "error"}, {"title", "Bad request"}, {"message", why}, {"status_code", status}, {"error_code", "sim"}, {"request_id", id_}});
        (void)co_await socket_.send_text(std::move(text));
        co_await socket_.close(1008, std::move(why));
    }

protected:
    EmulatorSocket& socket_;
    std::string id_;
};

class TurnsTeller final : public InkTeller {
public:
    using InkTeller::InkTeller;

    Task<bool> started(milliseconds) override { return say("turn.start", {}, false); }
    Task<bool> interim(Utterance utterance) override { return say("turn.update", std::move(utterance.text), true); }
    Task<bool> eager(Utterance utterance) override { return say("turn.eager_end", std::move(utterance.text), true); }
    Task<bool> resumed(Utterance utterance) override {
        if (utterance.text.empty()) co_return true;  // nothing was said about it
        std::string nothing;
        co_return co_await say("turn.resume", std::move(nothing), false);
    }
    Task<bool> final(Utterance utterance) override { return say("turn.end", std::move(utterance.text), true); }
    Task<bool> noted(std::string) override {
        std::string reason;
        co_await socket_.close(1000, std::move(reason));
        co_return false;
    }
};

class ManualTeller final : public InkTeller {
public:
    ManualTeller(EmulatorSocket& socket, const EmulatorRequest& request, std::string language) : InkTeller(socket, request), language_(std::move(language)) {}

    Task<bool> interim(Utterance utterance) override { return transcript(std::move(utterance), false); }
    Task<bool> final(Utterance utterance) override {
        if (utterance.text.empty()) co_return true;
        const bool told = co_await transcript(std::move(utterance), true);
        any_ = true;
        co_return told;
    }
    Task<bool> noted(std::string what) override {
        if (what == "flush") {
            any_ = false;
            std::string nothing;
            co_return co_await say("flush_done", std::move(nothing), false);
        }
        std::string nothing;
        if (!co_await say("done", std::move(nothing), false)) co_return false;
        std::string reason;
        co_await socket_.close(1000, std::move(reason));
        co_return false;
    }

private:
    // Finals are joined as they are: a later one brings its own space.
    Task<bool> transcript(Utterance utterance, bool final) {
        auto words = json::array();
        for (const auto& word : timed_words(utterance)) words.push_back({{"word", word.word}, {"start", word.start}, {"end", word.end}});
        auto text = dumped({{"type", "transcript"},
                            {"is_final", final},
                            {"text", (any_ ? " " : "") + utterance.text},
                            {"request_id", id_},
                            {"duration", static_cast<double>((utterance.to - utterance.from).count()) / 1000},
                            {"language", language_},
                            {"words", std::move(words)}});
        co_return co_await socket_.item(std::move(text));
    }

    std::string language_;
    bool any_ = false;
};

std::optional<WireFormat> format_of(const EmulatorRequest& request) {
    if (request.parameter("model").empty()) return std::nullopt;
    return wire_format(request.parameter("encoding"), std::atoi(request.parameter("sample_rate").c_str()));
}

bool versioned(const EmulatorRequest& request) {
    return !request.header("cartesia-version").empty() || request.has_parameter("cartesia_version");
}

}  // namespace

Task<> cartesia_ink_turns(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto teller = std::make_shared<TurnsTeller>(socket, request);
    const auto format = format_of(request);
    if (!format || !versioned(request)) {
        std::string why = "model, encoding, sample_rate or the version is wrong";
        co_await teller->fail(400, std::move(why));
        co_return;
    }
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    settings.eager = settings.endpointing / 2;
    std::string nothing;
    if (!co_await teller->say("connected", nothing, false)) co_return;
    const auto executor = co_await asio::this_coro::executor;
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    while (true) {
        const auto deadline = Clock::now() + kIdle;
        auto message = co_await socket.receive(deadline);
        if (!message) co_return;
        if (!message->text) {
            if (!co_await listening.sound(std::move(message->payload))) co_return;
            continue;
        }
        const auto json = message->json();
        const std::string type = json.is_object() && json.contains("type") && json["type"].is_string() ? json["type"].get<std::string>() : "";
        if (type == "close") {
            co_await listening.commit();
            listening.note("close");
        } else if (type != "config") {
            std::string why = "there is no such message on this endpoint: " + message->payload.substr(0, 60);
            co_await teller->fail(400, std::move(why));
            co_return;
        }
    }
}

Task<> cartesia_ink_manual(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    const auto language = request.has_parameter("language") ? request.parameter("language") : std::string("en");
    auto teller = std::make_shared<ManualTeller>(socket, request, language);
    const auto format = format_of(request);
    if (!format || !versioned(request)) {
        std::string why = "model, encoding, sample_rate or the version is wrong";
        co_await teller->fail(400, std::move(why));
        co_return;
    }
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    const auto executor = co_await asio::this_coro::executor;
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    while (true) {
        const auto deadline = Clock::now() + kIdle;
        auto message = co_await socket.receive(deadline);
        if (!message) co_return;
        if (!message->text) {
            if (!co_await listening.sound(std::move(message->payload))) co_return;
        } else if (message->payload == "finalize") {
            co_await listening.commit();
            listening.note("flush");
        } else if (message->payload == "close" || message->payload == "done") {
            co_await listening.commit();
            listening.note("close");
        } else {
            std::string why = "there is no such message on this endpoint: " + message->payload.substr(0, 60);
            co_await teller->fail(400, std::move(why));
            co_return;
        }
    }
}

}  // namespace parley::sim
