#pragma once
// Deepgram live recognition, wss://api.deepgram.com/v1/listen (Nova). Default model nova-3. µ-law 8 kHz goes as it is,
// in binary messages.

#include <memory>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::deepgram {

// Settings of the endpoint, as the vendor names them: endpointing (ms or "false"; 300), utterance_end_ms (1000),
// vad_events (true), smart_format (false: it holds numbers back), punctuate (true), numerals, profanity_filter,
// filler_words, dictation, mip_opt_out, redact, tag, version; keyterms (comma-separated; nova-3), keywords (word:boost,
// older models); chunk_ms (20; 20-100).
//
// An utterance is its settled pieces up to speech_final; where noise keeps that from coming, UtteranceEnd ends the turn
// if there were pieces. Finalize is answered by a result from_finalize, which the vendor does not promise: 700 ms
// without one count as the answer.
class ListenProtocol final : public SttProtocol {
public:
    explicit ListenProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    [[nodiscard]] Shape shape() const override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void read(std::string_view text, News& news, Out& out) override;

private:
    Endpoint endpoint_;
    double last_confidence_ = 1;
    double settled_until_ = 0;  // seconds of sound; a range that begins before is a repetition
    bool pieces_ = false;       // since the last end of turn
    bool interim_ = false;      // the last interim was not empty
    bool finalizing_ = false;
};

[[nodiscard]] std::unique_ptr<SttStream> make_listen(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_listen(const Endpoint& endpoint);

}  // namespace parley::vendors::deepgram
