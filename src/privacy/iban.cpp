#include <algorithm>
#include <array>
#include <unordered_map>

#include "finders.hpp"

namespace parley::privacy {

namespace {

constexpr std::size_t kLongest = 34;
constexpr std::size_t kMostGap = 4;  // words of noise between two characters
constexpr std::size_t kSurely = 12;  // so many characters of an unfinished one are one

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool small_letter(char c) {
    return c >= 'a' && c <= 'z';
}

const std::unordered_map<std::string_view, char>& alphabet() {
    static const std::unordered_map<std::string_view, char> all{
        {"alpha", 'a'},   {"alfa", 'a'},   {"bravo", 'b'},     {"charlie", 'c'}, {"delta", 'd'},    {"echo", 'e'},    {"foxtrot", 'f'},   {"golf", 'g'},
        {"hotel", 'h'},   {"india", 'i'},  {"juliet", 'j'},    {"juliett", 'j'}, {"kilo", 'k'},     {"lima", 'l'},    {"mike", 'm'},      {"november", 'n'},
        {"oscar", 'o'},   {"papa", 'p'},   {"quebec", 'q'},    {"romeo", 'r'},   {"sierra", 's'},   {"tango", 't'},   {"uniform", 'u'},   {"victor", 'v'},
        {"whiskey", 'w'}, {"whisky", 'w'}, {"xray", 'x'},      {"yankee", 'y'},  {"zulu", 'z'},     {"anton", 'a'},   {"berta", 'b'},     {"c\xC3\xA4sar", 'c'},
        {"dora", 'd'},    {"emil", 'e'},   {"friedrich", 'f'}, {"gustav", 'g'},  {"heinrich", 'h'}, {"ida", 'i'},     {"julius", 'j'},    {"kaufmann", 'k'},
        {"ludwig", 'l'},  {"martha", 'm'}, {"nordpol", 'n'},   {"otto", 'o'},    {"paula", 'p'},    {"richard", 'r'}, {"siegfried", 's'}, {"theodor", 't'},
        {"ulrich", 'u'},  {"viktor", 'v'}, {"wilhelm", 'w'},   {"zeppelin", 'z'}};
    return all;
}

// A written word from this piece of it on, as one. Empty: it is none, or too long.
std::string whole_word(const std::vector<Word>& words, std::size_t at) {
    std::string all;
    for (auto i = at; i <= at + words[at].more && all.size() <= kLongest; ++i) all += words[i].text;
    return all.size() <= kLongest && std::all_of(all.begin(), all.end(), [](char c) { return digit(c) || small_letter(c); }) ? all : std::string();
}

// The characters of one element of an account number; `last` word of it. Empty: none. `joined`: pieces of a written word are read as the word.
std::string characters(std::string_view text, const std::vector<Word>& words, std::size_t at, std::size_t so_far, std::size_t& last, bool joined) {
    last = at;
    const auto& word = words[at];
    if (word.mark) return {};
    if (joined && word.more > 0) {
        if (auto all = whole_word(words, at); !all.empty()) {
            last = at + word.more;
            return all;
        }
    }
    if (const auto item = item_at(words, at)) {
        last = item->last;
        return item->digits;
    }
    if (word.spelled) return word.text.substr(0, 1);
    if (const auto found = alphabet().find(word.text); found != alphabet().end()) return std::string(1, found->second);
    if (word.text.size() > kLongest || !std::all_of(word.text.begin(), word.text.end(), [](char c) { return digit(c) || small_letter(c); })) return {};
    const bool mixed = std::any_of(word.text.begin(), word.text.end(), digit);
    const auto original = text.substr(word.begin, word.end - word.begin);
    const bool capitals = std::none_of(original.begin(), original.end(), small_letter);
    const bool country = so_far == 0 && word.text.size() == 2;
    const bool bank = so_far == 4 && word.text.size() == 4;
    return mixed || capitals || country || bank ? word.text : std::string();
}

struct Reading {
    std::string text;
    std::size_t last = 0;
    bool whole = false, to_the_end = false;
    bool by_word = false;  // begins with what may be a word ("is")
};

// What stands from word `at` on, after `carried`: to the country's length, or as far as it goes.
Reading read(std::string_view text, const std::vector<Word>& words, const Taken& taken, std::size_t at, const std::string& carried, bool joined) {
    Reading reading{
        .text = carried, .last = at, .by_word = carried.empty() && !words[at].spelled && words[at].text.size() == 2 && text[words[at].begin] >= 'a'};
    std::size_t gap = 0;
    auto i = at;
    while (i < words.size() && !taken.at(i)) {
        std::size_t last = i;
        const auto more = characters(text, words, i, reading.text.size(), last, joined);
        if (more.empty()) {
            if ((!is_noise(words[i]) && !is_soft(words[i]) && !is_separator(words[i])) || ++gap > kMostGap) return reading;
            ++i;
            continue;
        }
        gap = 0;
        reading.text += more;
        reading.last = last;
        i = last + 1;
        if (reading.text.size() < 2) continue;
        if (!small_letter(reading.text[0]) || !small_letter(reading.text[1])) return reading;
        const auto length = iban_length(std::string_view(reading.text).substr(0, 2));
        if (length == 0 || reading.text.size() > length) return reading;
        if (reading.text.size() > 2 && !digit(reading.text[2])) return reading;
        if (reading.text.size() > 3 && !digit(reading.text[3])) return reading;
        if (reading.text.size() == length) {
            reading.whole = true;
            return reading;
        }
    }
    reading.to_the_end = i >= words.size();
    return reading;
}

}  // namespace

std::size_t iban_length(std::string_view country) {
    static const std::unordered_map<std::string_view, std::size_t> all{
        {"ad", 24}, {"ae", 23}, {"al", 28}, {"at", 20}, {"az", 28}, {"ba", 20}, {"be", 16}, {"bg", 22}, {"bh", 22}, {"bi", 27}, {"br", 29},
        {"by", 28}, {"ch", 21}, {"cr", 22}, {"cy", 28}, {"cz", 24}, {"de", 22}, {"dj", 27}, {"dk", 18}, {"do", 28}, {"ee", 20}, {"eg", 29},
        {"es", 24}, {"fi", 18}, {"fk", 18}, {"fo", 18}, {"fr", 27}, {"gb", 22}, {"ge", 22}, {"gi", 23}, {"gl", 18}, {"gr", 27}, {"gt", 28},
        {"hr", 21}, {"hu", 28}, {"ie", 22}, {"il", 23}, {"iq", 23}, {"is", 26}, {"it", 27}, {"jo", 30}, {"kw", 30}, {"kz", 20}, {"lb", 28},
        {"lc", 32}, {"li", 21}, {"lt", 20}, {"lu", 20}, {"lv", 21}, {"ly", 25}, {"mc", 27}, {"md", 24}, {"me", 22}, {"mk", 19}, {"mn", 20},
        {"mr", 27}, {"mt", 31}, {"mu", 30}, {"ni", 28}, {"nl", 18}, {"no", 15}, {"om", 23}, {"pk", 24}, {"pl", 28}, {"ps", 29}, {"pt", 25},
        {"qa", 29}, {"ro", 24}, {"rs", 22}, {"ru", 33}, {"sa", 24}, {"sc", 31}, {"sd", 18}, {"se", 24}, {"si", 19}, {"sk", 24}, {"sm", 27},
        {"so", 23}, {"st", 25}, {"sv", 28}, {"tl", 23}, {"tn", 24}, {"tr", 26}, {"ua", 29}, {"va", 22}, {"vg", 24}, {"xk", 20}};
    const auto found = all.find(country);
    return found == all.end() ? 0 : found->second;
}

bool iban_holds(std::string_view iban) {
    if (iban.size() < 15 || iban.size() > kLongest) return false;
    unsigned rest = 0;
    for (std::size_t i = 0; i < iban.size(); ++i) {
        const char c = iban[(i + 4) % iban.size()];
        if (digit(c))
            rest = (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
        else if (small_letter(c))
            rest = (rest * 100 + static_cast<unsigned>(c - 'a') + 10) % 97;
        else
            return false;
    }
    return rest == 1;
}

void find_ibans(std::string_view text, const std::vector<Word>& words, const Before& before, Taken& taken, std::vector<Hit>& hits, After& after) {
    const auto keep = [&](std::size_t first, const Reading& reading) {
        hits.push_back({.kind = Kind::iban, .first = first, .last = reading.last, .values = {reading.text}});
        taken.take(hits.back());
    };
    const auto unfinished = [&](const Reading& reading) {
        after.letters_digits = reading.text;
        after.went_on = Kind::iban;
    };
    if (!before.letters_digits.empty() && !words.empty()) {
        std::size_t at = 0, last = 0;
        while (at < words.size() && characters(text, words, at, before.letters_digits.size(), last, true).empty() &&
               (is_noise(words[at]) || is_soft(words[at]) || is_separator(words[at])))
            ++at;
        if (at < words.size()) {
            const auto reading = read(text, words, taken, at, before.letters_digits, true);
            if (reading.text.size() > before.letters_digits.size() && (reading.whole || reading.to_the_end)) {
                keep(at, reading);
                if (!reading.whole) unfinished(reading);
            }
        }
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (taken.at(i) || words[i].mark || words[i].number) continue;
        const char first = words[i].text.empty() ? ' ' : words[i].text[0];
        if (!small_letter(first)) continue;
        auto reading = read(text, words, taken, i, {}, true);
        if (!reading.whole && words[i].more > 0) reading = read(text, words, taken, i, {}, false);  // "DE89…000x"
        if (reading.text.size() < 4 || !small_letter(reading.text[0]) || !small_letter(reading.text[1]) || !digit(reading.text[2]) || !digit(reading.text[3]))
            continue;
        const auto cue = cue_before(words, i, 10);
        const bool asked = cue == Cue::iban || (cue != Cue::other && before.asked == Cue::iban);
        if (reading.whole && ((asked && !reading.by_word) || iban_holds(reading.text)))
            keep(i, reading);
        else if (reading.to_the_end && !reading.by_word && iban_length(std::string_view(reading.text).substr(0, 2)) > reading.text.size() &&
                 ((asked && reading.text.size() >= 4) || reading.text.size() >= kSurely)) {
            keep(i, reading);
            unfinished(reading);
        }
    }
}

}  // namespace parley::privacy
