#pragma once
// Deepgram Flux, wss://api.deepgram.com/v2/listen: recognition with the turns in the model. Default model
// flux-general-en. µ-law 8 kHz goes as it is, in binary messages of 80 ms.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors::deepgram {

// Settings: eot_threshold (0.5-1; 0.7), eager_eot_threshold (0.3-0.9, not above eot_threshold; none: no eager ends),
// eot_timeout_ms (500-60000; 5000), keyterms and language_hints (comma-separated), numerals, profanity_filter, redact,
// mip_opt_out, tag, chunk_ms (80; 20-200).
//
// The transcript of a turn is an interim until EndOfTurn, then one piece. EagerEndOfTurn is an eager end of turn,
// TurnResumed takes it back. finalize() is ForceEndTurn, answered by EndOfTurn; between turns nothing answers it, and
// 700 ms count as the answer. hint() replaces the key terms (Configure), one unacknowledged at a time.
class FluxProtocol final : public SttProtocol {
public:
    explicit FluxProtocol(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    [[nodiscard]] Shape shape() const override;
    void audio(std::span<const std::uint8_t> mulaw, Outgoing& message) override;
    void finalize(Out& out) override;
    void finalize_unanswered(News& news) override;
    void hint(std::string_view phrases, Out& out) override;
    void read(std::string_view text, News& news, Out& out) override;

private:
    Endpoint endpoint_;
    bool finalizing_ = false, configuring_ = false;
    std::optional<std::string> next_hint_;
    double ended_turn_ = -1;  // turn_index of the last turn that was over
    std::string shown_;       // the interim last reported
};

[[nodiscard]] std::unique_ptr<SttStream> make_flux(const Endpoint& endpoint, const Link& link, SttSink& sink);
// Empty, or one plain sentence about what is wrong with it.
[[nodiscard]] std::string check_flux(const Endpoint& endpoint);

}  // namespace parley::vendors::deepgram
