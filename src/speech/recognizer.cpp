#include "parley/speech/recognizer.hpp"

#include <pocketsphinx.h>
#include <sphinxbase/ckd_alloc.h>
#include <sphinxbase/err.h>
#include <sphinxbase/fe.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "parley/audio/resampler.hpp"
#include "parley/speech/error.hpp"
#include "telephone_transform.hpp"

namespace parley::speech {
namespace {

constexpr int kCepstra = 13;
constexpr std::size_t kShortest = 400;    // samples; less is not even two frames
constexpr int kFramesPerStep = 10;        // 100 ms: how often `stop` is asked
constexpr std::size_t kMaxGrammars = 96;  // compiled ones kept by one decoder; the least recently used leaves first
constexpr const char* kLoop = "phone-loop";
constexpr const char* kPhoneWord = "__";  // prefix of the word that is one phone
constexpr auto kPhones =
    std::to_array<const char*>({"AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F",  "G", "HH", "IH", "IY", "JH", "K",
                                "L",  "M",  "N",  "NG", "OW", "OY", "P", "R",  "S", "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y",  "Z",  "ZH"});

// The confidence rests on the fit, on the worst word (an utterance from outside the grammar usually has one that fits
// nowhere) and on what no word covers (a short phrase inside a long sentence). At kEven about one right utterance in
// twenty-five and more than nine wrong ones in ten lie below on a clean line; measured on the corpus
// (docs/embedded-speech.md).
constexpr double kShortestWords = 10;  // frames of 10 ms, all words together
constexpr double kWorstWeight = 0.3;
constexpr double kUnexplainedWeight = 0.15;
constexpr double kNoiseFrame = -20;  // what a frame of noise counts as unexplained
constexpr double kEven = -35;
constexpr double kScale = 6;

struct EngineFatal {};

// The library reports what it cannot go on with here and would then call exit(). Unwinding through its frames (plain C
// with unwind tables, nothing to clean up) leaves a decoder that must not be used or freed again, and a process that
// lives.
void on_engine_message(void*, err_lvl_t level, const char*, ...) {
    if (level == ERR_FATAL) throw EngineFatal{};
}

void silence_engine() {
    static std::once_flag once;
    std::call_once(once, [] { err_set_callback(on_engine_message, nullptr); });
    err_set_logfp(nullptr);  // by thread: the configuration is printed there, past the call-back
}

struct CmdLnDelete {
    void operator()(cmd_ln_t* c) const { cmd_ln_free_r(c); }
};
struct FeDelete {
    void operator()(fe_t* f) const { fe_free(f); }
};
struct DecoderDelete {
    void operator()(ps_decoder_t* d) const { ps_free(d); }
};
struct CepstraDelete {
    void operator()(mfcc_t** c) const { fe_free_2d(static_cast<void*>(c)); }
};

struct Segment {
    std::string word;
    int begin = 0, end = 0;  // frames, both included
    double score = 0;        // acoustic
};

std::string number(double value) {
    std::string text = std::to_string(value);
    if (value != 0 && std::fabs(value) < 1e-4) {
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%.3e", value);
        text = buffer;
    }
    return text;
}

// Silence, noise, and the phones that a grammar may put around its phrases.
bool is_filler(const std::string& word) {
    return word.empty() || word[0] == '<' || word[0] == '[' || word[0] == '+' || word[0] == '(' || word.starts_with(kPhoneWord);
}

// "to(2)" is how the engine names the second pronunciation.
std::string plain(const std::string& word) {
    const auto paren = word.find('(', 1);
    return paren == std::string::npos ? word : word.substr(0, paren);
}

}  // namespace

std::shared_ptr<const Grammar> Grammar::make(std::string name, std::string jsgf, std::vector<std::string> words, double reject_below) {
    static std::atomic<std::uint64_t> next{1};
    auto grammar = std::make_shared<Grammar>();
    grammar->name = std::move(name);
    grammar->jsgf = std::move(jsgf);
    grammar->words = std::move(words);
    grammar->reject_below = reject_below;
    grammar->id = next.fetch_add(1);
    return grammar;
}

namespace {

constexpr const char* kBuiltIn = "telephone";

// One class; the model's three streams are the features, their deltas and the deltas of those.
std::string telephone_mllr() {
    std::string text = "1\n3\n";
    char number_text[32];
    const auto put = [&](double value) {
        std::snprintf(number_text, sizeof number_text, "%.5f ", value);
        text += number_text;
    };
    for (int stream = 0; stream < 3; ++stream) {
        text += std::to_string(kTransformSize) + "\n";
        for (const auto& row : kTelephoneMatrix) {
            for (const double value : row) put(value);
            text += '\n';
        }
        for (const double value : kTelephoneOffset) put(stream == 0 ? value : 0.0);
        text += '\n';
        for (const double value : kTelephoneSpread) put(value);
        text += '\n';
    }
    return text;
}

// Digital silence has no spectrum: its frames would pull the utterance's mean far away from that of speech. A little
// noise, always the same.
void dither(std::vector<std::int16_t>& samples) {
    std::uint32_t state = 12345;
    for (auto& sample : samples) {
        state = state * 1664525U + 1013904223U;
        const int noise = static_cast<int>((state >> 16U) % 9U) - 4;
        sample = static_cast<std::int16_t>(std::clamp(sample + noise, -32768, 32767));
    }
}

}  // namespace

std::string any_phones_jsgf() {
    std::string loop = "(";
    for (const char* phone : kPhones) loop += (loop.size() > 1 ? "|" : "") + std::string(kPhoneWord) + phone;
    return loop + ")+";
}

struct Recognizer::State {
    RecognizerSettings settings;
    std::shared_ptr<const Lexicon> lexicon;
    std::unique_ptr<ps_decoder_t, DecoderDelete> decoder;
    std::unique_ptr<fe_t, FeDelete> front_end;
    audio::Resampler upsampler{8000, 16000};
    std::vector<std::int16_t> narrow, wide;
    std::map<std::uint64_t, std::uint64_t> compiled;  // grammar id -> last use
    std::uint64_t uses = 0;
    bool broken = false;

