// The table applied: attributes, text and children of one element and of all below it.

#include <algorithm>

#include "node.hpp"

namespace parley::twilio::twiml {
namespace {

// SSML may nest without limit by the table; speech engines do not, and the check recurses.
constexpr std::size_t kMaxDepth = 16;

std::optional<Problem> check_attributes(const Node& node, const ElementSpec& spec) {
    const std::string tag(spec.tag);
    for (const Attribute& attribute : node.attributes) {
        const std::string where = tag + " " + std::string(attribute.name);
        const ValueSpec* value = find_attribute(spec, attribute.name);
        if (value == nullptr) return Problem{errc::twiml_attribute, where + ": not an attribute of this element"};
        if (auto problem = check_value(*value, attribute.value, where)) return problem;
    }
    for (const ValueSpec& value : spec.attributes) {
        if (value.required && node.find(value.name) == nullptr) {
            return Problem{errc::twiml_missing, tag + " " + std::string(value.name) + ": required"};
        }
    }
    return std::nullopt;
}

std::optional<Problem> check_text(const Node& node, const ElementSpec& spec) {
    const std::string where = std::string(spec.tag) + " text";
    if (node.text.empty()) {
        if (spec.text.required) return Problem{errc::twiml_missing, where + ": required"};
        return std::nullopt;
    }
    if (spec.text.kind == Kind::none) return Problem{errc::twiml_nesting, where + ": not allowed"};
    auto problem = check_value(spec.text, node.text, where);
    if (problem && spec.text.kind == Kind::text) problem->code = errc::twiml_text;
    return problem;
}

std::optional<Problem> check_at(const Node& node, std::size_t depth) {
    const ElementSpec& spec = spec_of(node.el);
    const std::string tag(spec.tag);
    if (depth > kMaxDepth) return Problem{errc::twiml_nesting, tag + ": nested deeper than 16"};
    if (auto problem = check_attributes(node, spec)) return problem;
    if (auto problem = check_text(node, spec)) return problem;
    for (const Node& child : node.children) {
        if (std::find(spec.children.begin(), spec.children.end(), child.el) == spec.children.end()) {
            return Problem{errc::twiml_nesting, std::string(spec_of(child.el).tag) + ": not allowed in " + tag};
        }
        if (auto problem = check_at(child, depth + 1)) return problem;
    }
    return check_rules(node);
}

}  // namespace

std::optional<Problem> check(const Node& node) {
    return check_at(node, 0);
}

}  // namespace parley::twilio::twiml
