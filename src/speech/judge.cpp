#include "parley/speech/judge.hpp"

#include <algorithm>

#include "parley/speech/error.hpp"
#include "parley/speech/words.hpp"

namespace parley::speech {
namespace {

constexpr std::size_t kMaxCandidates = 40;
// Free phones nearly always score better than words, so a candidate falls behind before its end is reached: little
// pruning. (1e-70 lost true phrases; wider than this changed nothing but the time.)
constexpr double kWideBeam = 1e-100;

std::shared_ptr<const Grammar> candidate(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    const auto jsgf = "#JSGF V1.0;\ngrammar judge;\n<any> = " + any_phones_jsgf() + ";\npublic <top> = [<any>] " + text + " [<any>];\n";
    return Grammar::make("judge", jsgf, words, 0);
}

}  // namespace

Result<std::unique_ptr<Judge>> Judge::make(const JudgeSettings& settings, std::shared_ptr<const Lexicon> lexicon) {
    auto recognizer_settings = settings.recognizer;
    recognizer_settings.beam = recognizer_settings.word_beam = kWideBeam;
    recognizer_settings.max_audio = settings.max_audio;
    auto recognizer = Recognizer::make(recognizer_settings, lexicon);
    if (!recognizer) return recognizer.error();
    return std::unique_ptr<Judge>(new Judge(settings, std::move(lexicon), std::move(*recognizer)));
}

std::vector<std::string> Judge::known_words(std::string_view text) const {
    auto words = words_of(text);
    std::erase_if(words, [&](const std::string& word) { return !lexicon_->contains(word); });
    return words;
}

Result<Verdict> Judge::heard(std::span<const std::int16_t> pcm8k, std::string_view phrase, const std::vector<std::string>& distractors) {
    const auto wanted = known_words(phrase);
    if (wanted.empty()) return make_error_code(errc::bad_text);
    // One by one: in one grammar the candidates prune each other before they are complete.
    std::vector<std::shared_ptr<const Grammar>> candidates{candidate(wanted)};
    for (const auto& distractor : std::span(distractors).first(std::min(distractors.size(), kMaxCandidates))) {
        const auto other = known_words(distractor);
        if (!other.empty() && other != wanted) candidates.push_back(candidate(other));
    }
    auto transcripts = recognizer_->decode_each(pcm8k, candidates, {});
    if (!transcripts) return transcripts.error();
    Verdict verdict;
    std::size_t best = 0;
    for (std::size_t i = 0; i < transcripts->size(); ++i) {
        const auto& transcript = (*transcripts)[i];
        if (transcript.words.empty() || transcript.fit <= verdict.fit) continue;
        best = i;
        verdict.best = transcript.text;
        verdict.fit = transcript.fit;
        verdict.begin = transcript.words.front().begin;
        verdict.end = transcript.words.back().end;
    }
    verdict.heard = best == 0 && !verdict.best.empty() && verdict.fit >= settings_.heard_above;
    return verdict;
}

}  // namespace parley::speech
