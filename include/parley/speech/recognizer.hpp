#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/speech/lexicon.hpp"

namespace parley::speech {

struct RecognizerSettings {
    std::string model = "/usr/share/pocketsphinx/model/en-us";  // holds en-us/ and cmudict-en-us.dict
    // The filter bank the model was trained with. Cutting it at 3500 Hz, where telephone audio ends, was measured to be
    // much worse (docs/embedded-speech.md): the cepstra of 18 filters are not those of 25.
    double upper_hz = 6800;
    double lower_hz = 130;
    int filters = 25;
    bool remove_noise = true;
    double beam = 1e-70;  // a little wider than the library's 1e-48, which lost right phrases
    double word_beam = 1e-50;
    std::string transform = "telephone";  // of the acoustic model: the built-in one for telephone audio, "" none, or an MLLR file
    std::chrono::seconds max_audio{20};
};

// A JSGF grammar for one state of a dialogue. Immutable once made; recognisers compile it at first use and keep it.
struct Grammar {
    static std::shared_ptr<const Grammar> make(std::string name, std::string jsgf, std::vector<std::string> words, double reject_below);

    std::string name;                // for people; `id` is what recognisers know it by
    std::string jsgf;                // one public rule
    std::vector<std::string> words;  // every terminal, lower case
    double reject_below = 0;         // confidence under which an utterance counts as not understood
    std::uint64_t id = 0;
};

// JSGF for "any sound": one phone or more. Usable in any grammar; never part of a transcript.
[[nodiscard]] std::string any_phones_jsgf();

struct HeardWord {
    std::string text;
    std::chrono::milliseconds begin{}, end{};
    double fit = 0;  // how much better the word explains the sound than any phones do; about 0 when right, negative when not
};

struct Transcript {
    std::string text;        // words separated by blanks; empty when nothing fits
    double confidence = 0;   // 0..1
    bool rejected = true;    // confidence below the grammar's threshold, or no words
    double fit = 0;          // the measure behind the confidence: mean log-likelihood ratio a frame against a free phone loop
    double worst_word = 0;   // the same for the worst word
    double unexplained = 0;  // 0 or less: how badly what no word covers passes for silence, for each frame of words
    std::vector<HeardWord> words;
};

// One decoder. Not thread-safe: one thread at a time, and each thread its own. The model's largest part is
// memory-mapped and so shared by all decoders of the process.
//
// A grammar by itself never says "I don't know", so every utterance is decoded twice over the same features: once with
// the grammar, once with a free loop of phones. The difference of the two acoustic scores over the frames that carry
// words is the fit.
class Recognizer {
public:
    static Result<std::unique_ptr<Recognizer>> make(const RecognizerSettings& settings, std::shared_ptr<const Lexicon> lexicon);
    ~Recognizer();
    Recognizer(const Recognizer&) = delete;
    Recognizer& operator=(const Recognizer&) = delete;

    // Compiles the grammar (again a no-op). errc::bad_grammar when it does not parse or a word has no pronunciation.
    Result<> prepare(const Grammar& grammar);

    // An utterance of 8 kHz samples. `stop` is asked at least once for each 100 ms of audio; when it answers true:
    // errc::cancelled. `whole`: the words must complete the grammar. `running`: the utterance goes on, the best
    // beginning of a phrase is wanted.
    enum class Mode : std::uint8_t { whole, running };
    Result<Transcript> decode(std::span<const std::int16_t> pcm8k, const Grammar& grammar, const std::function<bool()>& stop, Mode mode = Mode::whole);
    // The same audio with each of several grammars, for less than as many calls of decode().
    Result<std::vector<Transcript>> decode_each(std::span<const std::int16_t> pcm8k, std::span<const std::shared_ptr<const Grammar>> grammars,
                                                const std::function<bool()>& stop);

private:
    struct State;
    explicit Recognizer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace parley::speech