    ~State() {
        if (broken) {  // its inside is unknown: leaked, not freed
            (void)decoder.release();
            (void)front_end.release();
        }
    }

    static std::string search_name(std::uint64_t id) { return "g" + std::to_string(id); }

    bool set_up() {
        const std::string acoustic = settings.model + "/en-us";
        // All senones in every frame: scores are relative to the best one that was computed, so those of two searches can
        // only be compared if both computed the same.
        cmd_ln_t* config = cmd_ln_init(nullptr, ps_args(), 1, "-hmm", acoustic.c_str(), "-dict", "/dev/null", "-cmn", "none", "-agc", "none", "-bestpath", "no",
                                       "-compallsen", "yes", "-fwdflat", "no", "-beam", number(settings.beam).c_str(), "-pbeam", number(settings.beam).c_str(),
                                       "-wbeam", number(settings.word_beam).c_str(), nullptr);
        if (config == nullptr) return false;
        const std::unique_ptr<cmd_ln_t, CmdLnDelete> owned_config(config);
        decoder.reset(ps_init(config));
        if (!decoder) return false;
        if (!settings.transform.empty() && !adapt()) return false;

        // The features are computed here and not by the decoder: the mean is taken over the whole utterance, the search
        // stays cancellable between steps, and both passes share one computation.
        cmd_ln_t* fe_config = cmd_ln_init(nullptr, fe_get_args(), 1, "-samprate", "16000", "-lowerf", number(settings.lower_hz).c_str(), "-upperf",
                                          number(settings.upper_hz).c_str(), "-nfilt", std::to_string(settings.filters).c_str(), "-transform", "dct", "-lifter",
                                          "22", "-remove_silence", "no", "-remove_noise", settings.remove_noise ? "yes" : "no", nullptr);
        if (fe_config == nullptr) return false;
        const std::unique_ptr<cmd_ln_t, CmdLnDelete> owned_fe_config(fe_config);
        front_end.reset(fe_init_auto_r(fe_config));
        if (!front_end) return false;

        for (const char* phone : kPhones) {
            const std::string word = std::string(kPhoneWord) + phone;
            if (ps_add_word(decoder.get(), word.c_str(), phone, 0) < 0) return false;
        }
        const auto loop = "#JSGF V1.0;\ngrammar loop;\npublic <loop> = " + any_phones_jsgf() + ";\n";
        return ps_set_jsgf_string(decoder.get(), kLoop, loop.c_str()) == 0;
    }

    bool adapt() {
        if (settings.transform != kBuiltIn) {
            ps_mllr_t* transform = ps_mllr_read(settings.transform.c_str());
            return transform != nullptr && ps_update_mllr(decoder.get(), transform) != nullptr;
        }
        // The library reads transforms from files only: one in memory.
        const int file = memfd_create("telephone.mllr", MFD_CLOEXEC);
        if (file < 0) return false;
        const std::string text = telephone_mllr();
        bool ok = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ps_mllr_t* transform = ok ? ps_mllr_read(("/proc/self/fd/" + std::to_string(file)).c_str()) : nullptr;
        close(file);
        return transform != nullptr && ps_update_mllr(decoder.get(), transform) != nullptr;
    }

    bool add_word(const std::string& word) {
        if (char* known = ps_lookup_word(decoder.get(), word.c_str()); known != nullptr) {
            ckd_free(known);
            return true;
        }
        const auto all = lexicon->pronunciations(word);
        int nth = 1;
        for (const auto& phones : all) {
            const std::string name = nth == 1 ? word : word + "(" + std::to_string(nth) + ")";
            if (ps_add_word(decoder.get(), name.c_str(), phones.c_str(), 0) < 0) return false;
            ++nth;
        }
        return !all.empty();
    }

