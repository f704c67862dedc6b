#include <algorithm>
#include <array>
#include <cmath>

#include "rules.hpp"
#include "words.hpp"

namespace parley::analysis::rules {

namespace {

using nlohmann::json;

struct Tone {
    std::string_view word;
    int weight;
};
constexpr auto kTones = std::to_array<Tone>(
    {{"thanks", 1},      {"thank", 1},          {"great", 2},         {"good", 1},           {"perfect", 2},  {"wonderful", 2},   {"excellent", 2},
     {"happy", 2},       {"glad", 1},           {"love", 2},          {"nice", 1},           {"helpful", 2},  {"appreciate", 2},  {"fantastic", 2},
     {"amazing", 2},     {"awesome", 2},        {"pleased", 2},       {"brilliant", 2},      {"lovely", 2},   {"fine", 1},        {"bad", -2},
     {"terrible", -3},   {"awful", -3},         {"horrible", -3},     {"angry", -3},         {"upset", -2},   {"frustrated", -3}, {"frustrating", -3},
     {"annoyed", -2},    {"annoying", -2},      {"disappointed", -3}, {"disappointing", -3}, {"useless", -3}, {"worst", -3},      {"hate", -3},
     {"ridiculous", -3}, {"unacceptable", -3},  {"complaint", -2},    {"complain", -2},      {"broken", -1},  {"wrong", -1},      {"problem", -1},
     {"problems", -1},   {"never", -1},         {"waste", -2},        {"refund", -1},        {"rude", -3},    {"scam", -3},       {"late", -1},
     {"sorry", 0},       {"unfortunately", -1}, {"disgusting", -3},   {"furious", -3},       {"stupid", -2},  {"nonsense", -2},   {"lawyer", -2},
     {"sue", -3},        {"unhappy", -3},       {"poor", -2},         {"slow", -1}});
constexpr auto kNot =
    std::to_array<std::string_view>({"not", "no", "don't", "didn't", "isn't", "wasn't", "never", "can't", "cannot", "won't", "doesn't", "hardly"});

json side(const Subject& subject, bool caller) {
    int sum = 0, count = 0;
    for (const auto& line : subject.lines) {
        if (line.caller != caller) continue;
        const auto words = words_of(line.text);
        for (std::size_t i = 0; i < words.size(); ++i) {
            const auto* tone = std::find_if(kTones.begin(), kTones.end(), [&](const Tone& one) { return one.word == words[i]; });
            if (tone == kTones.end() || tone->weight == 0) continue;
            bool turned = false;  // "not very good": within the two words before
            for (std::size_t back = 1; back <= 2 && back <= i; ++back) turned = turned || std::find(kNot.begin(), kNot.end(), words[i - back]) != kNot.end();
            if (turned && words[i] == "problem") continue;  // "no problem" says nothing
            sum += turned ? -tone->weight : tone->weight;
            count += std::abs(tone->weight);
        }
    }
    // One word is no strong mood: three points of silence stand beside what was counted.
    const double score = count == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(count + 3);
    const auto* label = score > 0.2 ? "positive" : score < -0.2 ? "negative" : "neutral";
    return {{"label", label}, {"score", std::round(score * 100) / 100}};
}

}  // namespace

json sentiment(const Subject& subject) {
    return {{"caller", side(subject, true)}, {"agent", side(subject, false)}};
}

}  // namespace parley::analysis::rules
