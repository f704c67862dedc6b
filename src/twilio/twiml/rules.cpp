// What the table cannot say: rules over several attributes or children.

#include "../utf8.hpp"
#include "node.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::twilio::twiml {
namespace {

using Verdict = std::optional<Problem>;

Verdict missing(std::string detail) {
    return Problem{errc::twiml_missing, std::move(detail)};
}
Verdict nesting(std::string detail) {
    return Problem{errc::twiml_nesting, std::move(detail)};
}
Verdict attribute(std::string detail) {
    return Problem{errc::twiml_attribute, std::move(detail)};
}

std::size_t spoken_length(const Node& node) {
    std::size_t length = utf16_length(node.text);
    for (const Node& child : node.children) length += spoken_length(child);
    return length;
}

Verdict say(const Node& node) {
    const std::size_t length = spoken_length(node);
    if (length == 0) return Problem{errc::twiml_text, "Say text: empty"};
    const std::string* voice = node.find("voice");
    const std::size_t limit = voice != nullptr && voice->starts_with("Polly.") ? kMaxPollySayChars : kMaxSayChars;
    if (length <= limit) return std::nullopt;
    return Problem{errc::twiml_text, "Say text: at most " + std::to_string(limit) + " characters, not " + std::to_string(length)};
}

Verdict play(const Node& node) {
    if (node.text.empty() && node.find("digits") == nullptr) return missing("Play: a URL or digits");
    if (!node.text.empty() && node.find("digits") != nullptr) return attribute("Play: a URL or digits, not both");
    return std::nullopt;
}

Verdict gather(const Node& node) {
    const std::string* enhanced = node.find("enhanced");
    const std::string* model = node.find("speechModel");
    if (enhanced != nullptr && *enhanced == "true" && (model == nullptr || *model != "phone_call")) {
        return attribute("Gather enhanced: only with speechModel phone_call");
    }
    return std::nullopt;
}

Verdict dial(const Node& node) {
    if (node.text.empty() == node.children.empty()) return missing("Dial: a number or nouns");
    if (node.children.size() > 10) return nesting("Dial: at most 10 nouns, not " + std::to_string(node.children.size()));
    if (node.count(El::conference) > 0 && node.children.size() > 1) return nesting("Dial: a Conference stands alone");
    if (node.count(El::queue) > 0 && node.children.size() > 1) return nesting("Dial: a Queue stands alone");
    return std::nullopt;
}

Verdict text_or_child(const Node& node, El child, const char* detail) {
    if (node.text.empty() == (node.count(child) == 0)) return missing(detail);
    return std::nullopt;
}

Verdict sip(const Node& node) {
    if (node.text.empty() == (node.count(El::uri) == 0)) return missing("Sip: a URI as text or Uri elements");
    return std::nullopt;
}

// "Custom SIP headers: total below 1024 characters, only X- names and a few standard ones."
Verdict headers(const Node& node) {
    std::size_t total = 0;
    for (const Node& header : node.children) {
        const std::string& name = *header.find("name");
        const bool standard = name == "User-to-User" || name == "Remote-Party-ID" || name == "P-Preferred-Identity" || name == "P-Called-Party-ID";
        const bool custom = name.size() > 2 && (name.starts_with("X-") || name.starts_with("x-"));
        if (!standard && !custom) return attribute("Header name: X- or one of User-to-User, Remote-Party-ID, P-Preferred-Identity, P-Called-Party-ID");
        if (name.find_first_of(":;=?&\"<>") != std::string::npos) return attribute("Header name: not a header name");
        total += utf16_length(name);
        if (const std::string* value = header.find("value")) total += utf16_length(*value);
    }
    if (node.children.empty()) return missing("Headers: a Header");
    if (total >= 1024) return attribute("Headers: below 1024 characters in all, not " + std::to_string(total));
    return std::nullopt;
}

Verdict stream(const Node& node) {
    if ((node.find("url") == nullptr) == (node.find("connectorName") == nullptr)) return missing("Stream: url or connectorName");
    return std::nullopt;
}

Verdict exactly_one(const Node& node) {
    if (node.children.size() != 1) return missing(std::string(spec_of(node.el).tag) + ": exactly one noun");
    return std::nullopt;
}

Verdict parameter(const Node& node) {
    const std::string* name = node.find("name");
    const std::string* value = node.find("value");
    const std::size_t length = utf16_length(*name) + (value != nullptr ? utf16_length(*value) : 0);
    if (name->empty()) return missing("Parameter name: required");
    if (length > kMaxParameterChars) {
        return attribute("Parameter: name and value below 500 characters, not " + std::to_string(length));
    }
    return std::nullopt;
}

Verdict enqueue(const Node& node) {
    const bool task = node.count(El::task) > 0;
    if (node.count(El::task) > 1) return nesting("Enqueue: at most one Task");
    if (node.text.empty() == !task) return missing("Enqueue: a queue name or a Task");
    if (task && node.find("workflowSid") == nullptr) return missing("Enqueue workflowSid: required with a Task");
    return std::nullopt;
}

Verdict transcription(const Node& node) {
    const std::string* callback = node.find("statusCallbackUrl");
    const bool kept = node.find("intelligenceService") != nullptr || node.find("conversationConfiguration") != nullptr;
    if (callback == nullptr && !kept) return missing("Transcription: statusCallbackUrl, intelligenceService or conversationConfiguration");
    return std::nullopt;
}

Verdict relay(const Node& node) {
    const std::string* language = node.find("transcriptionLanguage");
    if (language == nullptr || *language != "multi") return std::nullopt;
    const auto is = [&](const char* name, std::string_view wanted) {
        const std::string* value = node.find(name);
        return value == nullptr || *value == wanted;
    };
    if ((is("transcriptionProvider", "Deepgram") || is("transcriptionProvider", "deepgram")) && is("ttsProvider", "ElevenLabs")) {
        return std::nullopt;
    }
    return attribute("ConversationRelay transcriptionLanguage: multi needs Deepgram and ElevenLabs");
}

Verdict message(const Node& node) {
    if (!node.text.empty() && !node.children.empty()) return nesting("Message: text, or Body and Media, not both");
    if (node.text.empty() && node.children.empty()) return missing("Message: text, Body or Media");
    if (node.count(El::body) > 1) return nesting("Message: one Body");
    if (node.count(El::media) > 10) return nesting("Message: at most 10 Media, not " + std::to_string(node.count(El::media)));
    return std::nullopt;
}

}  // namespace

std::optional<Problem> check_rules(const Node& node) {
    switch (node.el) {
        case El::say:
            return say(node);
        case El::play:
            return play(node);
        case El::gather:
            return gather(node);
        case El::dial:
            return dial(node);
        case El::client:
            return text_or_child(node, El::identity, "Client: an identity as text, or an Identity element");
        case El::application:
            return text_or_child(node, El::application_sid, "Application: a sid as text, or an ApplicationSid element");
        case El::sip:
            return sip(node);
        case El::headers:
            return headers(node);
        case El::connect:
        case El::start:
        case El::stop:
        case El::refer:
            return exactly_one(node);
        case El::connect_stream:
        case El::start_stream:
            return stream(node);
        case El::parameter:
            return parameter(node);
        case El::enqueue:
            return enqueue(node);
        case El::transcription:
            return transcription(node);
        case El::relay:
            return relay(node);
        case El::message:
            return message(node);
        default:
            return std::nullopt;
    }
}

}  // namespace parley::twilio::twiml
