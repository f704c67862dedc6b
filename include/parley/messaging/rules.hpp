#pragma once
// Fixed answers to text messages. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace parley::messaging {

struct Rule {
    // Words that must all be in the message, in any order and case; `|` between alternatives; a word that ends in `*` stands for all that begin
    // so; `*` alone for every message. "hours | open* today"
    std::string match;
    std::string reply;
    std::vector<std::string> media;
};

[[nodiscard]] bool matches(std::string_view pattern, std::string_view message);
// The first that matches; null: none does.
[[nodiscard]] const Rule* first_match(const std::vector<Rule>& rules, std::string_view message);

}  // namespace parley::messaging
