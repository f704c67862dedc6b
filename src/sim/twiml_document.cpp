#include "parley/sim/twiml_document.hpp"

#include <algorithm>
#include <cstring>
#include <pugixml.hpp>

#include "twiml_schema.hpp"

namespace parley::sim {
namespace {

constexpr int kMaxDepth = 24;

std::string trimmed(std::string text) {
    const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    return text;
}

void warn(TwimlDocument& document, std::string text) {
    document.warnings.push_back({12200, "schema validation: " + std::move(text)});
}

// Copies what the schema allows; the rest becomes a warning and is left out.
TwimlElement take(const pugi::xml_node& node, const TwimlRule& rule, TwimlDocument& document, int depth) {
    TwimlElement element;
    element.name = node.name();
    for (const auto& attribute : node.attributes()) {
        if (in_word_list(rule.attributes, attribute.name())) {
            element.attributes.emplace_back(attribute.name(), attribute.value());
        } else {
            warn(document, element.name + " has no attribute " + attribute.name());
        }
    }
    for (const auto& child : node.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
            element.text += child.value();
            continue;
        }
        if (child.type() != pugi::node_element) continue;
        const auto* child_rule = twiml_rule(child.name());
        if (child_rule == nullptr || !in_word_list(rule.children, child.name()) || depth >= kMaxDepth) {
            warn(document, element.name + " may not contain " + child.name());
            continue;
        }
        auto taken = take(child, *child_rule, document, depth + 1);
        const bool ssml = taken.name.front() >= 'a' && taken.name.front() <= 'z';
        if (ssml) element.text += taken.name == "sub" ? taken.attribute("alias") : " " + taken.text + " ";
        element.children.push_back(std::move(taken));
    }
    element.text = trimmed(std::move(element.text));
    return element;
}

}  // namespace

std::string TwimlElement::attribute(std::string_view attribute_name, std::string_view otherwise) const {
    for (const auto& [key, value] : attributes) {
        if (key == attribute_name) return value;
    }
    return std::string(otherwise);
}

bool TwimlElement::has(std::string_view attribute_name) const {
    return std::any_of(attributes.begin(), attributes.end(), [&](const auto& one) { return one.first == attribute_name; });
}

const TwimlElement* TwimlElement::child(std::string_view child_name) const {
    const auto at = std::find_if(children.begin(), children.end(), [&](const TwimlElement& one) { return one.name == child_name; });
    return at == children.end() ? nullptr : &*at;
}

TwimlDocument parse_twiml(std::string_view xml) {
    TwimlDocument document;
    const auto refuse = [&](int code, std::string text) {
        document.error = code;
        document.error_text = std::move(text);
        return document;
    };
    if (xml.size() > kMaxTwiml) return refuse(11750, "TwiML larger than 64 kB");
    if (std::all_of(xml.begin(), xml.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; })) return document;
    if (xml.find("<!DOCTYPE") != std::string_view::npos) return refuse(12100, "document type declarations are not accepted");
    pugi::xml_document dom;
    const auto parsed = dom.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_declaration | pugi::parse_ws_pcdata);
    if (!parsed) return refuse(12100, std::string(parsed.description()) + " at offset " + std::to_string(parsed.offset));
    // pugixml lets a bare ampersand and several roots pass; XML does not.
    for (std::size_t at = xml.find('&'); at != std::string_view::npos; at = xml.find('&', at + 1)) {
        const auto inside = [&](std::string_view open, std::string_view close) {
            const auto begin = xml.rfind(open, at);
            return begin != std::string_view::npos && xml.find(close, begin) > at;
        };
        if (inside("<![CDATA[", "]]>") || inside("<!--", "-->")) continue;
        const auto end = xml.find(';', at);
        const auto name = end == std::string_view::npos ? std::string_view{} : xml.substr(at + 1, end - at - 1);
        const bool known = name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
        const bool numeric = name.size() >= 2 && name.size() <= 8 && name.front() == '#' &&
                             std::all_of(name.begin() + 1, name.end(), [](char c) { return std::strchr("xX0123456789abcdefABCDEF", c) != nullptr; });
        if (!known && !numeric) return refuse(12100, "reference to an unknown entity at offset " + std::to_string(at));
    }
    pugi::xml_node root;
    for (const auto& node : dom.children()) {
        if (node.type() == pugi::node_declaration) {
            const std::string_view version = node.attribute("version").value();
            if (version != "1.0" && version != "1.1") return refuse(12101, "invalid XML version attribute");
        } else if (node.type() == pugi::node_element) {
            if (root) return refuse(12100, "more than one root element");
            root = node;
        } else if (node.type() == pugi::node_pcdata && !trimmed(node.value()).empty()) {
            return refuse(12100, "text outside the root element");
        }
    }
    if (!root) return refuse(12100, "no element");
    if (std::string_view(root.name()) != "Response") return refuse(12102, "root element is " + std::string(root.name()) + ", not Response");
    auto response = take(root, *twiml_rule("Response"), document, 0);
    document.verbs = std::move(response.children);
    return document;
}

}  // namespace parley::sim
