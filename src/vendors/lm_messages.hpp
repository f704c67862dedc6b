#pragma once
// A conversation made fit for a vendor, before it is written in the vendor's words.

#include <string>
#include <vector>

#include "lm_json.hpp"
#include "parley/vendors/lm.hpp"

namespace parley::vendors {

struct MessageRules {
    bool one_system = false;  // all system texts in one, in front (the first of what fit() answers, if there is any)
    bool alternate = false;   // no two user or two assistant messages in a row: their texts are joined with a blank
};
// Every vendor refuses a call without its result directly behind it, and a result without its call; a call that was
// broken off has none. So each call gets its result moved behind it, or one that says it was not completed; results of
// no call and empty messages are left out.
[[nodiscard]] std::vector<LmMessage> fit(const std::vector<LmMessage>& messages, MessageRules rules);

// The tool's JSON Schema; the empty object schema when it is none. "type" and "properties" are always there.
[[nodiscard]] json schema_of(const ToolSpec& tool);
[[nodiscard]] json arguments_of(const ToolCall& call);  // an object

}  // namespace parley::vendors
