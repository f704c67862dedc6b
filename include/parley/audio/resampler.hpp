#pragma once
// Streaming sample-rate conversion between 8, 16, 24 and 48 kHz, mono PCM16: a polyphase FIR (Kaiser-windowed sinc, 32
// taps at the lower rate) in integer arithmetic, so the result is the same on every machine and for every way of
// cutting the input into chunks.
//
// With `low` the lower of the two rates: within 0.1 dB up to 0.41 x low, and what lies beyond 0.59 x low is down by 70
// dB or more (measured in the tests). Results saturate, they never wrap.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace parley::audio {

[[nodiscard]] constexpr bool resampler_supports(int hz) {
    return hz == 8000 || hz == 16000 || hz == 24000 || hz == 48000;
}

// One direction of one stream; not thread-safe. Memory (about 2 to 4 KiB a stream beside coefficients shared by all) is
// taken in the constructor. Movable; a moved-from one may only be destroyed or assigned.
class Resampler {
public:
    // Throws std::invalid_argument for a rate outside resampler_supports().
    Resampler(int in_hz, int out_hz);
    ~Resampler();
    Resampler(Resampler&&) noexcept;
    Resampler& operator=(Resampler&&) noexcept;

    // Appends to `out` what the input so far determines: floor(total_in / M) * L samples after `total_in`, where L/M is
    // the reduced ratio out/in. Does not allocate when `out` has capacity (see output_bound).
    void process(std::span<const std::int16_t> in, std::vector<std::int16_t>& out);

    // Appends the rest, as if the input were followed by silence: ceil(total_in * L / M) + delay_samples() samples have
    // then come out in all. The stream starts afresh afterwards.
    void flush(std::vector<std::int16_t>& out);

    // Forgets the past without output.
    void reset();

    // How many output samples an input event lies late; 0 when the rates are equal.
    [[nodiscard]] std::size_t delay_samples() const;

    // Most samples the next process() of `in` samples can append.
    [[nodiscard]] std::size_t output_bound(std::size_t in) const;

    [[nodiscard]] int in_hz() const { return in_hz_; }
    [[nodiscard]] int out_hz() const { return out_hz_; }

private:
    struct State;
    int in_hz_;
    int out_hz_;
    std::unique_ptr<State> state_;  // null when the rates are equal
};

}  // namespace parley::audio
