#include "parley/sim/emulator_audio.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <stdexcept>

#include "parley/audio/resampler.hpp"

namespace parley::sim {
namespace {

constexpr int kLowestRate = 4000, kHighestRate = 192000;
constexpr int kSide = 16;  // zero crossings of the sinc on each side

void check_rate(int rate) {
    if (rate < kLowestRate || rate > kHighestRate) throw std::invalid_argument("no such sample rate: " + std::to_string(rate));
}

std::int16_t clipped(double value) {
    return static_cast<std::int16_t>(std::clamp(std::lround(value), -32768L, 32767L));
}

// ITU-T G.711, A-law, even bits inverted.
std::uint8_t to_alaw(std::int16_t sample) {
    int value = sample >> 3;
    const int sign = value >= 0 ? 0x80 : 0;
    if (value < 0) value = -value - 1;
    int exponent = 0;
    for (int rest = value >> 5; rest != 0; rest >>= 1) ++exponent;
    const int mantissa = exponent < 2 ? value >> 1 & 0x0f : value >> exponent & 0x0f;
    return static_cast<std::uint8_t>((sign | exponent << 4 | mantissa) ^ 0x55);
}

std::int16_t from_alaw(std::uint8_t code) {
    const int bits = code ^ 0x55;
    const int exponent = bits >> 4 & 7;
    int value = (bits & 0x0f) << 4 | 8;
    if (exponent > 0) value = (value | 0x100) << (exponent - 1);
    return static_cast<std::int16_t>((bits & 0x80) != 0 ? value : -value);
}

void append_little(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

}  // namespace

std::vector<std::int16_t> resampled(std::span<const std::int16_t> pcm, int from, int to) {
    check_rate(from);
    check_rate(to);
    if (from == to || pcm.empty()) return {pcm.begin(), pcm.end()};
    const double step = static_cast<double>(from) / to;
    const double cut = std::min(1.0, 1.0 / step);  // of the input's Nyquist frequency
    const double reach = kSide / cut;
    std::vector<std::int16_t> out(static_cast<std::size_t>(std::ceil(static_cast<double>(pcm.size()) / step)));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double centre = static_cast<double>(i) * step;
        const auto first = static_cast<long>(std::max(0.0, std::ceil(centre - reach)));
        const auto last = std::min(static_cast<long>(pcm.size()) - 1, static_cast<long>(std::floor(centre + reach)));
        double sum = 0;
        for (long at = first; at <= last; ++at) {
            const double x = static_cast<double>(at) - centre;
            const double angle = std::numbers::pi * x * cut;
            const double sinc = std::abs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
            sum += pcm[static_cast<std::size_t>(at)] * cut * sinc * 0.5 * (1 + std::cos(std::numbers::pi * x / reach));
        }
        out[i] = clipped(sum);
    }
    return out;
}

std::string to_wire(std::span<const std::int16_t> pcm8k, const WireFormat& format) {
    check_rate(format.rate);
    const auto samples = resampled(pcm8k, kSampleRate, format.rate);
    std::string out;
    out.reserve(samples.size() * format.sample_bytes());
    for (const auto sample : samples) {
        switch (format.encoding) {
            case WireFormat::Encoding::mulaw:
                out.push_back(static_cast<char>(linear_to_mulaw(sample)));
                break;
            case WireFormat::Encoding::alaw:
                out.push_back(static_cast<char>(to_alaw(sample)));
                break;
            case WireFormat::Encoding::linear16:
                append_little(out, static_cast<std::uint16_t>(sample), 2);
                break;
            case WireFormat::Encoding::float32: {
                const float value = static_cast<float>(sample) / 32768.0F;
                std::uint32_t bits = 0;
                std::memcpy(&bits, &value, sizeof(bits));
                append_little(out, bits, 4);
                break;
            }
        }
    }
    return out;
}

std::string wav_header(const WireFormat& format, std::size_t bytes) {
    std::uint32_t tag = 1;
    if (format.encoding == WireFormat::Encoding::mulaw) tag = 7;
    if (format.encoding == WireFormat::Encoding::alaw) tag = 6;
    if (format.encoding == WireFormat::Encoding::float32) tag = 3;
    const auto sample = static_cast<std::uint32_t>(format.sample_bytes());
    const auto rate = static_cast<std::uint32_t>(format.rate);
    std::string out = "RIFF";
    append_little(out, static_cast<std::uint32_t>(bytes) + 36, 4);
    out += "WAVEfmt ";
    append_little(out, 16, 4);
    append_little(out, tag, 2);
    append_little(out, 1, 2);
    append_little(out, rate, 4);
    append_little(out, rate * sample, 4);
    append_little(out, sample, 2);
    append_little(out, sample * 8, 2);
    out += "data";
    append_little(out, static_cast<std::uint32_t>(bytes), 4);
    return out;
}

struct WireDecoder::State {
    std::string odd;  // bytes of an unfinished sample
    std::optional<audio::Resampler> exact;
    double next = 0;  // position of the next output sample after `last`, in input samples: for rates the resampler does not know
    std::int16_t last = 0;
};

WireDecoder::WireDecoder(const WireFormat& format) : format_(format), state_(std::make_unique<State>()) {
    check_rate(format.rate);
    if (audio::resampler_supports(format.rate)) state_->exact.emplace(format.rate, kSampleRate);
}
WireDecoder::~WireDecoder() = default;
WireDecoder::WireDecoder(WireDecoder&&) noexcept = default;
WireDecoder& WireDecoder::operator=(WireDecoder&&) noexcept = default;

Pcm8k WireDecoder::feed(std::string_view bytes) {
    auto& odd = state_->odd;
    odd.append(bytes);
    const auto width = format_.sample_bytes();
    const auto count = odd.size() / width;
    Pcm8k samples(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        for (std::size_t b = 0; b < width; ++b) bits |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(odd[i * width + b])) << (8 * b);
        switch (format_.encoding) {
            case WireFormat::Encoding::mulaw:
                samples[i] = mulaw_to_linear(static_cast<std::uint8_t>(bits));
                break;
            case WireFormat::Encoding::alaw:
                samples[i] = from_alaw(static_cast<std::uint8_t>(bits));
                break;
            case WireFormat::Encoding::linear16:
                samples[i] = static_cast<std::int16_t>(static_cast<std::uint16_t>(bits));
                break;
            case WireFormat::Encoding::float32: {
                float value = 0;
                std::memcpy(&value, &bits, sizeof(value));
                samples[i] = std::isfinite(value) ? clipped(std::clamp(static_cast<double>(value), -1.0, 1.0) * 32767) : std::int16_t{0};
                break;
            }
        }
    }
    odd.erase(0, count * width);
    if (format_.rate == kSampleRate) return samples;
    Pcm8k out;
    if (state_->exact) {
        state_->exact->process(samples, out);
        return out;
    }
    // An unusual rate (22050, 44100, 32000 …): lines between samples. Recognition by phrase lists does not mind what
    // folds back.
    const double step = static_cast<double>(format_.rate) / kSampleRate;
    for (const auto sample : samples) {
        for (; state_->next < 1; state_->next += step) out.push_back(clipped(state_->last + (sample - state_->last) * state_->next));
        state_->next -= 1;
        state_->last = sample;
    }
    return out;
}

}  // namespace parley::sim
