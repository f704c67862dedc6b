#pragma once
// One side of a call that is listened to: its turns found, recognised, and written into the call's record.

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "parley/audio/vad.hpp"
#include "parley/brain/ports.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/call_worker.hpp"

namespace parley::call {

class ListenTrack final : brain::SttSink {
public:
    // `said`: what was understood, when it began after the stream's start, and how sure that is.
    using Said = std::function<void(std::string_view text, std::chrono::milliseconds at, double confidence)>;
    ListenTrack(const Agent& agent, const brain::CallFacts& facts, CallWorker& worker, brain::VendorSink& vendor, Said said);

    [[nodiscard]] bool hears() const { return ear_ != nullptr; }
    void audio(std::span<const std::uint8_t> mulaw);  // any length
    void tick(TimePoint now);
    net::Task<> close();

private:
    void frame();
    void begin(std::chrono::milliseconds ago);
    void finish();

    void on_partial(brain::UtteranceId, std::string_view) override {}
    void on_final(brain::UtteranceId utterance, std::string_view text, double confidence) override;
    void on_stt_failed(brain::UtteranceId utterance, std::string_view reason) override;
    void on_turn_end(brain::UtteranceId utterance, double confidence, bool eager) override;
    void on_turn_resumed(brain::UtteranceId) override {}
    void on_heard_caller() override {}
    void on_answers(std::string_view) override {}

    audio::Vad vad_;
    Said said_;
    std::unique_ptr<brain::Ear> ear_;
    std::array<std::uint8_t, audio::kFrameBytes> frame_{};
    std::size_t fill_ = 0;
    std::uint64_t frames_ = 0;                // heard so far, 20 ms each
    std::uint64_t quiet_ = 0;                 // frames since the voice stopped
    brain::UtteranceId open_ = 0, last_ = 0;  // the utterance under way; the last one begun
    struct Begun {
        brain::UtteranceId utterance = 0;
        std::uint64_t frame = 0;
    };
    std::array<Begun, 8> begun_{};  // finals come late
};

}  // namespace parley::call
