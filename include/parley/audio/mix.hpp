#pragma once
// Gain and mixing of mono PCM16, in place. Results saturate. No allocation.

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

// dst += src over the shorter of the two.
void mix_add(std::span<const std::int16_t> src, std::span<std::int16_t> dst);

// A gain that moves to its target in a straight line instead of stepping, so that ducking does not click.
class GainRamp {
public:
    explicit GainRamp(float gain = 1.0F);

    // Linear gain, limited to 0..8 (+18 dB), reached after `samples` more samples; 0 means at once.
    void set_target(float gain, std::size_t samples);

    // Scales `pcm` and moves along the ramp.
    void apply(std::span<std::int16_t> pcm);

    // dst += gain * src over the shorter of the two, moving along the ramp by as many samples.
    void mix(std::span<const std::int16_t> src, std::span<std::int16_t> dst);

    // Moves along the ramp without audio: time passes for a source that has nothing to say.
    void skip(std::size_t samples);

    [[nodiscard]] float current() const;
    [[nodiscard]] float target() const;
    [[nodiscard]] bool moving() const { return left_ != 0; }

private:
    std::int32_t next();

    std::int64_t gain_;    // 2^30 = 1.0
    std::int64_t target_;  // the same
    std::int64_t step_ = 0;
    std::size_t left_ = 0;
};

}  // namespace parley::audio
