#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/speech/recognizer.hpp"

namespace parley::speech {

struct JudgeSettings {
    RecognizerSettings recognizer;
    // Fit from which a phrase counts as heard. Measured on the gateway's voice: phrases that were said -16 and better
    // (but one, "nine in the morning" after "from", -30), phrases that were not -25 and worse; near ones ("ten" for
    // "nine in the morning") in between.
    double heard_above = -20;
    std::chrono::seconds max_audio{60};
};

struct Verdict {
    bool heard = false;                        // the phrase won over every distractor, and fits
    double fit = -1000;                        // how well the best candidate explains its place: 0 is as good as any sequence of phones, less is worse
    std::string best;                          // the candidate that fits best: the phrase or one of the distractors
    std::chrono::milliseconds begin{}, end{};  // where it was found
};

// Decides whether a phrase was said somewhere in a stretch of audio. It is not dictation: every candidate is laid over
// the audio where it fits best, with free phones before and behind it, and the best one must fit well enough. So it
// answers "was it this rather than those?" and is only as sharp as its distractors are different: expect three words or
// more, and no verdict on one sound ("nine" or "ten"). Words that are not in the dictionary are skipped; a phrase
// without any known word is an error.
//
// Blocking and slow compared to recognition (about a tenth of real time for each candidate); one thread at a time. For
// simulators and tests.
class Judge {
public:
    static Result<std::unique_ptr<Judge>> make(const JudgeSettings& settings, std::shared_ptr<const Lexicon> lexicon);

    // errc::bad_text when the phrase has no known word, errc::audio_too_long beyond max_audio.
    Result<Verdict> heard(std::span<const std::int16_t> pcm8k, std::string_view phrase, const std::vector<std::string>& distractors = {});

private:
    Judge(const JudgeSettings& settings, std::shared_ptr<const Lexicon> lexicon, std::unique_ptr<Recognizer> recognizer)
        : settings_(settings), lexicon_(std::move(lexicon)), recognizer_(std::move(recognizer)) {}
    std::vector<std::string> known_words(std::string_view text) const;

    JudgeSettings settings_;
    std::shared_ptr<const Lexicon> lexicon_;
    std::unique_ptr<Recognizer> recognizer_;
};

}  // namespace parley::speech
