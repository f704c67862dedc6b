#pragma once
// What one pool thread owns: a recogniser and some voices, made when first needed.

#include <list>
#include <memory>
#include <utility>

#include "parley/speech/error.hpp"
#include "parley/speech/recognizer.hpp"
#include "parley/speech/voice.hpp"

namespace parley::speech {

class ThreadEngines {
public:
    ThreadEngines(const RecognizerSettings& settings, std::shared_ptr<const Lexicon> lexicon) : settings_(settings), lexicon_(std::move(lexicon)) {}

    Result<Recognizer*> recognizer() {
        if (!recognizer_) {
            auto made = Recognizer::make(settings_, lexicon_);
            if (!made) return made.error();
            recognizer_ = std::move(*made);
        }
        return recognizer_.get();
    }
    void forget_recognizer() { recognizer_.reset(); }

    Result<Voice*> voice(const VoiceSettings& wanted) {
        for (auto it = voices_.begin(); it != voices_.end(); ++it) {
            if (it->first != wanted) continue;
            voices_.splice(voices_.begin(), voices_, it);
            return it->second.get();
        }
        auto made = Voice::make(wanted);
        if (!made) return made.error();
        if (voices_.size() >= kMaxVoices) voices_.pop_back();
        voices_.emplace_front(wanted, std::move(*made));
        return voices_.front().second.get();
    }

private:
    static constexpr std::size_t kMaxVoices = 4;
    RecognizerSettings settings_;
    std::shared_ptr<const Lexicon> lexicon_;
    std::unique_ptr<Recognizer> recognizer_;
    std::list<std::pair<VoiceSettings, std::unique_ptr<Voice>>> voices_;  // most recently used first
};

}  // namespace parley::speech
