#pragma once

#include <string_view>

namespace parley::sim {

// What an element may carry: names separated by single blanks. SSML elements are listed with "Say" as parent.
struct TwimlRule {
    std::string_view name;
    std::string_view attributes;
    std::string_view children;
};

// The rule of an element, or nothing when the schema does not know it.
[[nodiscard]] const TwimlRule* twiml_rule(std::string_view name);
[[nodiscard]] bool in_word_list(std::string_view list, std::string_view word);

}  // namespace parley::sim
