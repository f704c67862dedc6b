#pragma once
// Messages that carry base64 audio many times a second: one copy into a padded buffer, base64 decoded where it stands
// in there.

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::vendors {

namespace ondemand = simdjson::ondemand;

class AudioJson {
public:
    // The message's outermost object; false if it is none. Valid until the next call.
    [[nodiscard]] bool open(std::string_view text, ondemand::object& object) {
        buffer_.resize(text.size() + simdjson::SIMDJSON_PADDING);
        text.copy(buffer_.data(), text.size());
        if (parser_.iterate(buffer_.data(), text.size(), buffer_.size()).get(document_) != simdjson::SUCCESS) return false;
        return document_.get_object().get(object) == simdjson::SUCCESS;
    }
    // Was the object read to its end without an error, with nothing behind it?
    [[nodiscard]] bool complete() { return document_.current_location().error() == simdjson::OUT_OF_BOUNDS; }

    // Overwrites the string with the bytes it stands for; the reading of what follows goes on, since that was indexed
    // before. Nothing: no string, or no base64. Some writers put \/ for /.
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> base64(ondemand::value value);

private:
    std::vector<char> buffer_;
    ondemand::parser parser_;
    ondemand::document document_;
};

[[nodiscard]] inline bool json_null(ondemand::value& value) {
    bool null = false;
    return value.is_null().get(null) == simdjson::SUCCESS && null;
}
// Empty when it is no string.
[[nodiscard]] inline std::string json_text(ondemand::value value, std::size_t most = 4096) {
    ondemand::json_type type{};
    std::string_view text;
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::string || value.get_string().get(text) != simdjson::SUCCESS) return {};
    return std::string(text.substr(0, most));
}
[[nodiscard]] inline bool json_true(ondemand::value value) {
    ondemand::json_type type{};
    bool truth = false;
    return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::boolean && value.get_bool().get(truth) == simdjson::SUCCESS && truth;
}
[[nodiscard]] inline std::optional<double> json_number(ondemand::value value) {
    ondemand::json_type type{};
    double number = 0;
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::number) return std::nullopt;
    if (value.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) return std::nullopt;
    return number;
}
// Calls `each(value)` for every element; false when it is no list.
template <class Each>
[[nodiscard]] bool json_each(ondemand::value value, Each each) {
    ondemand::json_type type{};
    ondemand::array list;
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::array || value.get_array().get(list) != simdjson::SUCCESS) return false;
    for (auto element : list) {
        ondemand::value item;
        if (std::move(element).get(item) != simdjson::SUCCESS) return false;
        each(item);
    }
    return true;
}
// Calls `each(key, value)` for every member; false when it is no object or broken.
template <class Each>
[[nodiscard]] bool json_members(ondemand::object object, Each each) {
    for (auto member : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(member).get(field) != simdjson::SUCCESS || field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
        each(key, field.value());
    }
    return true;
}
template <class Each>
[[nodiscard]] bool json_members(ondemand::value value, Each each) {
    ondemand::json_type type{};
    ondemand::object object;
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::object || value.get_object().get(object) != simdjson::SUCCESS) return false;
    return json_members(object, each);
}

}  // namespace parley::vendors
