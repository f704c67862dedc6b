#pragma once
// AssemblyAI streaming recognition, wss://streaming.assemblyai.com/v3/ws. Default model universal-3-5-pro. µ-law 8 kHz
// goes as it is, in binary messages of 60 ms (the vendor takes none under 50 ms nor over 1000).

#include <memory>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::assemblyai {

// Settings, as the vendor names them: format_turns, end_of_turn_confidence_threshold (0-1) (both universal-streaming
// only), min_turn_silence and max_turn_silence (ms), vad_threshold (0-1), keyterms (comma-separated, 100 of at most 50
// characters), prompt, agent_context, mode (min_latency balanced max_accuracy), continuous_partials, interruption_delay
// (0-1000 ms), filter_profanity, inactivity_timeout (5-3600 s); chunk_ms (60; 60-1000).
//
// A turn is an interim until end_of_turn, then one piece and an end of turn, once, whatever formatted repetition
// follows; with format_turns it is the formatted one that counts. finalize() is ForceEndpoint, answered by the turn's
// end; between turns 700 ms count as the answer. hint() replaces the key terms. The session ends after 3 hours: Failure
// session_limit.
class StreamingProtocol final : public SttProtocol {
public:
    explicit StreamingProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    [[nodiscard]] Shape shape() const override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void hint(std::string_view phrases, Out& out) override;
    void read(std::string_view text, News& news, Out& out) override;
    void refine(Failure& failure) const override;

private:
    Endpoint endpoint_;
    double settled_turn_ = -1;  // turn_order of the last turn that was told to be over
    bool started_ = false;      // that the present turn's speech began is known
    bool finalizing_ = false;
    std::string shown_;  // the interim last reported
};

[[nodiscard]] std::unique_ptr<SttStream> make_streaming(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_streaming(const Endpoint& endpoint);

}  // namespace parley::vendors::assemblyai
