#include "parley/brain/embedded_voice.hpp"

#include <boost/asio/post.hpp>

#include "embedded_sessions.hpp"

namespace parley::brain {

namespace {

class EmbeddedVoice final : public vendors::TtsStream, TtsSink {
public:
    EmbeddedVoice(std::shared_ptr<speech::EnginePool> pool, std::shared_ptr<speech::PhraseCache> cache, const speech::VoiceSettings& voice,
                  const boost::asio::any_io_executor& executor, vendors::TtsSink& sink)
        : sink_(sink), session_(make_embedded_tts(std::move(pool), std::move(cache), voice, *this, [executor](std::function<void()> f) {
              boost::asio::post(executor, std::move(f));
          })) {}

    void open() override {}
    void speak(vendors::SpeechTag tag, std::string_view text) override { session_->speak(tag, 0, text); }
    void cancel_all() override { session_->cancel_all(); }
    [[nodiscard]] bool open_now() const override { return session_ != nullptr; }
    net::Task<> close() override {
        session_.reset();
        co_return;
    }

private:
    void on_audio(SegmentId tag, std::span<const std::int16_t> pcm8k) override { sink_.on_tts_audio(tag, pcm8k); }
    void on_synthesized(SegmentId tag) override { sink_.on_tts_done(tag); }
    void on_tts_failed(SegmentId tag, std::string_view reason) override {
        sink_.on_tts_failed(tag, vendors::Failure{vendors::FailureKind::server, vendors::plain(reason), 0, "stream", {}, {}});
    }
    void on_word(SegmentId tag, std::uint32_t samples, std::uint32_t characters) override { sink_.on_tts_word(tag, samples, characters); }
    void on_segment_text(SegmentId, std::string_view) override {}

    vendors::TtsSink& sink_;
    std::unique_ptr<TtsSession> session_;
};

}  // namespace

std::unique_ptr<vendors::TtsStream> make_embedded_voice(std::shared_ptr<speech::EnginePool> pool, std::shared_ptr<speech::PhraseCache> cache,
                                                        const speech::VoiceSettings& voice, const vendors::Link& link, vendors::TtsSink& sink) {
    return std::make_unique<EmbeddedVoice>(std::move(pool), std::move(cache), voice, link.executor, sink);
}

}  // namespace parley::brain
