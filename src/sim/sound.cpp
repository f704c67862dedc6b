#include "parley/sim/sound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string_view>

namespace parley::sim {
namespace {

constexpr int kBias = 0x84;  // G.711: 33 in the 13-bit scale, times 4
constexpr int kClip = 32635;
constexpr std::uintmax_t kMaxFile = 256u * 1024 * 1024;

std::int16_t clamp16(double value) {
    return static_cast<std::int16_t>(std::lround(std::clamp(value, -32768.0, 32767.0)));
}

error_code not_a_wav() {
    return make_error_code(boost::system::errc::illegal_byte_sequence);
}

std::uint32_t little(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
    return value;
}

void put_little(std::string& out, std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

}  // namespace

std::int16_t mulaw_to_linear(std::uint8_t code) {
    const int inverted = ~code & 0xff;
    const int exponent = (inverted >> 4) & 7;
    const int magnitude = ((((inverted & 15) << 3) + kBias) << exponent) - kBias;
    return static_cast<std::int16_t>((inverted & 0x80) != 0 ? -magnitude : magnitude);
}

std::uint8_t linear_to_mulaw(std::int16_t sample) {
    int magnitude = sample;
    const int sign = magnitude < 0 ? 0x80 : 0;
    if (sign != 0) magnitude = -magnitude;
    magnitude = std::min(magnitude, kClip) + kBias;
    int exponent = 7;
    for (int bit = 0x4000; exponent > 0 && (magnitude & bit) == 0; bit >>= 1) --exponent;
    return static_cast<std::uint8_t>(~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)));
}

Mulaw to_mulaw(std::span<const std::int16_t> pcm) {
    Mulaw out(pcm.size());
    std::transform(pcm.begin(), pcm.end(), out.begin(), linear_to_mulaw);
    return out;
}

Pcm8k from_mulaw(std::span<const std::uint8_t> codes) {
    static const auto table = [] {
        std::array<std::int16_t, 256> made{};
        for (std::size_t i = 0; i < made.size(); ++i) made[i] = mulaw_to_linear(static_cast<std::uint8_t>(i));
        return made;
    }();
    Pcm8k out(codes.size());
    std::transform(codes.begin(), codes.end(), out.begin(), [&](std::uint8_t code) { return table[code]; });
    return out;
}

Pcm8k resample_to_8k(std::span<const std::int16_t> pcm, int rate) {
    if (rate == kSampleRate || pcm.empty()) return {pcm.begin(), pcm.end()};
    const double step = static_cast<double>(rate) / kSampleRate;
    const double cutoff = std::min(1.0, 1.0 / step) * 0.95;  // relative to the input's Nyquist frequency
    const int reach = static_cast<int>(std::ceil(16 / cutoff));
    const auto length = static_cast<std::size_t>(static_cast<double>(pcm.size()) / step);
    Pcm8k out(length);
    for (std::size_t i = 0; i < length; ++i) {
        const double centre = static_cast<double>(i) * step;
        const auto first = static_cast<std::ptrdiff_t>(std::floor(centre)) - reach + 1;
        double sum = 0;
        for (std::ptrdiff_t k = first; k < first + 2 * reach; ++k) {
            if (k < 0 || k >= static_cast<std::ptrdiff_t>(pcm.size())) continue;
            const double x = static_cast<double>(k) - centre;
            const double angle = std::numbers::pi * x * cutoff;
            const double sinc = std::abs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
            const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * x / reach);
            sum += pcm[static_cast<std::size_t>(k)] * sinc * window * cutoff;
        }
        out[i] = clamp16(sum);
    }
    return out;
}

