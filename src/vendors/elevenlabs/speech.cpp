#include "parley/vendors/elevenlabs/speech.hpp"

#include "../context_speech.hpp"
#include "single_speech.hpp"

namespace parley::vendors::elevenlabs {

namespace {

class MultiSpeech final : public ContextSpeech {
public:
    MultiSpeech(const Endpoint& endpoint, const Link& link, TtsSink& sink) : ContextSpeech(link, sink, kContextsAhead, kMostContexts), endpoint_(endpoint) {}

private:
    [[nodiscard]] SocketPlan plan() const override {
        SocketPlan plan(speech_url(endpoint_));
        plan.headers = speech_headers(endpoint_);
        plan.connect_within = endpoint_.connect_within;
        plan.keep_alive = kMultiKeepAlive;
        plan.keep_alive_every = kSpeechKeepAlive;
        return plan;
    }
    [[nodiscard]] std::vector<std::string> messages(std::string_view context, std::string_view text) const override {
        return context_messages(endpoint_, context, escape_speech(endpoint_, text));
    }
    // Each context is told to close right behind its text, or its end would never be marked; there is nothing more to
    // be said to it, and a second message might open it anew.
    [[nodiscard]] std::string cancel_message(std::string_view) const override { return {}; }
    [[nodiscard]] std::string_view last_message() const override { return kCloseSocket; }
    [[nodiscard]] Failure lost(Failure failure) const override { return speech_lost(std::move(failure)); }

    void on_message(std::string_view text) override {
        const auto& message = decoder_.decode(text);
        if (message.malformed) return fail_malformed();
        const auto tag = tag_of(message.context);
        if (message.error) {
            if (message.context.empty())
                fail(*message.error);
            else
                context_over(tag, &*message.error);
            return;
        }
        // The times of a message count from the audio that came before it.
        const auto before = line().samples(tag);
        line().bytes(tag, message.audio);
        for (const auto& character : message.characters) {
            const auto end_ms = std::clamp(character.start_ms + character.duration_ms, 0.0, 3.6e6);
            line().character(tag, character.utf8, before + static_cast<std::uint64_t>(end_ms * 8));
        }
        if (message.is_final) context_over(tag);
    }

    Endpoint endpoint_;
    SpeechDecoder decoder_;
};

}  // namespace

std::unique_ptr<TtsStream> make_speech(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    if (single_socket(endpoint)) return make_single_speech(endpoint, link, sink);
    return std::make_unique<MultiSpeech>(endpoint, link, sink);
}

}  // namespace parley::vendors::elevenlabs
