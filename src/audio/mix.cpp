#include "parley/audio/mix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace parley::audio {

namespace {

constexpr std::int64_t kUnity = std::int64_t{1} << 30;
constexpr int kFractionBits = 14;  // of the gain applied to a sample: 8.0 x 2^14 x 32768 stays below 2^32

std::int64_t fixed_gain(float gain) {
    if (!(gain > 0.0F)) return 0;  // also NaN
    return static_cast<std::int64_t>(std::llround(static_cast<double>(std::min(gain, 8.0F)) * static_cast<double>(kUnity)));
}

std::int16_t saturate(std::int64_t value) {
    return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()));
}

std::int64_t scaled(std::int16_t sample, std::int32_t gain) {
    return (std::int64_t{sample} * gain + (1 << (kFractionBits - 1))) >> kFractionBits;
}

}  // namespace

void mix_add(std::span<const std::int16_t> src, std::span<std::int16_t> dst) {
    const std::size_t n = std::min(src.size(), dst.size());
    for (std::size_t i = 0; i < n; ++i) {
        const int sum = src[i] + dst[i];
        dst[i] = static_cast<std::int16_t>(sum > 32767 ? 32767 : (sum < -32768 ? -32768 : sum));
    }
}

GainRamp::GainRamp(float gain) : gain_(fixed_gain(gain)), target_(gain_) {}

void GainRamp::set_target(float gain, std::size_t samples) {
    target_ = fixed_gain(gain);
    left_ = gain_ == target_ ? 0 : samples;
    if (left_ == 0) {
        gain_ = target_;
        step_ = 0;
    } else {
        step_ = (target_ - gain_) / static_cast<std::int64_t>(left_);
    }
}

std::int32_t GainRamp::next() {
    if (left_ != 0) {
        gain_ += step_;
        if (--left_ == 0) gain_ = target_;  // the division's remainder
    }
    return static_cast<std::int32_t>(gain_ >> (30 - kFractionBits));
}

void GainRamp::apply(std::span<std::int16_t> pcm) {
    std::size_t i = 0;
    for (; i < pcm.size() && left_ != 0; ++i) pcm[i] = saturate(scaled(pcm[i], next()));
    if (i == pcm.size() || gain_ == kUnity) return;
    const std::int32_t gain = next();
    for (; i < pcm.size(); ++i) pcm[i] = saturate(scaled(pcm[i], gain));
}

void GainRamp::mix(std::span<const std::int16_t> src, std::span<std::int16_t> dst) {
    const std::size_t n = std::min(src.size(), dst.size());
    std::size_t i = 0;
    for (; i < n && left_ != 0; ++i) dst[i] = saturate(dst[i] + scaled(src[i], next()));
    if (i == n) return;
    if (gain_ == kUnity) {
        mix_add(src.subspan(i, n - i), dst.subspan(i));
        return;
    }
    const std::int32_t gain = next();
    for (; i < n; ++i) dst[i] = saturate(dst[i] + scaled(src[i], gain));
}

void GainRamp::skip(std::size_t samples) {
    const std::size_t n = std::min(samples, left_);
    gain_ += step_ * static_cast<std::int64_t>(n);
    left_ -= n;
    if (left_ == 0) gain_ = target_;
}

float GainRamp::current() const {
    return static_cast<float>(static_cast<double>(gain_) / static_cast<double>(kUnity));
}
float GainRamp::target() const {
    return static_cast<float>(static_cast<double>(target_) / static_cast<double>(kUnity));
}

}  // namespace parley::audio