Result<Pcm8k> parse_wav(std::span<const std::uint8_t> bytes) {
    const auto tag = [&](std::size_t at) { return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, 4); };
    if (bytes.size() < 12 || tag(0) != "RIFF" || tag(8) != "WAVE") return not_a_wav();
    std::size_t at = 12;
    std::uint32_t format = 0, channels = 0, rate = 0, bits = 0;
    while (at + 8 <= bytes.size()) {
        const auto name = tag(at);
        const std::size_t declared = little(bytes, at + 4, 4);
        at += 8;
        const auto size = std::min(declared, bytes.size() - at);  // streamed files declare more than they hold
        if (name == "fmt ") {
            if (size < 16) return not_a_wav();
            format = little(bytes, at, 2);
            channels = little(bytes, at + 2, 2);
            rate = little(bytes, at + 4, 4);
            bits = little(bytes, at + 14, 2);
            if (format == 0xFFFE && size >= 26) format = little(bytes, at + 24, 2);  // WAVE_FORMAT_EXTENSIBLE: its sub-format
        } else if (name == "data") {
            const bool pcm = format == 1 && bits == 16;
            const bool mulaw = format == 7 && bits == 8;
            if ((!pcm && !mulaw) || channels < 1 || channels > 8 || rate < 4000 || rate > 192000) return not_a_wav();
            const std::size_t width = pcm ? 2 : 1;
            Pcm8k mono(size / (width * channels));
            for (std::size_t i = 0; i < mono.size(); ++i) {
                int sum = 0;
                for (std::size_t c = 0; c < channels; ++c) {
                    const auto offset = at + (i * channels + c) * width;
                    sum += pcm ? static_cast<std::int16_t>(little(bytes, offset, 2)) : mulaw_to_linear(bytes[offset]);
                }
                mono[i] = static_cast<std::int16_t>(sum / static_cast<int>(channels));
            }
            return resample_to_8k(mono, static_cast<int>(rate));
        }
        at += size + (size & 1);
    }
    return not_a_wav();
}

Result<Pcm8k> read_wav(const std::filesystem::path& path) {
    std::error_code ec;
    const auto size = std::filesystem::file_size(path, ec);
    if (ec) return error_code(ec.value(), boost::system::generic_category());
    if (size > kMaxFile) return make_error_code(boost::system::errc::file_too_large);
    std::ifstream file(path, std::ios::binary);
    if (!file) return make_error_code(boost::system::errc::permission_denied);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    return parse_wav(bytes);
}

std::string wav_bytes(std::span<const std::int16_t> left, std::span<const std::int16_t> right) {
    const std::uint32_t channels = right.data() == nullptr ? 1 : 2;
    const auto frames = std::max(left.size(), right.size());
    const auto data = static_cast<std::uint32_t>(frames * 2 * channels);
    std::string out = "RIFF";
    out.reserve(data + 44u);
    put_little(out, 36 + data, 4);
    out += "WAVEfmt ";
    put_little(out, 16, 4);
    put_little(out, 1, 2);
    put_little(out, channels, 2);
    put_little(out, kSampleRate, 4);
    put_little(out, kSampleRate * 2 * channels, 4);
    put_little(out, 2 * channels, 2);
    put_little(out, 16, 2);
    out += "data";
    put_little(out, data, 4);
    const auto put = [&](std::span<const std::int16_t> side, std::size_t i) {
        put_little(out, static_cast<std::uint16_t>(i < side.size() ? side[i] : std::int16_t{0}), 2);
    };
    for (std::size_t i = 0; i < frames; ++i) {
        put(left, i);
        if (channels == 2) put(right, i);
    }
    return out;
}

error_code write_wav(const std::filesystem::path& path, std::span<const std::int16_t> left, std::span<const std::int16_t> right) {
    const auto bytes = wav_bytes(left, right);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    return out ? error_code{} : make_error_code(boost::system::errc::io_error);
}

Pcm8k dtmf_tone(char key, int ms) {
    static constexpr std::string_view kKeys = "123A456B789C*0#D";
    static constexpr std::array<double, 4> kRows{697, 770, 852, 941};
    static constexpr std::array<double, 4> kColumns{1209, 1336, 1477, 1633};
    const auto at = kKeys.find(key);
    if (at == std::string_view::npos) return {};
    Pcm8k out(static_cast<std::size_t>(ms) * 8);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double t = 2 * std::numbers::pi * static_cast<double>(i) / kSampleRate;
        out[i] = clamp16(8000 * (std::sin(t * kRows[at / 4]) + std::sin(t * kColumns[at % 4])));
    }
    return out;
}

double level_dbfs(std::span<const std::int16_t> pcm) {
    if (pcm.empty()) return -100;
    double sum = 0;
    for (const auto sample : pcm) sum += static_cast<double>(sample) * sample;
    const double rms = std::sqrt(sum / static_cast<double>(pcm.size())) / 32768.0;
    return rms < 1e-5 ? -100 : 20 * std::log10(rms);
}

}  // namespace parley::sim
