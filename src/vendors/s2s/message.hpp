#pragma once
// What the speech-to-speech codecs share of JSON: a reader for messages that may hold much base64, and small writers.

#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/lm.hpp"

namespace parley::vendors::s2s {

using Element = simdjson::dom::element;

// One vendor message at a time; what it gives is valid until the next.
class MessageReader {
public:
    // False: not a JSON object.
    bool read(std::string_view text);
    [[nodiscard]] const Element& root() const { return root_; }
    // Base64 to bytes; false: not valid.
    bool bytes(std::string_view base64, std::vector<std::uint8_t>& out) const;

private:
    simdjson::dom::parser parser_{1U << 21U};
    Element root_;
};

// Members by name; a missing one and one of another type are the same: empty, zero, none.
[[nodiscard]] std::string_view text_of(const Element& object, std::string_view member);
[[nodiscard]] std::int64_t number_of(const Element& object, std::string_view member);
[[nodiscard]] bool truth_of(const Element& object, std::string_view member);
[[nodiscard]] bool member_of(const Element& object, std::string_view member, Element& out);  // any type but null
[[nodiscard]] std::uint32_t count_of(const Element& object, std::string_view member);        // clamped to 32 bits
// JSON object text of a tool's arguments: as given if it is an object, "{}" if empty, else wrapped as {"input": …}.
[[nodiscard]] std::string arguments_text(std::string_view text);

// Never throws: what is not UTF-8 is replaced.
[[nodiscard]] std::string dumped(const nlohmann::json& value);
// A tool's parameter schema; a schema without properties when the text is no object.
[[nodiscard]] nlohmann::json schema_of(const ToolSpec& tool);
// What was said and done before, as plain lines, for vendors whose history takes no tool calls.
[[nodiscard]] std::string told(const std::vector<LmMessage>& messages);
void append_base64(std::span<const std::uint8_t> bytes, std::string& out);

}  // namespace parley::vendors::s2s
