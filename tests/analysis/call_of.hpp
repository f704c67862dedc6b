#pragma once

#include <initializer_list>
#include <string>

#include "parley/analysis/transcript.hpp"

namespace parley::analysis {

// "c: …" the caller, "a: …" the agent.
inline Subject call_of(std::initializer_list<std::string> lines) {
    Subject subject;
    subject.call_sid = "CA1";
    subject.agent = "front";
    subject.from = subject.other_party = "+15550100100";
    for (const auto& line : lines) subject.lines.push_back({line.starts_with("c: "), line.substr(3), 0});
    return subject;
}

}  // namespace parley::analysis
