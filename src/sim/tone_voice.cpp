#include <algorithm>
#include <cmath>
#include <numbers>

#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

Pcm8k ToneVoice::speak(const std::string& text, const VoiceStyle& style) {
    constexpr double kCharacterMs = 60;
    const double speed = std::clamp(style.speed, 0.5, 2.0);
    const auto per_character = static_cast<std::size_t>(kCharacterMs * 8 / speed);
    Pcm8k out;
    out.reserve(text.size() * per_character);
    double phase = 0;
    for (const char c : text) {
        const double hz = c == ' ' ? 300 : 500 + 10 * (static_cast<unsigned char>(c) % 64);
        for (std::size_t i = 0; i < per_character; ++i) {
            phase += 2 * std::numbers::pi * hz / kSampleRate;
            out.push_back(static_cast<std::int16_t>(6000 * std::sin(phase)));
        }
    }
    return out;
}

}  // namespace parley::sim
