// parley_speech_corpus MANIFEST [--floors]: what the embedded recogniser and the receptionist's grammars make of a
// corpus that scripts/speech-corpus wrote. With --floors it fails below values well under what was measured
// (docs/embedded-speech.md).

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "parley/brain/script.hpp"
#include "parley/speech/recognizer.hpp"
#include "parley/speech/words.hpp"
#include "phrase_match.hpp"

namespace {

using namespace parley;

struct Tally {
    int total = 0, right = 0, rejected = 0, right_before_rejection = 0;
    std::vector<double> fits;
};

std::vector<std::int16_t> read_raw(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::vector<std::int16_t> pcm(bytes.size() / 2);
    std::memcpy(pcm.data(), bytes.data(), pcm.size() * 2);
    return pcm;
}

// "book" or "day=tuesday time=15:00", as in the corpus.
std::string meaning_of(const brain::Script& script, const brain::State& state, const std::string& text) {
    brain::Meaning meaning;
    if (!find_meaning(script, state.order, state.fill, speech::words_of(text), meaning)) return "-";
    if (!meaning.intent.empty()) return meaning.intent;
    std::string out;
    for (const auto& [name, value] : meaning.slots) out += (out.empty() ? "" : " ") + name + "=" + value;
    return out;
}

double percent(int part, int whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "parley_speech_corpus MANIFEST [--floors] [--verbose]\n"), 2;
    std::set<std::string> options(argv + 2, argv + argc);
    speech::RecognizerSettings settings;
    if (const char* transform = std::getenv("PARLEY_SPEECH_TRANSFORM")) settings.transform = transform;
    const auto lexicon = speech::Lexicon::load(settings.model + "/cmudict-en-us.dict");
    if (!lexicon) return std::fprintf(stderr, "%s\n", lexicon.error().message().c_str()), 1;
    const auto script = brain::load_script(PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml", lexicon->get());
    auto recognizer = speech::Recognizer::make(settings, *lexicon);
    if (!recognizer) return std::fprintf(stderr, "%s\n", recognizer.error().message().c_str()), 1;

    std::map<std::string, Tally> tallies;  // "tel menu", "tel outside", ...
    double audio = 0, spent = 0, worst = 0;
    std::ifstream manifest(argv[1]);
    for (std::string line; std::getline(manifest, line);) {
        std::istringstream fields(line);
        std::string condition, state_name, expected, file, voice, text;
        std::getline(fields, condition, '\t');
        std::getline(fields, state_name, '\t');
        std::getline(fields, expected, '\t');
        std::getline(fields, file, '\t');
        std::getline(fields, voice, '\t');
        std::getline(fields, text, '\t');
        const auto& state = script->state(state_name);
        const auto pcm = read_raw(file);
        if (pcm.empty() || !(*recognizer)->prepare(*state.grammar)) return std::fprintf(stderr, "cannot use %s\n", file.c_str()), 1;
        timespec before{}, after{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
        const auto heard = (*recognizer)->decode(pcm, *state.grammar, {});
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
        if (!heard) return std::fprintf(stderr, "%s: %s\n", file.c_str(), heard.error().message().c_str()), 1;
        const double cpu = static_cast<double>(after.tv_sec - before.tv_sec) + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
        audio += static_cast<double>(pcm.size()) / 8000;
        spent += cpu;
        worst = std::max(worst, cpu);
        const auto meaning = meaning_of(*script, state, heard->text);
        auto& tally = tallies[condition + (expected == "-" ? " outside " : " ") + state_name];
        ++tally.total;
        tally.rejected += heard->rejected ? 1 : 0;
        tally.right_before_rejection += meaning == expected ? 1 : 0;
        tally.right += (heard->rejected ? "-" : meaning) == expected ? 1 : 0;
        if (options.contains("--verbose")) {
            std::printf("%s\t%s\t%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t%.2f\t%s\n", condition.c_str(), state_name.c_str(), voice.c_str(), expected.c_str(),
                        meaning.c_str(), heard->fit, heard->worst_word, heard->unexplained, heard->confidence, heard->text.c_str());
        }
    }
    if (tallies.empty()) return std::fprintf(stderr, "%s: nothing in it\n", argv[1]), 1;
    std::printf("%-22s %6s %8s %14s %10s\n", "", "n", "right", "before reject.", "rejected");
    for (const auto& [name, tally] : tallies) {
        std::printf("%-22s %6d %7.1f%% %13.1f%% %9.1f%%\n", name.c_str(), tally.total, percent(tally.right, tally.total),
                    percent(tally.right_before_rejection, tally.total), percent(tally.rejected, tally.total));
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("real-time factor %.3f (CPU), worst utterance %.0f ms, peak memory %ld MB\n", spent / audio, worst * 1000, usage.ru_maxrss / 1024);
    if (!options.contains("--floors")) return 0;

    int failures = 0;
    const auto floor = [&](const char* name, double least) {
        const auto it = tallies.find(name);
        const double value = it == tallies.end() ? 0 : percent(it->second.right, it->second.total);
        if (value >= least) return;
        std::printf("BELOW THE FLOOR: %s %.1f%% < %.1f%%\n", name, value, least);
        ++failures;
    };
    floor("tel menu", 70);
    floor("tel confirm", 60);
    floor("tel when", 25);
    floor("tel20 menu", 50);
    floor("tel outside menu", 50);
    floor("tel20 outside menu", 50);
    return failures == 0 ? 0 : 1;
}
