#include "message.hpp"

#include <algorithm>
#include <limits>

#include "parley/audio/base64.hpp"

namespace parley::vendors::s2s {

bool MessageReader::read(std::string_view text) {
    return parser_.parse(text.data(), text.size(), true).get(root_) == simdjson::SUCCESS && root_.is_object();
}

bool MessageReader::bytes(std::string_view base64, std::vector<std::uint8_t>& out) const {
    out.resize(audio::base64_decoded_bound(base64.size()));
    const auto size = audio::base64_decode(base64, out);
    if (!size) {
        out.clear();
        return false;
    }
    out.resize(*size);
    return true;
}

bool member_of(const Element& object, std::string_view member, Element& out) {
    simdjson::dom::object fields;
    if (object.get(fields) != simdjson::SUCCESS) return false;
    return fields.at_key(member).get(out) == simdjson::SUCCESS && !out.is_null();
}

std::string_view text_of(const Element& object, std::string_view member) {
    Element value;
    std::string_view text;
    if (!member_of(object, member, value) || value.get(text) != simdjson::SUCCESS) return {};
    return text;
}

std::int64_t number_of(const Element& object, std::string_view member) {
    Element value;
    if (!member_of(object, member, value)) return 0;
    std::int64_t whole = 0;
    if (value.get(whole) == simdjson::SUCCESS) return whole;
    double real = 0;
    if (value.get(real) != simdjson::SUCCESS || !(real > -9e15 && real < 9e15)) return 0;
    return static_cast<std::int64_t>(real);
}

bool truth_of(const Element& object, std::string_view member) {
    Element value;
    bool truth = false;
    return member_of(object, member, value) && value.get(truth) == simdjson::SUCCESS && truth;
}

std::uint32_t count_of(const Element& object, std::string_view member) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number_of(object, member), 0, kMost));
}

std::string arguments_text(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "{}";
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (parsed.is_object()) return std::string(text);
    return dumped({{"input", parsed.is_discarded() ? nlohmann::json(text) : parsed}});
}

std::string dumped(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json schema_of(const ToolSpec& tool) {
    auto schema = nlohmann::json::parse(tool.parameters, nullptr, false);
    if (!schema.is_object()) schema = {{"type", "object"}, {"properties", nlohmann::json::object()}};
    return schema;
}

std::string told(const std::vector<LmMessage>& messages) {
    std::string lines;
    for (const auto& message : messages) {
        switch (message.role) {
            case LmMessage::Role::system:
                lines += message.text + "\n";
                break;
            case LmMessage::Role::user:
                lines += "Caller: " + message.text + "\n";
                break;
            case LmMessage::Role::assistant:
                if (!message.text.empty()) lines += "You: " + message.text + "\n";
                for (const auto& call : message.calls) lines += "You used " + call.name + " with " + call.arguments + "\n";
                break;
            case LmMessage::Role::tool:
                lines += message.tool + " gave: " + message.text + "\n";
                break;
        }
    }
    return lines;
}

void append_base64(std::span<const std::uint8_t> bytes, std::string& out) {
    const auto at = out.size();
    out.resize(at + audio::base64_encoded_size(bytes.size()));
    audio::base64_encode(bytes, std::span(out).subspan(at));
}

}  // namespace parley::vendors::s2s
