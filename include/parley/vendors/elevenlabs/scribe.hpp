#pragma once
// ElevenLabs Scribe realtime recognition, wss://api.elevenlabs.io/v1/speech-to-text/realtime. Default model
// scribe_v2_realtime. µ-law 8 kHz goes as it is (ulaw_8000), in base64 in JSON.

#include <memory>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::elevenlabs {

// Settings: commit_strategy (manual, vad; manual), vad_silence_threshold_secs (0.3-3), vad_threshold (0.1-0.9),
// min_speech_duration_ms and min_silence_duration_ms (50-2000) (all four with vad), secondary_languages and keyterms
// (comma-separated; 50 of at most 20 characters), no_verbatim, filter_background_audio, enable_logging; chunk_ms (100;
// 20-1000).
//
// A segment is an interim until it is committed, then one piece. finalize() commits; a complaint that commits come too
// often is an answer as well, and so are 1500 ms without one. With vad the vendor's own commit is an end of turn. The
// vendor tells of no start of speech: the first words of a segment count as it. Confidence is always 1.
class ScribeProtocol final : public SttProtocol {
public:
    explicit ScribeProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    [[nodiscard]] Shape shape() const override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void read(std::string_view text, News& news, Out& out) override;

private:
    Endpoint endpoint_;
    bool finalizing_ = false;
    std::string shown_;  // the interim last reported
};

[[nodiscard]] std::unique_ptr<SttStream> make_scribe(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_scribe(const Endpoint& endpoint);

}  // namespace parley::vendors::elevenlabs