    bool compile(const Grammar& grammar) {
        const auto known = compiled.find(grammar.id);
        if (known != compiled.end()) {
            known->second = ++uses;
            return true;
        }
        for (const auto& word : grammar.words) {
            if (!add_word(word)) return false;
        }
        if (compiled.size() >= kMaxGrammars) {
            const auto oldest = std::ranges::min_element(compiled, {}, [](const auto& entry) { return entry.second; });
            ps_set_search(decoder.get(), kLoop);
            ps_unset_search(decoder.get(), search_name(oldest->first).c_str());
            compiled.erase(oldest);
        }
        if (ps_set_jsgf_string(decoder.get(), search_name(grammar.id).c_str(), grammar.jsgf.c_str()) != 0) return false;
        compiled.emplace(grammar.id, ++uses);
        return true;
    }

    // Cepstra of the utterance with their mean over all of it taken away.
    std::unique_ptr<mfcc_t*, CepstraDelete> features(std::span<const std::int16_t> pcm8k, int& frames) {
        wide.clear();
        upsampler.reset();
        narrow.assign(pcm8k.begin(), pcm8k.end());
        dither(narrow);
        upsampler.process(narrow, wide);
        upsampler.flush(wide);
        mfcc_t** block = nullptr;
        int count = 0;
        fe_start_stream(front_end.get());
        fe_start_utt(front_end.get());
        if (fe_process_utt(front_end.get(), wide.data(), wide.size(), &block, &count) < 0) count = 0;
        std::unique_ptr<mfcc_t*, CepstraDelete> cepstra(block);
        mfcc_t rest[kCepstra];
        int more = 0;
        fe_end_utt(front_end.get(), rest, &more);
        if (block == nullptr) count = 0;
        for (int k = 0; k < kCepstra; ++k) {
            double sum = 0;
            for (int i = 0; i < count; ++i) sum += static_cast<double>(block[i][k]);
            const double mean = count > 0 ? sum / count : 0;
            for (int i = 0; i < count; ++i) block[i][k] = static_cast<mfcc_t>(static_cast<double>(block[i][k]) - mean);
        }
        frames = count;
        return cepstra;
    }

    template <class Grammars, class Get>
    Result<std::vector<Transcript>> decode(std::span<const std::int16_t> pcm8k, Grammars grammars, Get get, const std::function<bool()>& stop, Mode mode) {
        if (pcm8k.size() > static_cast<std::size_t>(settings.max_audio.count()) * 8000U) return make_error_code(errc::audio_too_long);
        if (broken) return make_error_code(errc::engine_failed);
        std::vector<Transcript> transcripts(grammars.size());
        try {
            for (const auto& grammar : grammars) {
                if (!compile(get(grammar))) return make_error_code(errc::bad_grammar);
            }
            if (pcm8k.size() < kShortest) return transcripts;
            int frames = 0;
            const auto cepstra = features(pcm8k, frames);
            if (frames < 3) return transcripts;
            std::vector<double> loop;  // acoustic score of the free phones, cumulative by frame; made when first needed
            for (std::size_t i = 0; i < transcripts.size(); ++i) {
                const Grammar& grammar = get(grammars[i]);
                std::vector<Segment> heard;
                if (!search(search_name(grammar.id), cepstra.get(), frames, mode == Mode::whole, stop, heard)) {
                    return make_error_code(errc::cancelled);
                }
                if (std::ranges::all_of(heard, [](const Segment& s) { return is_filler(s.word); })) continue;
                if (loop.empty() && !score_loop(cepstra.get(), frames, stop, loop)) return make_error_code(errc::cancelled);
                weigh(heard, loop, transcripts[i]);
                transcripts[i].rejected = transcripts[i].words.empty() || transcripts[i].confidence < grammar.reject_below;
            }
        } catch (const EngineFatal&) {
            broken = true;
            return make_error_code(errc::engine_failed);
        }
        return transcripts;
    }

    bool score_loop(mfcc_t** cepstra, int frames, const std::function<bool()>& stop, std::vector<double>& loop) {
        std::vector<Segment> phones;
        if (!search(kLoop, cepstra, frames, true, stop, phones)) return false;
        loop.assign(static_cast<std::size_t>(frames) + 1, 0.0);
        for (const auto& p : phones) {
            for (int i = p.begin; i <= p.end && i < frames; ++i) loop[static_cast<std::size_t>(i) + 1] = p.score / (p.end - p.begin + 1);
        }
        for (std::size_t i = 1; i < loop.size(); ++i) loop[i] += loop[i - 1];
        return true;
    }

