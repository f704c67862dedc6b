#include <pugixml.hpp>

#include "../utf8.hpp"
#include "node.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::twilio {
namespace {

using twiml::El;
using twiml::Node;

bool is_prose(const twiml::ValueSpec* spec) {
    return spec != nullptr && (spec->kind == twiml::Kind::text || spec->kind == twiml::Kind::hints);
}

// XML readers turn every line ending into LF; writing LF ourselves keeps what is sent and what is read the same.
std::string with_line_feeds(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (!pair) out.push_back(text[i] == '\r' ? '\n' : text[i]);
    }
    return out;
}

// Only prose is repaired. In every other kind of value (URLs, words, numbers) the check must see what was given and
// refuse it.
void clean(Node& node) {
    const twiml::ElementSpec& spec = spec_of(node.el);
    if (is_prose(&spec.text)) node.text = with_line_feeds(xml_text(node.text));
    for (twiml::Attribute& attribute : node.attributes) {
        if (is_prose(twiml::find_attribute(spec, attribute.name))) attribute.value = xml_text(attribute.value);
    }
    for (Node& child : node.children) clean(child);
}

void write(pugi::xml_node parent, const Node& node) {
    if (node.el == El::text) {
        parent.append_child(pugi::node_pcdata).set_value(node.text.c_str());
        return;
    }
    pugi::xml_node element = parent.append_child(std::string(spec_of(node.el).tag).c_str());
    for (const twiml::Attribute& attribute : node.attributes) {
        element.append_attribute(std::string(attribute.name).c_str()).set_value(attribute.value.c_str());
    }
    if (!node.text.empty()) element.append_child(pugi::node_pcdata).set_value(node.text.c_str());
    for (const Node& child : node.children) write(element, child);
}

class StringWriter final : public pugi::xml_writer {
public:
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
    std::string text;
};

}  // namespace

struct TwimlDocument::Impl {
    pugi::xml_document document;
    pugi::xml_node root;
    std::optional<twiml::Problem> problem;
    std::size_t verbs = 0;

    Impl() {
        pugi::xml_node declaration = document.append_child(pugi::node_declaration);
        declaration.append_attribute("version").set_value("1.0");
        declaration.append_attribute("encoding").set_value("UTF-8");
        root = document.append_child("Response");
    }

    void add(Node node) {
        if (problem) return;
        clean(node);
        if (node.el == El::reject && verbs > 0) {
            problem = twiml::Problem{errc::twiml_nesting, "Reject: only as the first verb"};
        } else {
            problem = twiml::check(node);
        }
        if (problem) return;
        ++verbs;
        write(root, node);
    }
};

TwimlDocument::TwimlDocument() : impl_(std::make_unique<Impl>()) {}
TwimlDocument::TwimlDocument(TwimlDocument&&) noexcept = default;
TwimlDocument& TwimlDocument::operator=(TwimlDocument&&) noexcept = default;
TwimlDocument::~TwimlDocument() = default;

Result<std::string> TwimlDocument::str() const {
    if (impl_->problem) return make_error_code(impl_->problem->code);
    StringWriter out;
    impl_->document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
    if (out.text.size() > kMaxTwimlBytes) return make_error_code(errc::twiml_too_large);
    return std::move(out.text);
}

std::string_view TwimlDocument::problem() const {
    return impl_->problem ? std::string_view(impl_->problem->detail) : std::string_view();
}

TwimlResponse& TwimlResponse::add(const twiml::Verb& verb) {
    impl_->add(std::visit([](const auto& v) { return twiml::node_of(v); }, verb));
    return *this;
}

TwimlResponse& TwimlResponse::say(const twiml::Say& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::say(std::string text) {
    return add(twiml::Say{.text = std::move(text)});
}
TwimlResponse& TwimlResponse::play(const twiml::Play& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::pause(const twiml::Pause& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::gather(const twiml::Gather& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::record(const twiml::Record& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::dial(const twiml::Dial& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::connect(const twiml::Connect& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::start(const twiml::Start& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::stop(const twiml::Stop& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::redirect(const twiml::Redirect& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::hangup(const twiml::Hangup& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::reject(const twiml::Reject& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::enqueue(const twiml::Enqueue& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::leave() {
    return add(twiml::Leave{});
}
TwimlResponse& TwimlResponse::refer(const twiml::Refer& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::pay(const twiml::Pay& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::queue(const twiml::Queue& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::sms(const twiml::Sms& verb) {
    return add(verb);
}
TwimlResponse& TwimlResponse::echo() {
    return add(twiml::Echo{});
}

MessagingResponse& MessagingResponse::message(const twiml::Message& verb) {
    impl_->add(twiml::node_of(verb));
    return *this;
}

MessagingResponse& MessagingResponse::message(std::string text) {
    return message(twiml::Message{.text = std::move(text)});
}

MessagingResponse& MessagingResponse::redirect(const twiml::Redirect& verb) {
    impl_->add(twiml::node_of(verb));
    return *this;
}

}  // namespace parley::twilio
