#include "parley/audio/level.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "parley/audio/g711.hpp"

namespace parley::audio {

Level measure_level(std::span<const std::int16_t> pcm) {
    std::int64_t energy = 0;
    std::int32_t peak = 0;
    for (const std::int32_t sample : pcm) {
        energy += std::int64_t{sample} * sample;
        peak = std::max(peak, std::abs(sample));
    }
    if (peak == 0) return {};
    const auto mean_square = static_cast<double>(energy) / static_cast<double>(pcm.size());
    constexpr double kFullScale = 32768.0;
    return {.rms_dbfs = static_cast<float>(10.0 * std::log10(mean_square / (kFullScale * kFullScale))),
            .peak_dbfs = static_cast<float>(20.0 * std::log10(peak / kFullScale))};
}

bool is_digital_silence(std::span<const std::int16_t> pcm, int tolerance) {
    return std::all_of(pcm.begin(), pcm.end(), [tolerance](int sample) { return std::abs(sample) <= tolerance; });
}

namespace {

// No early exit: a frame is short, and without one the loop runs on vectors.
bool all_but_sign_equal(std::span<const std::uint8_t> codes, std::uint8_t code) {
    std::uint8_t difference = 0;
    for (const std::uint8_t other : codes) difference = static_cast<std::uint8_t>(difference | ((other ^ code) & 0x7F));
    return difference == 0;
}

}  // namespace

bool is_mulaw_silence(std::span<const std::uint8_t> codes) {
    return all_but_sign_equal(codes, kMulawSilence);
}
bool is_alaw_silence(std::span<const std::uint8_t> codes) {
    return all_but_sign_equal(codes, kAlawSilence);
}

}  // namespace parley::audio
