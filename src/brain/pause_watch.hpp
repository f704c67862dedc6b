#pragma once

#include <algorithm>
#include <cstddef>

namespace parley::brain {

// Notices that a speaker has fallen silent, earlier and less surely than the end of a turn is decided: levels of 20 ms
// frames in, relative to the loudest of the utterance. Pure.
class PauseWatch {
public:
    enum class Verdict : unsigned char { nothing, paused, resumed };

    void begin() { *this = {}; }

    // `paused` once at the beginning of each pause, `resumed` once at its end.
    Verdict frame(float rms_dbfs) {
        loudest_ = std::max(loudest_, rms_dbfs);
        const bool loud = rms_dbfs > kFloor && rms_dbfs > loudest_ - kBelowLoudest;
        loud_run_ = loud ? loud_run_ + 1 : 0;
        quiet_run_ = loud ? 0 : quiet_run_ + 1;
        spoken_ = spoken_ || loud_run_ >= kResumeFrames;
        if (spoken_ && !paused_ && quiet_run_ >= kPauseFrames) {
            paused_ = true;
            return Verdict::paused;
        }
        if (paused_ && loud_run_ >= kResumeFrames) {
            paused_ = false;
            return Verdict::resumed;
        }
        return Verdict::nothing;
    }

private:
    static constexpr float kFloor = -55;             // dBFS; quieter is never speech
    static constexpr float kBelowLoudest = 24;       // dB
    static constexpr std::size_t kPauseFrames = 9;   // 180 ms: longer than the closure of a plosive
    static constexpr std::size_t kResumeFrames = 2;  // one loud frame is a click

    float loudest_ = -120;
    std::size_t loud_run_ = 0, quiet_run_ = 0;
    bool spoken_ = false, paused_ = false;
};

}  // namespace parley::brain
