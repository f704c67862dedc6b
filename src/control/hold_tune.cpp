#include "parley/control/hold_tune.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "parley/audio/g711.hpp"

namespace parley::control {
namespace {

constexpr std::uint32_t kRate = 8000, kSeconds = 20;

void put(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

std::string make() {
    // A pentatonic line over slow fifths: nothing in it clashes wherever it is cut or joined.
    constexpr std::array<double, 16> kMelody{392.00, 440.00, 523.25, 587.33, 659.25, 587.33, 523.25, 440.00,
                                             392.00, 329.63, 392.00, 440.00, 523.25, 440.00, 392.00, 329.63};
    constexpr double kNote = 0.625;
    constexpr std::uint32_t kSamples = kRate * kSeconds;
    std::string out;
    out.reserve(kSamples + 64);
    out += "RIFF";
    put(out, 4 + 8 + 18 + 8 + 4 + 8 + kSamples, 4);
    out += "WAVEfmt ";
    put(out, 18, 4);
    put(out, 7, 2);  // WAVE_FORMAT_MULAW
    put(out, 1, 2);
    put(out, kRate, 4);
    put(out, kRate, 4);
    put(out, 1, 2);
    put(out, 8, 2);
    put(out, 0, 2);
    out += "fact";
    put(out, 4, 4);
    put(out, kSamples, 4);
    out += "data";
    put(out, kSamples, 4);
    for (std::uint32_t i = 0; i < kSamples; ++i) {
        const double t = static_cast<double>(i) / kRate;
        const auto note = static_cast<std::size_t>(t / kNote);
        const double into = t - static_cast<double>(note) * kNote;
        const double envelope = std::min(into / 0.03, 1.0) * std::exp(-2.2 * into) * std::min((kNote - into) / 0.02, 1.0);
        const double bass = note % 8 < 4 ? 196.00 : 261.63;
        const double fade = 0.35 * (0.5 - 0.5 * std::cos(2 * std::numbers::pi * t / 5.0));
        const double level =
            3600 * envelope * std::sin(2 * std::numbers::pi * kMelody[note % kMelody.size()] * into) + 1800 * fade * std::sin(2 * std::numbers::pi * bass * t);
        out += static_cast<char>(audio::mulaw_encode_sample(static_cast<std::int16_t>(level)));
    }
    return out;
}

}  // namespace

const std::string& hold_tune() {
    static const std::string tune = make();
    return tune;
}

}  // namespace parley::control
