// Scribe realtime: sound in JSON, partial transcripts, commits by the client or by a pause.

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cstdlib>

#include "elevenlabs.hpp"
#include "listening.hpp"
#include "parley/sim/base64.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr auto kIdle = std::chrono::seconds(15);

std::string dumped(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

class SegmentTeller final : public SttTeller {
public:
    SegmentTeller(EmulatorSocket& socket, const EmulatorRequest& request)
        : socket_(socket), vad_(request.parameter("commit_strategy") == "vad"), times_(request.parameter("include_timestamps") == "true") {}

    Task<bool> interim(Utterance utterance) override {
        auto text = dumped({{"message_type", "partial_transcript"}, {"text", with_before(utterance.text)}});
        co_return co_await socket_.item(std::move(text));
    }

    // By hand, a segment may hold several utterances.
    Task<bool> final(Utterance utterance) override {
        if (vad_ && !utterance.forced) co_return co_await commit(std::move(utterance));
        if (told_ != utterance.number) before_ = with_before(utterance.text);
        told_ = utterance.number;
        last_ = utterance;
        if (utterance.text.empty() || utterance.forced) co_return true;
        auto text = dumped({{"message_type", "partial_transcript"}, {"text", before_}});
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> noted(std::string) override {
        auto segment = last_;
        segment.text = std::exchange(before_, {});
        co_return co_await commit(std::move(segment));
    }

private:
    [[nodiscard]] std::string with_before(const std::string& text) const { return before_.empty() || text.empty() ? before_ + text : before_ + " " + text; }

    Task<bool> commit(Utterance utterance) {
        auto text = dumped({{"message_type", "committed_transcript"}, {"text", utterance.text}});
        if (!co_await socket_.item(std::move(text))) co_return false;
        if (!times_) co_return true;
        auto words = json::array();
        for (const auto& word : timed_words(utterance)) {
            if (!words.empty()) words.push_back({{"text", " "}, {"start", word.start}, {"end", word.start}, {"type", "spacing"}});
            words.push_back({{"text", word.word}, {"start", word.start}, {"end", word.end}, {"type", "word"}, {"logprob", -0.1}});
        }
        auto timed =
            dumped({{"message_type", "committed_transcript_with_timestamps"}, {"text", utterance.text}, {"language_code", "en"}, {"words", std::move(words)}});
        co_return co_await socket_.send_text(std::move(timed));
    }

    EmulatorSocket& socket_;
    bool vad_, times_;
    std::string before_;  // understood and not committed
    Utterance last_;
    int told_ = -1;
};

Task<> fail(EmulatorSocket& socket, std::string type, std::string why, int code) {
    auto text = dumped({{"message_type", type}, {"error", why}});
    (void)co_await socket.send_text(std::move(text));
    co_await socket.close(code, std::move(why));
}

}  // namespace

Task<> elevenlabs_scribe(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    const auto spelled = request.has_parameter("audio_format") ? request.parameter("audio_format") : std::string("pcm_16000");
    const auto format = wire_format(spelled, 0);
    if (!format || request.parameter("model_id").empty()) {
        std::string type = "invalid_request", why = "audio_format or model_id is wrong";
        co_await fail(socket, std::move(type), std::move(why), 1008);
        co_return;
    }
    const bool vad = request.parameter("commit_strategy") == "vad";
    ListeningSettings settings;
    settings.format = *format;
    settings.endpointing = world->settings().endpointing;
    if (const double pause = std::atof(request.parameter("vad_silence_threshold_secs").c_str()); vad && pause > 0)
        settings.endpointing = milliseconds(static_cast<long>(pause * 1000));
    const json config{{"sample_rate", format->rate}, {"audio_format", spelled}, {"model_id", request.parameter("model_id")}, {"vad_commit_strategy", vad}};
    auto started = dumped({{"message_type", "session_started"}, {"session_id", request.id("")}, {"config", config}});
    if (!co_await socket.send_text(std::move(started))) co_return;
    const auto executor = co_await asio::this_coro::executor;
    auto teller = std::make_shared<SegmentTeller>(socket, request);
    Listening listening(socket, world, settings, std::move(fault), teller, executor);
    while (true) {
        const auto deadline = Clock::now() + kIdle;
        auto message = co_await socket.receive(deadline);
        if (!message) {
            if (!socket.alive()) co_return;
            std::string type = "insufficient_audio_activity", why = "nothing was received";
            co_await fail(socket, std::move(type), std::move(why), 1008);
            co_return;
        }
        const auto json = message->json();
        const bool known = message->text && json.is_object() && json.value("message_type", nlohmann::json()) == "input_audio_chunk" &&
                           json.contains("audio_base_64") && json["audio_base_64"].is_string();
        std::optional<std::vector<std::uint8_t>> bytes;
        if (known) bytes = from_base64(json["audio_base_64"].get_ref<const std::string&>());
        if (!bytes || (json.contains("sample_rate") && json["sample_rate"] != format->rate)) {
            std::string type = "input_error", why = "this is no input_audio_chunk of the declared format";
            co_await fail(socket, std::move(type), std::move(why), 1008);
            co_return;
        }
        if (!bytes->empty()) {
            std::string sound(bytes->begin(), bytes->end());
            if (!co_await listening.sound(std::move(sound))) co_return;
        }
        if (json.contains("commit") && json["commit"] == true) {
            co_await listening.commit();
            listening.note("commit");
        }
    }
}

}  // namespace parley::sim
