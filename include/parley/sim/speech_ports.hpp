#pragma once
// The caller's mouth and ear, as the simulator needs them. The embedded engines are one implementation; tests bring
// their own.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "parley/sim/sound.hpp"

namespace parley::sim {

struct VoiceStyle {
    std::string voice;   // an engine's name for it; empty: its default
    double speed = 1.0;  // 0.5 to 2
};

// Text to speech. Called on compute threads, several at once.
class CallerVoice {
public:
    virtual ~CallerVoice() = default;
    [[nodiscard]] virtual Pcm8k speak(const std::string& text, const VoiceStyle& style) = 0;
};

struct Recognised {
    std::string text;       // one of the phrases, as given
    double confidence = 0;  // 0 to 1
};

// Speech recognition of what came out of the caller's telephone. Called on compute threads, several at once.
class CallerEar {
public:
    virtual ~CallerEar() = default;
    // Which of `phrases` are spoken in this stretch of sound, in order; the stretch was cut at pauses and may hold
    // several. Empty: none of them was heard.
    [[nodiscard]] virtual std::vector<Recognised> recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) = 0;
    // Why one of the phrases can never be recognised (a word it does not know, a number in digits); empty: all can.
    [[nodiscard]] virtual std::string unusable(const std::vector<std::string>& phrases) {
        (void)phrases;
        return {};
    }
};

// No speech at all: two alternating tones, 60 ms a character at speed 1, so that timing, barge-in and energy behave.
// Used when no engine is given.
class ToneVoice final : public CallerVoice {
public:
    [[nodiscard]] Pcm8k speak(const std::string& text, const VoiceStyle& style) override;
};

}  // namespace parley::sim
