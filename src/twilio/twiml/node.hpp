#pragma once
// A TwiML element between the typed interface and XML: what is checked against the schema and then written.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/twilio/error.hpp"
#include "parley/twilio/twiml/verbs.hpp"
#include "schema.hpp"

namespace parley::twilio::twiml {

struct Attribute {
    std::string_view name;  // a literal of the schema's spelling
    std::string value;
};

struct Node {
    explicit Node(El element, std::string content = {}) : el(element), text(std::move(content)) {}

    El el;
    std::string text;
    std::vector<Attribute> attributes;
    std::vector<Node> children;

    Node& attr(std::string_view name, const Text& value);
    Node& attr(std::string_view name, const Integer& value);
    Node& attr(std::string_view name, const Flag& value);
    Node& need(std::string_view name,
               const std::string& value);  // written even when empty, so that the check speaks of it
    Node& child(Node node);
    Node& status_callback(const StatusCallback& callback);
    Node& recording_callback(const RecordingStatusCallback& callback);

    const std::string* find(std::string_view name) const;
    std::size_t count(El element) const;
};

struct Problem {
    errc code;
    std::string detail;
};

// Against the table: attributes, text, children, recursively; then the rules that span them.
std::optional<Problem> check(const Node& node);
std::optional<Problem> check_value(const ValueSpec& spec, const std::string& value, const std::string& where);
std::optional<Problem> check_rules(const Node& node);

Node node_of(const Say& verb);
Node node_of(const Play& verb);
Node node_of(const Pause& verb);
Node node_of(const Gather& verb);
Node node_of(const Record& verb);
Node node_of(const Dial& verb);
Node node_of(const Connect& verb);
Node node_of(const Start& verb);
Node node_of(const Stop& verb);
Node node_of(const Redirect& verb);
Node node_of(const Hangup& verb);
Node node_of(const Reject& verb);
Node node_of(const Enqueue& verb);
Node node_of(const Leave& verb);
Node node_of(const Refer& verb);
Node node_of(const Pay& verb);
Node node_of(const Queue& verb);
Node node_of(const Sms& verb);
Node node_of(const Echo& verb);
Node node_of(const Message& verb);
Node node_of(const Parameter& parameter);
Node node_of(const Config& config);
Node node_of(const Prompting& prompt);

template <class Items>
void add_children(Node& parent, const Items& items) {
    for (const auto& item : items) parent.child(node_of(item));
}

}  // namespace parley::twilio::twiml
