// How much is found of what has to be found, and how often it is seen where it is not.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {
namespace {

struct Sentence {
    std::string form, kind, text;                             // form: spoken, written, negative
    std::vector<std::pair<std::size_t, std::size_t>> marked;  // bytes of `text`
};

std::vector<Sentence> sentences_of(const std::string& name) {
    std::ifstream file(std::string(PARLEY_PRIVACY_DATA) + "/" + name);
    std::vector<Sentence> all;
    std::string line;
    while (std::getline(file, line)) {
        if (line.empty() || line[0] == '#') continue;
        const auto colon = line.find(": ");
        const auto label = line.substr(0, colon);
        Sentence sentence;
        sentence.form = label.substr(0, label.find(' '));
        if (label.find(' ') != std::string::npos) sentence.kind = label.substr(label.find(' ') + 1);
        auto rest = line.substr(colon + 2);
        for (auto at = rest.find("{{"); at != std::string::npos; at = rest.find("{{")) {
            sentence.text += rest.substr(0, at);
            const auto end = rest.find("}}");
            const auto inside = rest.substr(at + 2, end - at - 2);
            sentence.marked.emplace_back(sentence.text.size(), sentence.text.size() + inside.size());
            sentence.text += inside;
            rest = rest.substr(end + 2);
        }
        sentence.text += rest;
        all.push_back(std::move(sentence));
    }
    return all;
}

constexpr std::size_t kBeside = 6;  // bytes taken too much are a miss

struct Figures {
    unsigned marked = 0, found = 0, negatives = 0, wrong = 0;
};

struct Judged {
    std::array<Figures, kKindCount> of{};
    Figures spoken, written, whole;
};
Judged judge(const std::vector<Sentence>& sentences) {
    Judged judged;
    auto& [of, spoken, written, whole] = judged;
    for (const auto& s : sentences) {
        const auto got = redact(s.text);
        for (const auto& [begin, end] : s.marked) {
            const auto kind = kind_named(s.kind);
            EXPECT_TRUE(kind) << s.kind;
            if (!kind) continue;
            const bool hit = std::any_of(got.found.begin(), got.found.end(), [&, b = begin, e = end](const Found& f) {
                return f.kind == *kind && f.begin <= b && f.end >= e && f.end - f.begin <= e - b + kBeside;
            });
            if (!hit) std::printf("missed  %-5s %s\n        -> %s\n", s.kind.c_str(), s.text.c_str(), got.text.c_str());
            for (auto* figures : {&of[static_cast<std::size_t>(*kind)], s.form == "spoken" ? &spoken : &written, &whole}) {
                ++figures->marked;
                figures->found += hit ? 1 : 0;
            }
        }
        // Whatever is taken without having been marked is wrong, wherever it stands.
        for (const auto& f : got.found) {
            const bool meant = std::any_of(s.marked.begin(), s.marked.end(), [&](const auto& m) { return f.begin < m.second && f.end > m.first; });
            if (meant) continue;
            std::printf("wrongly %-5s %s\n        -> %s\n", std::string(name(f.kind)).c_str(), s.text.c_str(), got.text.c_str());
            ++of[static_cast<std::size_t>(f.kind)].wrong;
            ++whole.wrong;
        }
        ++whole.negatives;
    }
    std::printf("kind    marked  found  recall  wrong  of %u sentences\n", whole.negatives);
    const auto row = [&](std::string_view what, const Figures& f) {
        std::printf("%-7s %6u %6u  %.3f  %5u  (%.4f)\n", std::string(what).c_str(), f.marked, f.found, f.marked == 0 ? 1.0 : double(f.found) / f.marked,
                    f.wrong, double(f.wrong) / whole.negatives);
    };
    for (std::size_t k = 0; k < kKindCount; ++k) row(name(static_cast<Kind>(k)), of[k]);
    row("spoken", spoken);
    row("written", written);
    row("whole", whole);
    return judged;
}
double recall(const Figures& f) {
    return f.marked == 0 ? 1.0 : double(f.found) / f.marked;
}

TEST(Golden, recall_and_false_positives) {
    const auto sentences = sentences_of("golden.txt");
    ASSERT_GE(sentences.size(), 200U);
    EXPECT_GE(std::count_if(sentences.begin(), sentences.end(), [](const Sentence& s) { return s.form == "spoken"; }), 90);
    EXPECT_GE(std::count_if(sentences.begin(), sentences.end(), [](const Sentence& s) { return s.form == "negative"; }), 60);
    const auto judged = judge(sentences);
    EXPECT_GE(recall(judged.whole), 0.97);
    EXPECT_LE(double(judged.whole.wrong) / judged.whole.negatives, 0.02);
    for (const auto& f : judged.of) {
        EXPECT_GE(recall(f), 0.95);
        EXPECT_LE(double(f.wrong) / judged.whole.negatives, 0.02);
    }
}

TEST(Golden, unseen_sentences) {
    const auto judged = judge(sentences_of("unseen.txt"));
    EXPECT_GE(recall(judged.whole), 0.85);
    EXPECT_LE(double(judged.whole.wrong) / judged.whole.negatives, 0.05);
}

TEST(Golden, unseen_sentences_of_a_second_hand) {
    const auto sentences = sentences_of("unseen2.txt");
    ASSERT_GE(sentences.size(), 80U);
    const auto judged = judge(sentences);
    EXPECT_GE(recall(judged.whole), 0.85);
    EXPECT_LE(double(judged.whole.wrong) / judged.whole.negatives, 0.05);
}

}  // namespace
}  // namespace parley::privacy
