#pragma once
// What Conversational Intelligence makes of words: sentences with their times, redaction, and a small honest rule for each kind of operator. Pure.

#include <string>
#include <vector>

#include "api_call.hpp"

namespace parley::sim {

struct Sentence {
    int channel = 1;
    double from = 0, to = 0;  // seconds of the recording
    std::string text;
    double confidence = 1;
};

// Digits (three and more, spoken as well), e-mail addresses and names that somebody says of himself, each replaced by its label: [NUMBER], [EMAIL],
// [NAME].
[[nodiscard]] std::string redacted(const std::string& text);

// {"word", "start_time", "end_time"}, spread evenly over the sentence.
[[nodiscard]] Json words_of(const Sentence& sentence, const std::string& text);

struct OperatorKind {
    const char* sid;
    const char* name;
    const char* type;
    const char* description;
};
[[nodiscard]] const std::vector<OperatorKind>& prebuilt_operators();

// The fields of an operator result that depend on its kind. `config` of a custom operator: {"labels": [{"label", "phrases": [...]}]},
// {"phrases": [...]} or nothing.
[[nodiscard]] Json operator_result(const std::string& type, const std::string& name, const Json& config, const std::vector<Sentence>& sentences);

}  // namespace parley::sim
