// What the caller made of the sound: transcript lines and expectations, decided on the heard audio alone.

#include <algorithm>
#include <cctype>

#include "caller_script.hpp"

namespace parley::sim {
namespace {

constexpr Sample kMargin = 100 * 8;  // around a stretch of speech, for the recogniser's sake

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '\'') {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, {}));
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

}  // namespace

bool contains_words(const std::string& sentence, const std::string& phrase) {
    const auto haystack = words_of(sentence);
    const auto needle = words_of(phrase);
    return !needle.empty() && std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) != haystack.end();
}

bool holds(const Expectation& expectation, const std::vector<std::string>& heard) {
    const auto was_heard = [&](const std::string& phrase) {
        return std::any_of(heard.begin(), heard.end(), [&](const auto& sentence) { return contains_words(sentence, phrase); });
    };
    const bool any = expectation.any.empty() || std::any_of(expectation.any.begin(), expectation.any.end(), was_heard);
    return any && std::all_of(expectation.all.begin(), expectation.all.end(), was_heard) &&
           std::none_of(expectation.none.begin(), expectation.none.end(), was_heard);
}

Task<std::vector<std::string>> CallerScript::phrases_between(Expectation expectation, Sample from, Sample to) {
    std::vector<std::string> heard;
    auto* ear = call_.deps().ear;
    if (ear == nullptr) co_return heard;
    std::vector<std::string> phrases;
    const std::initializer_list<const std::vector<std::string>*> lists{&expectation.any, &expectation.all, &expectation.none, &expectation.distractors,
                                                                       &call_.scenario().vocabulary};
    for (const auto* list : lists) {
        for (const auto& phrase : *list) {
            if (std::find(phrases.begin(), phrases.end(), phrase) == phrases.end()) phrases.push_back(phrase);
        }
    }
    for (const auto& stretch : call_.agent().intervals()) {
        if (stretch.to <= from || stretch.from >= to) continue;
        // Asked for again at each pause: what is known already is not listened to again.
        Understood part{std::max(from, stretch.from - kMargin), std::min(to, stretch.to + kMargin), phrases, {}};
        const auto known = std::find_if(understood_.begin(), understood_.end(),
                                        [&](const Understood& one) { return one.from == part.from && one.to == part.to && one.phrases == part.phrases; });
        if (known == understood_.end()) {
            auto decode = [ear, sound = call_.heard(part.from, part.to), phrases] { return ear->recognise(sound, phrases); };
            const auto found = co_await call_.compute(std::move(decode));
            for (const auto& one : found) part.texts.push_back(one.text);
            heard.insert(heard.end(), part.texts.begin(), part.texts.end());
            understood_.push_back(std::move(part));
        } else {
            heard.insert(heard.end(), known->texts.begin(), known->texts.end());
        }
    }
    co_return heard;
}

Task<> CallerScript::judge(Expectation expectation, std::string where, Sample from, Sample to) {
    ExpectationTruth truth;
    truth.where = where;
    truth.wanted_any = expectation.any;
    truth.wanted_all = expectation.all;
    truth.wanted_none = expectation.none;
    truth.from_ms = call_.ms_of_line(call_.line_of(from));
    truth.to_ms = call_.ms_of_line(call_.line_of(to));
    truth.heard = co_await phrases_between(expectation, from, to);
    truth.passed = call_.deps().ear != nullptr && holds(expectation, truth.heard);
    if (!truth.passed) {
        std::string what = call_.deps().ear == nullptr ? "there is no ear to check the expectation with" : "the caller did not hear what was expected";
        if (call_.deps().ear != nullptr) {
            what += "; heard:";
            for (const auto& sentence : truth.heard) what += " \"" + sentence + "\"";
            if (truth.heard.empty()) what += " nothing recognisable";
        }
        fail(where, what);
    }
    call_.report().expectations.push_back(std::move(truth));
}

Task<> CallerScript::listen() {
    auto* ear = call_.deps().ear;
    const auto phrases = call_.scenario().all_phrases();
    std::size_t known = 0;
    for (;;) {
        const auto stretches = call_.agent().intervals();
        const auto finished = stretches.size() - (call_.agent().speaking() && !call_.over() ? 1 : 0);
        if (known == finished) {
            if (call_.over()) co_return;
            co_await call_.changed().wait();
            continue;
        }
        const auto stretch = stretches[known++];
        TranscriptLine line{
            TranscriptLine::Who::agent, call_.ms_of_line(call_.line_of(stretch.from)), call_.ms_of_line(call_.line_of(stretch.to)), {}, true, 0};
        if (ear != nullptr && !phrases.empty()) {
            auto decode = [ear, sound = call_.heard(stretch.from - kMargin, stretch.to + kMargin), phrases] { return ear->recognise(sound, phrases); };
            const auto found = co_await call_.compute(std::move(decode));
            for (const auto& one : found) {
                if (!line.text.empty()) line.text += ' ';
                line.text += one.text;
                line.confidence += one.confidence / static_cast<double>(found.size());
            }
        }
        call_.say_line(std::move(line));
    }
}

}  // namespace parley::sim
