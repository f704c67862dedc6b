#pragma once
// The simulated caller's sense of "somebody is speaking": energy in what was heard, 20 ms at a time. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "parley/sim/play_buffer.hpp"

namespace parley::sim {

struct Interval {
    Sample from = 0, to = 0;  // [from, to)
};

class VoiceActivity {
public:
    struct Settings {
        double threshold_dbfs = -45;  // a frame above it is voice
        int onset_frames = 2;         // so many of three in a row begin a stretch
        Sample hangover = 300 * 8;    // pauses below it do not end a stretch
    };

    VoiceActivity() : VoiceActivity(Settings{}) {}
    explicit VoiceActivity(Settings settings) : settings_(settings) {}

    // Feeds everything that was heard since the last call. Answers whether speaking() changed.
    bool feed(std::span<const std::uint8_t> codes);

    [[nodiscard]] bool speaking() const { return speaking_; }
    [[nodiscard]] Sample position() const { return position_; }
    // Start of the running stretch, or of the last one.
    [[nodiscard]] std::optional<Sample> onset() const;
    // End of the last voiced frame.
    [[nodiscard]] std::optional<Sample> last_voice() const { return last_voice_; }
    // Finished stretches and, while speaking, the running one up to its last voice.
    [[nodiscard]] std::vector<Interval> intervals() const;

private:
    void frame();

    Settings settings_;
    Mulaw pending_;
    Sample position_ = 0;  // of the first pending sample
    bool speaking_ = false;
    unsigned recent_ = 0;  // one bit a frame, newest lowest
    Sample start_ = 0;
    std::optional<Sample> last_voice_;
    std::vector<Interval> finished_;
};

// The voiced part of a whole recording; nothing when it is silent.
[[nodiscard]] std::optional<Interval> voiced_part(std::span<const std::int16_t> pcm, double threshold_dbfs = -45);

}  // namespace parley::sim