    static void weigh(const std::vector<Segment>& heard, const std::vector<double>& loop, Transcript& out) {
        double total = 0, length = 0, silence = 0;
        for (const auto& s : heard) {
            // The decoder's last segment may begin at the frame behind the last.
            const auto frame = [&](int at) { return std::min(static_cast<std::size_t>(std::max(at, 0)), loop.size() - 1); };
            const double difference = s.score - (loop[frame(s.end + 1)] - loop[frame(s.begin)]);
            const double n = s.end - s.begin + 1;
            if (is_filler(s.word)) {
                // The model has noise words that swallow speech as well; free phones around a phrase are meant to.
                if (s.word.starts_with('['))
                    silence += kNoiseFrame * n;
                else if (!s.word.starts_with(kPhoneWord))
                    silence += std::min(difference, 0.0);
                continue;
            }
            out.worst_word = out.words.empty() ? difference / n : std::min(out.worst_word, difference / n);
            if (!out.text.empty()) out.text += ' ';
            out.text += plain(s.word);
            out.words.push_back({plain(s.word), std::chrono::milliseconds(10 * s.begin), std::chrono::milliseconds(10 * (s.end + 1)), difference / n});
            total += difference;
            length += n;
        }
        if (length < kShortestWords) {  // a click that passed for a word
            out = {};
            return;
        }
        out.fit = total / length;
        out.unexplained = silence / length;
        const double measure = out.fit + kWorstWeight * out.worst_word + kUnexplainedWeight * out.unexplained;
        out.confidence = 1.0 / (1.0 + std::exp(-(measure - kEven) / kScale));
    }

    // False when stopped. The decoder is out of its utterance either way.
    bool search(const std::string& name, mfcc_t** cepstra, int frames, bool finished, const std::function<bool()>& stop, std::vector<Segment>& segments) {
        auto* ps = decoder.get();
        if (ps_set_search(ps, name.c_str()) != 0 || ps_start_utt(ps) != 0) throw EngineFatal{};
        bool stopped = false;
        for (int at = 0; at < frames && !stopped; at += kFramesPerStep) {
            stopped = stop && stop();
            if (!stopped) ps_process_cep(ps, cepstra + at, std::min(kFramesPerStep, frames - at), 0, 0);
        }
        if (!finished && !stopped) collect(segments);
        ps_end_utt(ps);
        if (finished && !stopped) collect(segments);
        return !stopped;
    }

    void collect(std::vector<Segment>& segments) const {
        int score = 0;
        if (ps_get_hyp(decoder.get(), &score) == nullptr) return;
        for (ps_seg_t* segment = ps_seg_iter(decoder.get()); segment != nullptr; segment = ps_seg_next(segment)) {
            Segment s;
            int acoustic = 0, language = 0, back = 0;
            ps_seg_frames(segment, &s.begin, &s.end);
            ps_seg_prob(segment, &acoustic, &language, &back);
            s.score = acoustic;
            s.word = ps_seg_word(segment);
            segments.push_back(std::move(s));
        }
    }
};

Recognizer::Recognizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recognizer::~Recognizer() = default;

Result<std::unique_ptr<Recognizer>> Recognizer::make(const RecognizerSettings& settings, std::shared_ptr<const Lexicon> lexicon) {
    silence_engine();
    auto state = std::make_unique<State>();
    state->settings = settings;
    state->lexicon = std::move(lexicon);
    try {
        if (!state->set_up()) return make_error_code(errc::model_missing);
    } catch (const EngineFatal&) {
        state->broken = true;
        return make_error_code(errc::model_missing);
    }
    return std::unique_ptr<Recognizer>(new Recognizer(std::move(state)));
}

Result<> Recognizer::prepare(const Grammar& grammar) {
    if (state_->broken) return make_error_code(errc::engine_failed);
    try {
        if (!state_->compile(grammar)) return make_error_code(errc::bad_grammar);
    } catch (const EngineFatal&) {
        state_->broken = true;
        return make_error_code(errc::engine_failed);
    }
    return {};
}

Result<Transcript> Recognizer::decode(std::span<const std::int16_t> pcm8k, const Grammar& grammar, const std::function<bool()>& stop, Mode mode) {
    auto all = state_->decode(pcm8k, std::span<const Grammar>(&grammar, 1), [](const Grammar& g) -> const Grammar& { return g; }, stop, mode);
    if (!all) return all.error();
    return std::move(all->front());
}

Result<std::vector<Transcript>> Recognizer::decode_each(std::span<const std::int16_t> pcm8k, std::span<const std::shared_ptr<const Grammar>> grammars,
                                                        const std::function<bool()>& stop) {
    return state_->decode(pcm8k, grammars, [](const std::shared_ptr<const Grammar>& g) -> const Grammar& { return *g; }, stop, Mode::whole);
}

}  // namespace parley::speech
