#pragma once
// Which of an agent's intents the caller's words are, by its phrases. Pure; immutable, shared by calls.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/brain/pattern.hpp"

namespace parley::analysis {

class IntentMatch {
public:
    // Phrases are in the language of brain/pattern.hpp, with the slots {weekday}, {time} and {digits}; those that do not parse are left out (wrong_phrase()
    // tells of them beforehand).
    explicit IntentMatch(const std::vector<Intent>& intents);

    // The intent whose phrase is found anywhere in the words, the longest one first. Its place in the list. "I do not want to cancel" is no "cancel": a phrase
    // right behind a negation does not count.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view text) const;

private:
    struct Phrase {
        std::size_t intent = 0;
        std::shared_ptr<const brain::Pattern> pattern;
    };
    std::vector<Phrase> phrases_;
};

// Empty: it parses.
[[nodiscard]] std::string wrong_phrase(std::string_view phrase);

}  // namespace parley::analysis
