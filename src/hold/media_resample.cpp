#include "media_resample.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

namespace parley::hold {

namespace {
constexpr int kOut = 8000;
constexpr double kCutoff = 0.45;       // of 8 kHz: what a telephone line passes ends at 3.4 kHz
constexpr std::size_t kHalfTaps = 16;  // zero crossings to each side, at the lower rate
}  // namespace

std::vector<std::int16_t> to_8k(std::span<const std::int16_t> pcm, int rate) {
    if (rate == kOut || rate <= 0) return {pcm.begin(), pcm.end()};
    const auto common = static_cast<std::size_t>(std::gcd(kOut, rate));
    const std::size_t up = kOut / common, down = static_cast<std::size_t>(rate) / common;
    const double step = static_cast<double>(rate) / kOut, low = std::min(1.0, 1.0 / step);  // of the input's rate
    const auto half = static_cast<std::size_t>(std::ceil(static_cast<double>(kHalfTaps) / low));
    const std::size_t taps = 2 * half;
    // Phase p: outputs that lie p/up of an input sample behind the sample before them.
    std::vector<float> kernel(up * taps);
    for (std::size_t p = 0; p < up; ++p) {
        double sum = 0;
        const double fraction = static_cast<double>(p) / static_cast<double>(up);
        for (std::size_t t = 0; t < taps; ++t) {
            const double x = static_cast<double>(t) - static_cast<double>(half - 1) - fraction;
            const double phase = 2 * std::numbers::pi * kCutoff * low * x;
            const double sinc = std::abs(phase) < 1e-9 ? 1.0 : std::sin(phase) / phase;
            const double place = std::clamp(x / static_cast<double>(half), -1.0, 1.0);
            const double window = 0.42 + 0.5 * std::cos(std::numbers::pi * place) + 0.08 * std::cos(2 * std::numbers::pi * place);
            kernel[p * taps + t] = static_cast<float>(sinc * window);
            sum += sinc * window;
        }
        for (std::size_t t = 0; t < taps; ++t) kernel[p * taps + t] = static_cast<float>(kernel[p * taps + t] / sum);
    }
    const std::size_t count = (pcm.size() * up + down - 1) / down;
    std::vector<std::int16_t> out(count);
    for (std::size_t n = 0; n < count; ++n) {
        const std::size_t at = n * down / up;
        const float* weights = kernel.data() + (n * down % up) * taps;
        float sum = 0;
        for (std::size_t t = 0; t < taps; ++t) {
            const std::size_t index = at + t;  // shifted by half - 1, so that it never is negative
            if (index < half - 1 || index - (half - 1) >= pcm.size()) continue;
            sum += weights[t] * static_cast<float>(pcm[index - (half - 1)]);
        }
        out[n] = static_cast<std::int16_t>(std::clamp(std::lround(sum), -32768L, 32767L));
    }
    return out;
}

}  // namespace parley::hold
