#pragma once
// Voice activity for 8 kHz telephone audio, 20 ms at a time: energy over an adaptive noise floor (minimum statistics),
// and to start also a sign of voice (periodicity at a pitch period), so that a step in steady noise or a line tone is
// not speech. It says when sound like speech is there; when a turn is over is decided elsewhere, hence the short
// hangover. No allocation, no lock; one per stream, not thread-safe. The clock is the frames pushed.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parley/audio/g711.hpp"

namespace parley::audio {

struct VadConfig {
    int onset_frames = 3;            // speech-like frames before `started` (20 ms each), one gap forgiven
    int onset_voiced_frames = 2;     // of which so many in a row voiced with one pitch
    int hangover_frames = 8;         // frames without activity before `stopped`: 160 ms
    float onset_db = 9.0F;           // over the floor to begin
    float offset_db = 6.0F;          // over the floor to go on
    float min_speech_dbfs = -50.0F;  // nothing below is speech
    float floor_min_dbfs = -62.0F;   // the floor is kept within these: digital silence must not make breathing speech
    float floor_max_dbfs = -25.0F;
    float floor_start_dbfs = -55.0F;  // before the line is known
    float voicing = 0.55F;            // normalised autocorrelation that counts as voiced, 0..1
    float tone_gain_db = 28.0F;       // a fourth-order predictor that does better than this hears a tone, not a voice
};

struct VadResult {
    enum Edge : std::uint8_t { none, started, stopped };
    bool speech = false;
    Edge edge = none;
    float level_dbfs = 0;                   // RMS of this frame
    std::chrono::milliseconds edge_ago{0};  // with an edge: how long before the end of this frame it really lies
};

class Vad {
public:
    explicit Vad(const VadConfig& config = {});

    // One frame of kFrameSamples samples. A shorter one counts as a whole frame; of a longer one only the first
    // kFrameSamples are heard.
    VadResult push(std::span<const std::int16_t> frame);

    [[nodiscard]] bool speech() const { return speech_; }
    [[nodiscard]] float floor_dbfs() const { return floor_; }
    void reset();

private:
    static constexpr std::size_t kSlots = 8;  // minimum over 8 x 12 frames: 1.92 s
    static constexpr int kSlotFrames = 12;
    static constexpr std::size_t kKeep = 2 * kFrameSamples;  // the pitch search looks into the frame before

    struct Run {  // frames that may become `started`
        int frames = 0, active = 0, gap = 0;
        int voiced = 0, first_voiced = 0, lag = 0;
        float lowest = 0;  // smoothed level
    };

    float filter(std::span<const std::int16_t> frame);  // returns the level of the filtered frame, dBFS
    [[nodiscard]] int pitch_lag() const;                // in samples at 4 kHz, 0 when there is no pitch
    [[nodiscard]] bool tone() const;
    void track_floor(float level);
    void learn_noise();
    VadResult begin_or_wait(float level, VadResult result);
    VadResult go_on_or_end(float level, VadResult result);

    VadConfig config_;
    std::array<float, kKeep> samples_{};  // high-passed, the newest kFrameSamples last
    float hp_x_ = 0, hp_y_ = 0, hp_x2_ = 0, hp_y2_ = 0;
    std::array<float, kSlots> slot_min_{};
    std::size_t slot_ = 0;
    int slot_age_ = 0;
    float smooth_ = 0, last_level_ = 0;
    float floor_ = 0;
    bool primed_ = false;
    bool speech_ = false;
    Run run_;
    int quiet_run_ = 0;  // inactive frames since speech was last active
    int lead_ = 0;       // rising frames just before the candidates
};

}  // namespace parley::audio
