#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/conversation/events.hpp"
#include "parley/hold/hold_player.hpp"

namespace parley::call {

struct PlayoutSettings {
    std::chrono::milliseconds ahead{120};       // how far the carrier's buffer is kept filled; 100-200 ms
    std::chrono::milliseconds mark_every{400};  // a mark at the first pause in the audio after so long, at twice that in any case
    std::chrono::seconds segment_bound{60};     // audio queued for one segment at most; what is beyond is dropped and counted
};

// What leaves the playout: both calls are made synchronously, in order, on the call's worker.
class PlayoutSink {
public:
    virtual ~PlayoutSink() = default;
    // 20 ms, 160 samples of 8 kHz PCM16; `plays_at` is when the carrier plays it if its buffer holds what we think.
    virtual void play_frame(conversation::SegmentId segment, std::span<const std::int16_t> frame, Instant plays_at) = 0;
    virtual void play_mark(std::uint32_t mark) = 0;
    virtual void segment_played_out(conversation::SegmentId segment) = 0;  // its last frame was handed over
    // 20 ms of the bed alone: nobody's words.
    virtual void play_bed(std::span<const std::int16_t> /*frame*/, Instant /*plays_at*/) {}
    // Before a frame of speech: so much of the bed alone still lies in the carrier's buffer in front of it.
    virtual void behind_bed(std::uint32_t /*samples*/) {}
};

// Paces synthesised speech towards the carrier. Pure arithmetic over the time it is given: frames leave as soon as the carrier's
// buffer, which drains at 8 samples a millisecond, holds less than `ahead`; driven every 20 ms on an absolute schedule that keeps
// one frame a tick. Not thread-safe; in steady state no allocation.
class Playout {
public:
    Playout(PlayoutSettings settings, PlayoutSink& sink);

    void begin(conversation::SegmentId segment);
    // False: the segment is unknown (cancelled meanwhile) or over its bound.
    bool append(conversation::SegmentId segment, std::span<const std::int16_t> pcm8k);
    void finish(conversation::SegmentId segment);
    // Hands over what is due. Also to be called when audio arrives while nothing is playing, so that the first frame does not wait
    // for the next tick.
    void pump(Instant now);
    void drop_all();  // everything not yet handed over
    void carrier_cleared(Instant now);
    void duck(bool on) { ducking_ = on; }
    // Sound where there is no speech, and under the first of it: with the first frame of speech it is released, and it is let go when it is over or
    // cleared away. Null: none. Not owned.
    void bed(hold::HoldPlayer* bed);
    [[nodiscard]] bool has_bed() const { return bed_ != nullptr; }

    [[nodiscard]] bool idle() const { return segments_.empty(); }
    [[nodiscard]] Instant buffered_until() const { return head_; }  // when the carrier's buffer runs dry
    [[nodiscard]] std::uint64_t underruns() const { return underruns_; }
    [[nodiscard]] Instant underrun_time() const { return underrun_time_; }

private:
    struct Segment {
        conversation::SegmentId id;
        std::vector<std::int16_t> pcm;
        std::size_t at = 0;
        bool finished = false;
    };
    bool emit_frame(Instant now);
    bool emit_bed();
    void add_bed(std::span<std::int16_t, hold::HoldPlayer::kFrame> frame, Instant now);

    PlayoutSettings settings_;
    PlayoutSink& sink_;
    std::deque<Segment> segments_;
    std::vector<std::vector<std::int16_t>> spare_;  // buffers of played segments, used again
    Instant head_{0};
    hold::HoldPlayer* bed_ = nullptr;
    std::uint32_t bed_samples_ = 0;  // since the last frame of speech
    std::uint32_t next_mark_ = 1;
    std::uint32_t samples_since_mark_ = 0;
    bool ducking_ = false;
    float gain_ = 1.0F;
    bool mid_speech_ = false;
    std::uint64_t underruns_ = 0;
    Instant underrun_time_{0};
};

}  // namespace parley::call
