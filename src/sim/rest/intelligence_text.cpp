#include "intelligence_text.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace parley::sim {
namespace {

struct Word {
    std::size_t at, length;
    std::string lower;  // without punctuation at its ends
};

std::vector<Word> split_words(const std::string& text) {
    std::vector<Word> out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto from = text.find_first_not_of(" \t\n", at);
        if (from == std::string::npos) break;
        const auto end = std::min(text.find_first_of(" \t\n", from), text.size());
        auto word = lower_case(text.substr(from, end - from));
        while (!word.empty() && std::string_view(".,!?;:\"'").find(word.back()) != std::string_view::npos) word.pop_back();
        out.push_back({from, end - from, word});
        at = end;
    }
    return out;
}

bool spoken_digit(const std::string& word) {
    for (const char* digit : {"zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}) {
        if (word == digit) return true;
    }
    return false;
}

std::size_t digits_in(const std::string& word) {
    return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool contains(const std::string& text, const std::string& phrase) {
    return !phrase.empty() && lower_case(text).find(lower_case(phrase)) != std::string::npos;
}

std::string decimal(double value, int digits = 2) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::vector<std::string> phrases_of(const Json& config) {
    std::vector<std::string> out;
    if (const auto at = config.find("phrases"); config.is_object() && at != config.end() && at->is_array()) {
        for (const auto& one : *at) {
            if (one.is_string()) out.push_back(one.get<std::string>());
        }
    }
    return out;
}

// Labels by how often their phrases occur.
Json classify(const std::vector<std::pair<std::string, std::vector<std::string>>>& labels, const std::string& otherwise,
              const std::vector<Sentence>& sentences) {
    std::map<std::string, int> hits;
    int all = 0;
    for (const auto& [label, phrases] : labels) {
        for (const auto& sentence : sentences) {
            for (const auto& phrase : phrases) {
                if (contains(sentence.text, phrase)) {
                    ++hits[label];
                    ++all;
                }
            }
        }
    }
    std::string best = otherwise;
    int most = 0;
    for (const auto& [label, phrases] : labels) {
        if (hits[label] > most) {
            most = hits[label];
            best = label;
        }
    }
    // One virtual hit for "none of them", so that nothing is ever certain.
    Json probabilities = Json::object();
    for (const auto& [label, phrases] : labels)
        probabilities[label] = decimal((hits[label] + (label == best && all == 0 ? 1 : 0)) / static_cast<double>(all + 1));
    if (!probabilities.contains(best)) probabilities[best] = decimal(1.0 / static_cast<double>(all + 1));
    Json out{{"predicted_label", best}, {"predicted_probability", probabilities[best]}};
    out["label_probabilities"] = std::move(probabilities);
    return out;
}

const std::vector<std::pair<std::string, std::vector<std::string>>>& moods() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> labels{
        {"positive", {"thank", "great", "perfect", "wonderful", "good", "happy", "love"}},
        {"negative", {"angry", "terrible", "bad", "complain", "refund", "wrong", "unhappy", "cancel", "problem"}},
        {"neutral", {}}};
    return labels;
}

Json utterances(const std::vector<std::string>& phrases, const std::vector<Sentence>& sentences, bool& match) {
    auto out = Json::array();
    for (std::size_t i = 0; i < sentences.size(); ++i) {
        for (const auto& phrase : phrases) {
            if (!contains(sentences[i].text, phrase)) continue;
            match = true;
            out.push_back(
                {{"utterance_index", i}, {"match_probability", "1.00"}, {"predicted_label", phrase}, {"label_probabilities", nullptr}, {"label", phrase}});
            break;
        }
    }
    return out;
}

// What stands under a label after redaction is what there was to find.
Json found_entities(const std::vector<Sentence>& sentences) {
    auto out = Json::array();
    for (std::size_t i = 0; i < sentences.size(); ++i) {
        const auto hidden = redacted(sentences[i].text);
        for (const char* label : {"NUMBER", "EMAIL", "NAME"}) {
            const auto mark = "[" + std::string(label) + "]";
            for (std::size_t at = hidden.find(mark); at != std::string::npos; at = hidden.find(mark, at + 1))
                out.push_back({{"label", label}, {"utterance_index", i}});
        }
    }
    return out;
}

}  // namespace

std::string redacted(const std::string& text) {
    const auto words = split_words(text);
    std::vector<std::string> label(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i].lower;
        if (word.find('@') != std::string::npos && word.find('.', word.find('@')) != std::string::npos) label[i] = "[EMAIL]";
        if (digits_in(word) >= 3) label[i] = "[NUMBER]";
        std::size_t run = i;
        std::size_t digits = 0;
        while (run < words.size() && (spoken_digit(words[run].lower) || (digits_in(words[run].lower) > 0 && label[run].empty()))) {
            digits += std::max<std::size_t>(1, digits_in(words[run].lower));
            ++run;
        }
        if (digits >= 3) {
            for (; i < run; ++i) label[i] = "[NUMBER]";
            --i;
            continue;
        }
        const bool introduces = (i >= 2 && words[i - 1].lower == "is" && words[i - 2].lower == "name") ||
                                (i >= 2 && words[i - 1].lower == "me" && words[i - 2].lower == "call") ||
                                (i >= 2 && words[i - 1].lower == "is" && words[i - 2].lower == "this");
        if (introduces && word != "a" && word != "the" && word != "not") {
            label[i] = "[NAME]";
            // A second name, when it is written like one.
            if (i + 1 < words.size() && text[words[i + 1].at] >= 'A' && text[words[i + 1].at] <= 'Z' && text[words[i].at + words[i].length - 1] != '.')
                label[i + 1] = "[NAME]";
        }
    }
    std::string out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto end = words[i].at + words[i].length;
        if (label[i].empty()) {
            out += text.substr(at, end - at);
        } else if (i == 0 || label[i - 1] != label[i]) {
            out += text.substr(at, words[i].at - at) + label[i];
        }
        at = end;
        if (!label[i].empty()) {
            const char last = text[end - 1];
            const bool runs_on = i + 1 < words.size() && label[i + 1] == label[i];
            if (!runs_on && (last == '.' || last == ',' || last == '!' || last == '?')) out += last;
        }
    }
    return out + text.substr(at);
}

