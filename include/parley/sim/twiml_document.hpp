#pragma once
// A TwiML document as the carrier takes it: parsed completely before anything runs, strict about names and their case.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sim/media_machine.hpp"

namespace parley::sim {

struct TwimlElement {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;  // known ones only
    std::string text;                                             // all character data below, SSML included
    std::vector<TwimlElement> children;                           // known ones only

    // The attribute's value, or `otherwise` when the document does not give it.
    [[nodiscard]] std::string attribute(std::string_view attribute_name, std::string_view otherwise = {}) const;
    [[nodiscard]] bool has(std::string_view attribute_name) const;
    [[nodiscard]] const TwimlElement* child(std::string_view child_name) const;
};

struct TwimlDocument {
    int error = 0;  // 0, or 11750, 12100, 12101, 12102: nothing is executed
    std::string error_text;
    std::vector<Notice> warnings;  // 12200 and the like; the offending part is left out of `verbs`
    std::vector<TwimlElement> verbs;
};

inline constexpr std::size_t kMaxTwiml = 64 * 1024;

[[nodiscard]] TwimlDocument parse_twiml(std::string_view xml);

}  // namespace parley::sim
