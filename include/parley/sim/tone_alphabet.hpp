#pragma once
// Speech without a speech engine: every phrase of a list is a code word of dual tones over a hum that voice activity
// detection takes for a voice. Saying is arithmetic and hearing is exact, at any loudness, through G.711, cut anywhere.
//
//   phrase  = START digit digit [digit] check        each 48 ms of sound and 24 ms of silence, 128 ms of silence after
//   the phrase digit   = 0..13, the phrase's index in base 14, highest first; check = sum of the digits mod 14 symbol
//   = one of four low tones (500, 625, 750, 875 Hz) and one of four high ones (1125, 1375, 1625, 1875 Hz)
// All are multiples of 125 Hz, so that windows of 16 ms tell them apart exactly.

#include <mutex>

#include "parley/sim/speech_ports.hpp"

namespace parley::sim {

// Mouth and ear over the same list; both ends of a conversation need the same list in the same order. At most 2744
// phrases. A text that is not in the list is taken apart into phrases that are, the longest first; words that belong to
// none hum without a code.
class ToneAlphabet final : public CallerVoice, public CallerEar {
public:
    // Case and punctuation do not matter. Throws std::invalid_argument for too many phrases and for one without words.
    explicit ToneAlphabet(const std::vector<std::string>& phrases);

    [[nodiscard]] Pcm8k speak(const std::string& text, const VoiceStyle& style) override;
    // Which of `phrases` are among the words that are heard, the longest first, wherever they begin; without `phrases` what is heard as it stands
    // in the list.
    [[nodiscard]] std::vector<Recognised> recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) override;
    [[nodiscard]] std::string unusable(const std::vector<std::string>& phrases) override;

    [[nodiscard]] const std::vector<std::string>& phrases() const { return phrases_; }

private:
    struct Part {
        int index = -1;  // -1: a word that is in no phrase
        std::size_t words = 0;
    };
    [[nodiscard]] std::vector<std::size_t> heard(std::span<const std::int16_t> pcm) const;
    [[nodiscard]] std::vector<Part> parts_of(const std::string& text) const;

    std::vector<std::string> phrases_;
    std::vector<std::vector<std::string>> words_;
    int digits_ = 2;
};

}  // namespace parley::sim
