#include "parley/vendors/cartesia/sonic.hpp"

#include <limits>

#include "../context_speech.hpp"

namespace parley::vendors::cartesia {

namespace {

class Sonic final : public ContextSpeech {
public:
    Sonic(const Endpoint& endpoint, const Link& link, TtsSink& sink)
        : ContextSpeech(link, sink, kContextsAhead, std::numeric_limits<std::size_t>::max()), endpoint_(endpoint) {}

private:
    [[nodiscard]] SocketPlan plan() const override {
        SocketPlan plan(sonic_url(endpoint_));
        plan.headers = sonic_headers(endpoint_);
        plan.connect_within = endpoint_.connect_within;
        return plan;
    }
    [[nodiscard]] std::vector<std::string> messages(std::string_view context, std::string_view text) const override {
        return {sonic_request(endpoint_, context, escape_sonic(text))};
    }
    [[nodiscard]] std::string cancel_message(std::string_view context) const override { return sonic_cancel(context); }

    void on_message(std::string_view text) override {
        using enum SonicMessage::Type;
        const auto& message = decoder_.decode(text);
        const auto tag = tag_of(message.context);
        switch (message.type) {
            case malformed:
                fail_malformed();
                break;
            case chunk:
                line().bytes(tag, message.audio);
                break;
            case timestamps:
                for (const auto& word : message.words)
                    if (word.end_s >= 0 && word.end_s < 3600) line().word(tag, word.text, static_cast<std::uint64_t>(word.end_s * 8000));
                break;
            case done:
                context_over(tag);
                break;
            case error:
                // One with a context speaks of that alone, be it long cancelled; one without is about the socket.
                if (message.context.empty())
                    fail(*message.error);
                else
                    context_over(tag, &*message.error);
                break;
            case other:
                break;
        }
    }

    Endpoint endpoint_;
    SonicDecoder decoder_;
};

}  // namespace

std::unique_ptr<TtsStream> make_sonic(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    return std::make_unique<Sonic>(endpoint, link, sink);
}

}  // namespace parley::vendors::cartesia
