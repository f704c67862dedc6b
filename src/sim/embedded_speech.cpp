#include "parley/sim/embedded_speech.hpp"
#include "spoken_words.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <mutex>

#include "parley/sim/voice_activity.hpp"
#include "parley/speech/error.hpp"
#include "parley/speech/recognizer.hpp"
#include "parley/speech/voice.hpp"

namespace parley::sim {
namespace {

// Engines serve one thread at a time; whoever needs one takes it out and brings it back.
template <class Engine>
class Idle {
public:
    std::unique_ptr<Engine> take() {
        const std::lock_guard lock(mutex_);
        if (engines_.empty()) return nullptr;
        auto engine = std::move(engines_.back());
        engines_.pop_back();
        return engine;
    }
    void give(std::unique_ptr<Engine> engine) {
        const std::lock_guard lock(mutex_);
        if (engines_.size() < kKept) engines_.push_back(std::move(engine));
    }

private:
    static constexpr std::size_t kKept = 8;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Engine>> engines_;
};

class EmbeddedVoice final : public CallerVoice {
public:
    explicit EmbeddedVoice(EmbeddedSpeechSettings settings) : settings_(std::move(settings)) {
        idle({settings_.default_voice, 1.0, 1.0}).give(make({settings_.default_voice, 1.0, 1.0}));
    }

    Pcm8k speak(const std::string& text, const VoiceStyle& style) override {
        const speech::VoiceSettings wanted{style.voice.empty() ? settings_.default_voice : style.voice, std::clamp(style.speed, 0.5, 2.0), 1.0};
        auto& pool = idle(wanted);
        auto voice = pool.take();
        if (voice == nullptr) voice = make(wanted);
        Pcm8k out;
        for (const auto& piece : pieces(text)) {
            const auto spoken = voice->speak(piece, [&](std::span<const std::int16_t> samples) {
                out.insert(out.end(), samples.begin(), samples.end());
                return true;
            });
            if (!spoken) throw std::runtime_error("cannot speak \"" + piece + "\": " + spoken.error().message());
        }
        pool.give(std::move(voice));
        return out;
    }

private:
    static std::unique_ptr<speech::Voice> make(const speech::VoiceSettings& settings) {
        auto voice = speech::Voice::make(settings);
        if (!voice) throw std::runtime_error("voice " + settings.name + ": " + voice.error().message());
        return std::move(*voice);
    }
    Idle<speech::Voice>& idle(const speech::VoiceSettings& settings) {
        const std::lock_guard lock(mutex_);
        return voices_[settings.name + "/" + std::to_string(settings.speed)];
    }
    // The engine takes a few hundred bytes at a time: cut at sentence ends, then anywhere at a blank.
    static std::vector<std::string> pieces(const std::string& text) {
        std::vector<std::string> out;
        std::size_t at = 0;
        while (at < text.size()) {
            std::size_t end = text.size();
            if (end - at > speech::kMaxSpokenBytes) {
                const auto limit = at + speech::kMaxSpokenBytes - 1;
                end = text.find_last_of(".!?", limit);
                if (end == std::string::npos || end <= at) end = text.rfind(' ', limit);
                end = end == std::string::npos || end <= at ? limit : end + 1;
            }
            out.push_back(text.substr(at, end - at));
            at = end;
        }
        return out;
    }

    EmbeddedSpeechSettings settings_;
    std::mutex mutex_;
    std::map<std::string, Idle<speech::Voice>> voices_;
};

class EmbeddedEar final : public CallerEar {
public:
    explicit EmbeddedEar(EmbeddedSpeechSettings settings) : settings_(std::move(settings)) {
        recognizer_.model = settings_.model;
        recognizer_.max_audio = std::chrono::seconds(90);
        recognizer_.beam = 1e-60;
        recognizer_.word_beam = 1e-50;
        auto lexicon = speech::Lexicon::load(settings_.model + "/cmudict-en-us.dict");
        if (!lexicon) throw std::runtime_error("pronunciation dictionary of " + settings_.model + ": " + lexicon.error().message());
        lexicon_ = std::move(*lexicon);
        idle_.give(make());
    }

    std::string unusable(const std::vector<std::string>& phrases) override {
        for (const auto& phrase : phrases) {
            const auto words = words_of(phrase);
            if (words.empty()) return "\"" + phrase + "\" has no words";
            for (const auto& word : words) {
                if (lexicon_->contains(word)) continue;
                const auto near = lexicon_->nearest(word);
                return "the ear does not know the word '" + word + "' of \"" + phrase + "\"" + (near.empty() ? "" : " (it knows '" + near + "')");
            }
        }
        return {};
    }

