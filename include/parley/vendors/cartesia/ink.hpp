#pragma once
// Cartesia Ink recognition. Default: turns in the model, wss://api.cartesia.ai/stt/turns/websocket, model ink-2; with
// the setting turns=false (and always with ink-whisper) the client finalises, wss://api.cartesia.ai/stt/websocket.
// µ-law 8 kHz goes as it is, in binary messages.

#include <memory>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::cartesia {

// Settings: turns (true, false), keyterms (comma-separated, 100), version (the Cartesia-Version; 2026-03-01), chunk_ms
// (100; 20-500); with turns: turn_start_threshold (0.5-0.9), turn_eager_end_threshold (0.3-0.6), turn_end_threshold
// (0.05-0.5), turn_end_timeout_ms (640-11200); with ink-whisper: min_volume (0-1), max_silence_duration_secs (0.1-10).
//
// With turns: a turn is an interim until turn.end, then a piece. This endpoint cannot be told to finish: after
// finalize() what it has understood 500 ms later becomes a piece, since it never revises its text, and turn.end gives
// the rest only. Without: finals come with their own spaces and may end inside a word; what stands before the last
// space is a piece at once, the rest with the answer to finalize(). Confidence is always 1.
class InkProtocol final : public SttProtocol {
public:
    explicit InkProtocol(Endpoint endpoint);
    [[nodiscard]] Shape shape() const override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void read(std::string_view text, News& news, Out& out) override;

private:
    void read_turns(std::string_view type, std::string_view transcript, News& news);
    void read_manual(std::string_view type, std::string_view text, bool final, News& news);
    void show(std::string_view text, News& news);
    [[nodiscard]] std::string rest(std::string_view transcript) const;  // behind what is settled of this turn

    Endpoint endpoint_;
    bool turns_;
    bool finalizing_ = false;
    bool started_ = false;  // a turn is running; without turns: there were words since the last finalize
    std::string settled_;   // with turns: what of this turn's transcript is a piece already
    std::string whole_;     // with turns: this turn's transcript
    std::string held_;      // without: finals whose last word may go on
    std::string shown_;     // the interim last reported
};

[[nodiscard]] std::unique_ptr<SttStream> make_ink(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_ink(const Endpoint& endpoint);

}  // namespace parley::vendors::cartesia
