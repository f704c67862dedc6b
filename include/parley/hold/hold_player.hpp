#pragma once
// What a caller hears while the agent prepares, 20 ms at a time.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "parley/audio/mix.hpp"
#include "parley/hold/hold_settings.hpp"

namespace parley::hold {

// 8 kHz PCM16, mono, shared by all calls; null or empty: there is none.
using Sound = std::shared_ptr<const std::vector<std::int16_t>>;

struct HoldSounds {
    Sound text;  // rendered
    Sound audio, music;
};

struct HoldMix {
    double duck_db = -14;  // music under speech
    std::chrono::milliseconds duck_attack{120}, duck_release{400};
    std::chrono::milliseconds fade_in{50};
    std::chrono::milliseconds seam{60};       // the music's end is faded into its beginning for so long
    std::chrono::milliseconds lead_in{1000};  // text_over_music: so much music before the first word
    std::chrono::milliseconds leave{800};     // from the conversation's first sound until the music is gone
};

// The sound of one hold. Speech (the text or the audio) is heard once, music goes round until it is released; when speech is over and there is no music
// it is silent. No clock, no lock; after construction nothing allocates, and a frame costs the same however long the sounds are.
class HoldPlayer {
public:
    static constexpr std::size_t kFrame = 160;               // 20 ms
    static constexpr std::chrono::milliseconds kPause{240};  // so much quiet in speech is a place to stop at

    HoldPlayer(Strategy strategy, HoldSounds sounds, HoldMix mix = {});

    // The next 20 ms. False: silence, and `out` is all zero.
    bool next(std::span<std::int16_t, kFrame> out);

    // The conversation wants to begin: speech ends at its next pause, or faded out, when that would be later than `most` from now. Speech that has
    // hardly begun (less than 200 ms of it) is left out. Music goes on.
    void conclude(std::chrono::milliseconds most);
    [[nodiscard]] bool speaking() const { return speech_at_ < speech_end_; }

    // The conversation's first sound: what speech is left goes at once, music goes down under it and is gone after `leave`. True the first time; later
    // calls change nothing.
    bool release();
    [[nodiscard]] bool released() const { return released_; }
    // Nothing will be heard any more: released and faded out.
    [[nodiscard]] bool over() const;

private:
    void find_pauses();
    bool play_speech(std::span<std::int16_t, kFrame> out);
    bool play_music(std::span<std::int16_t, kFrame> out);
    void steer();

    HoldMix mix_;
    Sound speech_, music_;
    std::vector<std::size_t> pauses_;  // where speech may end, rising
    std::size_t speech_at_ = 0, speech_end_ = 0, speech_fade_ = 0;
    std::size_t lead_in_ = 0;  // frames before speech begins
    std::size_t music_at_ = 0, seam_ = 0;
    bool music_after_ = false;  // it waits for the end of speech
    bool music_begun_ = false, ducked_ = false;
    bool released_ = false;
    std::size_t leaving_ = 0;  // samples since release
    audio::GainRamp speech_gain_{0.0F}, fade_{0.0F}, duck_{1.0F};
    float ducked_gain_;
};

}  // namespace parley::hold