    std::vector<Recognised> recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) override {
        const auto grammar = grammar_for(phrases);
        if (grammar == nullptr) return {};
        auto engine = idle_.take();
        if (engine == nullptr) engine = make();
        std::vector<Recognised> out;
        const bool usable = listen(*engine, *grammar, pcm, pieces_of(pcm), phrases, out);
        if (usable) idle_.give(std::move(engine));
        return out;
    }

private:
    // The grammar is a sequence of whole phrases, so one sentence outside of it spoils its neighbours: what is not
    // understood is cut at its longest pause, and each part is tried by itself. False: the engine has broken.
    bool listen(speech::Recognizer& engine, const speech::Grammar& grammar, std::span<const std::int16_t> pcm, std::span<const Interval> pieces,
                const std::vector<std::string>& phrases, std::vector<Recognised>& out) const {
        if (pieces.empty()) return true;
        const auto before = out.size();
        for (const auto margin : kMargins) {
            const auto from = std::max<Sample>(0, pieces.front().from - margin);
            const auto to = std::min<Sample>(static_cast<Sample>(pcm.size()), pieces.back().to + margin);
            const auto heard = engine.decode(pcm.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)), grammar, [] { return false; });
            if (!heard) return heard.error() != speech::errc::engine_failed;
            take_phrases(*heard, phrases, out);
            if (out.size() > before) return true;
        }
        if (pieces.size() == 1) return true;
        std::size_t cut = 1;
        for (std::size_t i = 2; i < pieces.size(); ++i) {
            if (pieces[i].from - pieces[i - 1].to > pieces[cut].from - pieces[cut - 1].to) cut = i;
        }
        return listen(engine, grammar, pcm, pieces.first(cut), phrases, out) && listen(engine, grammar, pcm, pieces.subspan(cut), phrases, out);
    }

    static std::vector<Interval> pieces_of(std::span<const std::int16_t> pcm) {
        VoiceActivity activity({.threshold_dbfs = -45, .onset_frames = 2, .hangover = 120 * 8});
        activity.feed(to_mulaw(pcm));
        return activity.intervals();
    }

    void take_phrases(const speech::Transcript& heard, const std::vector<std::string>& phrases, std::vector<Recognised>& out) const {
        // The grammar is a sequence of phrases: cut the words at them again, the longest first.
        std::vector<std::pair<std::vector<std::string>, const std::string*>> known;
        for (const auto& phrase : phrases) known.emplace_back(words_of(phrase), &phrase);
        std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
        const auto& words = heard.words;
        for (std::size_t at = 0; at < words.size();) {
            const auto match = std::find_if(known.begin(), known.end(), [&](const auto& one) {
                return !one.first.empty() && at + one.first.size() <= words.size() &&
                       std::equal(one.first.begin(), one.first.end(), words.begin() + static_cast<std::ptrdiff_t>(at),
                                  [](const std::string& want, const speech::HeardWord& got) { return want == got.text; });
            });
            if (match == known.end()) {
                ++at;
                continue;
            }
            double fit = 0, length = 0;
            for (std::size_t i = at; i < at + match->first.size(); ++i) {
                const auto n = static_cast<double>((words[i].end - words[i].begin).count());
                fit += words[i].fit * n;
                length += n;
            }
            const double confidence = 1.0 / (1.0 + std::exp(-(fit / std::max(1.0, length) - kEvenFit) / kFitScale));
            if (confidence >= settings_.accept) out.push_back({*match->second, confidence});
            at += match->first.size();
        }
    }

    // Digital silence around the words draws the mean of the features away, so little of it is taken; a second look
    // with another amount of it finds what fell to that by chance.
    static constexpr Sample kMargins[] = {40 * 8, 120 * 8};
    // Mean log-likelihood ratio a frame at which a phrase is as likely right as wrong; as for the recogniser's own
    // confidence.
    static constexpr double kEvenFit = -21;
    static constexpr double kFitScale = 6;

    std::unique_ptr<speech::Recognizer> make() const {
        auto engine = speech::Recognizer::make(recognizer_, lexicon_);
        if (!engine) throw std::runtime_error("recogniser with model " + settings_.model + ": " + engine.error().message());
        return std::move(*engine);
    }

    std::shared_ptr<const speech::Grammar> grammar_for(const std::vector<std::string>& phrases) {
        std::string key;
        for (const auto& phrase : phrases) key += phrase + "\n";
        const std::lock_guard lock(mutex_);
        if (const auto at = grammars_.find(key); at != grammars_.end()) return at->second;
        std::string sentences;
        std::vector<std::string> all;
        for (const auto& phrase : phrases) {
            const auto words = words_of(phrase);
            const bool known = !words.empty() && std::all_of(words.begin(), words.end(), [&](const auto& word) { return lexicon_->contains(word); });
            if (!known) continue;
            sentences += sentences.empty() ? "" : " | ";
            for (const auto& word : words) {
                sentences += word + " ";
                if (std::find(all.begin(), all.end(), word) == all.end()) all.push_back(word);
            }
        }
        if (sentences.empty()) return nullptr;
        const auto jsgf = "#JSGF V1.0;\ngrammar heard;\npublic <heard> = ( " + sentences + " )+;\n";
        if (grammars_.size() >= kMaxGrammars) grammars_.clear();
        return grammars_[key] = speech::Grammar::make("heard", jsgf, std::move(all), 0);
    }

    static constexpr std::size_t kMaxGrammars = 256;
    EmbeddedSpeechSettings settings_;
    speech::RecognizerSettings recognizer_;
    std::shared_ptr<const speech::Lexicon> lexicon_;
    Idle<speech::Recognizer> idle_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const speech::Grammar>> grammars_;
};

}  // namespace

std::shared_ptr<CallerVoice> make_embedded_voice(const EmbeddedSpeechSettings& settings) {
    return std::make_shared<EmbeddedVoice>(settings);
}
std::shared_ptr<CallerEar> make_embedded_ear(const EmbeddedSpeechSettings& settings) {
    return std::make_shared<EmbeddedEar>(settings);
}

}  // namespace parley::sim