Json words_of(const Sentence& sentence, const std::string& text) {
    auto out = Json::array();
    const auto words = split_words(text);
    const double each = words.empty() ? 0 : (sentence.to - sentence.from) / static_cast<double>(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const double from = sentence.from + each * static_cast<double>(i);
        out.push_back({{"word", text.substr(words[i].at, words[i].length)}, {"start_time", decimal(from)}, {"end_time", decimal(from + each)}});
    }
    return out;
}

const std::vector<OperatorKind>& prebuilt_operators() {
    static const std::vector<OperatorKind> kinds{
        {"LY00000000000000000000000000000001", "Sentiment Analysis", "conversation-classify", "Whether the conversation is positive, neutral or negative"},
        {"LY00000000000000000000000000000002", "Conversation Summary", "text-generation", "What was said first and last by whom"},
        {"LY00000000000000000000000000000003", "Voicemail Detector", "conversation-classify", "Whether a person or a machine answered"},
        {"LY00000000000000000000000000000004", "Call Transfer", "utterance-classify", "Sentences that speak of transferring the call"},
        {"LY00000000000000000000000000000005", "Entity Recognition", "extract", "Numbers, names and e-mail addresses"},
        {"LY00000000000000000000000000000006", "PII Redaction", "pii-extract", "What redaction hides"}};
    return kinds;
}

Json operator_result(const std::string& type, const std::string& name, const Json& config, const std::vector<Sentence>& sentences) {
    Json out{{"operator_type", type},
             {"name", name},
             {"operator_sid", nullptr},
             {"extract_match", nullptr},
             {"match_probability", nullptr},
             {"normalized_result", nullptr},
             {"utterance_results", Json::array()},
             {"utterance_match", nullptr},
             {"predicted_label", nullptr},
             {"predicted_probability", nullptr},
             {"label_probabilities", nullptr},
             {"extract_results", nullptr},
             {"text_generation_results", nullptr},
             {"json_results", nullptr}};
    auto phrases = phrases_of(config);
    if (type == "conversation-classify") {
        auto labels = moods();
        std::string otherwise = "neutral";
        if (name == "Voicemail Detector") {
            labels = {{"voicemail", {"leave a message", "after the tone", "after the beep", "voicemail", "reached the machine"}}, {"human", {}}};
            otherwise = "human";
        } else if (config.is_object() && config.contains("labels") && config["labels"].is_array()) {
            labels.clear();
            otherwise = "none";
            for (const auto& one : config["labels"]) {
                if (one.is_object() && one.contains("label") && one["label"].is_string()) labels.emplace_back(one["label"].get<std::string>(), phrases_of(one));
            }
        }
        out.update(classify(labels, otherwise, sentences));
    } else if (type == "utterance-classify") {
        if (phrases.empty()) phrases = {"transfer", "connect you", "put you through"};
        bool match = false;
        out["utterance_results"] = utterances(phrases, sentences, match);
        out["utterance_match"] = match;
        out["match_probability"] = match ? "1.00" : "0.00";
    } else if (type == "extract" || type == "extract-normalize" || type == "pii-extract") {
        Json found = phrases.empty() ? found_entities(sentences) : Json::array();
        for (const auto& phrase : phrases) {
            for (std::size_t i = 0; i < sentences.size(); ++i) {
                if (contains(sentences[i].text, phrase)) found.push_back({{"label", name}, {"text", phrase}, {"utterance_index", i}});
            }
        }
        out["extract_match"] = !found.empty();
        out["match_probability"] = found.empty() ? "0.00" : "1.00";
        if (type == "extract-normalize" && !found.empty()) out["normalized_result"] = found[0].value("text", found[0].value("label", std::string{}));
        out["extract_results"] = {{"entities", std::move(found)}};
    } else if (type == "json") {
        out["json_results"] = {{"sentences", sentences.size()},
                               {"channels", sentences.empty() ? 0 : std::max_element(sentences.begin(), sentences.end(), [](const auto& a, const auto& b) {
                                                                        return a.channel < b.channel;
                                                                    })->channel}};
    } else {
        const auto count = std::to_string(sentences.size());
        const auto text = sentences.empty()
                              ? std::string("Nothing was said.")
                              : "In " + count + " sentences. It began with: " + sentences.front().text + " It ended with: " + sentences.back().text;
        out["text_generation_results"] = {{"format", "text"}, {"result", text}};
    }
    return out;
}

}  // namespace parley::sim
