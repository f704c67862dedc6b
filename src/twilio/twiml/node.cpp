#include "node.hpp"

#include <algorithm>

namespace parley::twilio::twiml {

Node& Node::attr(std::string_view name, const Text& value) {
    if (value) attributes.push_back({name, *value});
    return *this;
}

Node& Node::attr(std::string_view name, const Integer& value) {
    if (value) attributes.push_back({name, std::to_string(*value)});
    return *this;
}

Node& Node::attr(std::string_view name, const Flag& value) {
    if (value) attributes.push_back({name, *value ? "true" : "false"});
    return *this;
}

Node& Node::need(std::string_view name, const std::string& value) {
    attributes.push_back({name, value});
    return *this;
}

Node& Node::child(Node node) {
    children.push_back(std::move(node));
    return *this;
}

Node& Node::status_callback(const StatusCallback& callback) {
    return attr("statusCallback", callback.url).attr("statusCallbackEvent", callback.event).attr("statusCallbackMethod", callback.method);
}

Node& Node::recording_callback(const RecordingStatusCallback& callback) {
    return attr("recordingStatusCallback", callback.url)
        .attr("recordingStatusCallbackMethod", callback.method)
        .attr("recordingStatusCallbackEvent", callback.event);
}

const std::string* Node::find(std::string_view name) const {
    const auto it = std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& a) { return a.name == name; });
    return it == attributes.end() ? nullptr : &it->value;
}

std::size_t Node::count(El element) const {
    return static_cast<std::size_t>(std::count_if(children.begin(), children.end(), [&](const Node& node) { return node.el == element; }));
}

}  // namespace parley::twilio::twiml
