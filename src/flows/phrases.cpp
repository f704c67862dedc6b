#include "parley/flows/phrases.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace parley::flows {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kDigits{{{"zero", "0"},
                                                                                 {"oh", "0"},
                                                                                 {"one", "1"},
                                                                                 {"two", "2"},
                                                                                 {"three", "3"},
                                                                                 {"four", "4"},
                                                                                 {"five", "5"},
                                                                                 {"six", "6"},
                                                                                 {"seven", "7"},
                                                                                 {"eight", "8"},
                                                                                 {"nine", "9"}}};
constexpr std::size_t kMostWords = 64;

// Latin-1 capitals and the Latin Extended-A pairs lie one apart or 0x20 apart; that covers what menus in European languages need.
void add_lower(std::string& word, unsigned char lead, unsigned char next) {
    if (lead == 0xC3 && next >= 0x80 && next <= 0x9E && next != 0x97) next = static_cast<unsigned char>(next + 0x20);
    word += static_cast<char>(lead);
    word += static_cast<char>(next);
}

double score_of(const std::vector<std::string>& said, const std::vector<std::string>& phrase) {
    if (phrase.empty() || said.empty()) return 0;
    if (said == phrase) return 1;
    // The phrase inside a sentence counts almost as much as alone; the longer of two, more.
    if (!std::ranges::search(said, phrase).empty()) return 0.9 + 0.09 * static_cast<double>(phrase.size()) / static_cast<double>(said.size());
    std::size_t found = 0;
    for (const auto& word : phrase) found += std::ranges::count(said, word) > 0 ? 1 : 0;
    // A third of the phrase's words is chance; so is one word of two.
    return 0.89 * static_cast<double>(found) / static_cast<double>(phrase.size());
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    const auto close = [&] {
        if (word.empty()) return;
        for (const auto& [name, digit] : kDigits)
            if (word == name) word = digit;
        if (words.size() < kMostWords) words.push_back(word);
        word.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 'A' && c <= 'Z') {
            word += static_cast<char>(c + 0x20);
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            word += static_cast<char>(c);
        } else if (c == 0xC3 && i + 1 < text.size()) {
            add_lower(word, c, static_cast<unsigned char>(text[++i]));
        } else if (c == '\'') {
            continue;  // don't and dont are one word
        } else if (c >= 0x80) {
            word += static_cast<char>(c);
        } else {
            close();
        }
    }
    close();
    return words;
}

std::optional<PhraseMatch> best_phrase(std::string_view said, std::span<const std::vector<std::string>> choices, double confidence) {
    const auto words = words_of(said);
    std::optional<PhraseMatch> best;
    bool tie = false;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        double score = 0;
        for (const auto& phrase : choices[i]) score = std::max(score, score_of(words, words_of(phrase)));
        if (score < kPhraseEnough || (best && score < best->score)) continue;
        tie = best && score == best->score;
        if (!tie) best = PhraseMatch{i, score};
    }
    if (!best || tie) return std::nullopt;
    if (confidence >= 0 && confidence < kConfidenceEnough && best->score < 1) return std::nullopt;
    return best;
}

std::optional<char> spoken_key(std::string_view said) {
    std::optional<char> key;
    const auto words = words_of(said);
    if (words.size() > 4) return std::nullopt;
    for (const auto& word : words) {
        std::optional<char> one;
        if (word.size() == 1 && word[0] >= '0' && word[0] <= '9') one = word[0];
        if (word == "star") one = '*';
        if (word == "pound" || word == "hash") one = '#';
        if (!one) continue;
        if (key && *key != *one) return std::nullopt;
        key = one;
    }
    return key;
}

}  // namespace parley::flows
