#pragma once
// What an HTTP tool's server answers, read. Pure; never throws.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/json_schema.hpp"
#include "parley/tools/tool.hpp"

namespace parley::tools {

inline constexpr std::size_t kMostAnswer = 64 * 1024;
inline constexpr std::size_t kMostForModel = 3500;  // bytes of a result as the model sees it

struct AnswerRules {
    std::string result;                              // JSON pointer; empty: all of it, or what the shapes below say
    std::optional<JsonSchema> schema{};              // of the whole answer
    std::map<std::string, std::string> variables{};  // name -> JSON pointer
};

// {"result":…}, {"error":"…"}, with "say" and "actions"; {"results":[{"result"|"error",…}]}; any other JSON; plain text; nothing.
[[nodiscard]] ToolOutcome read_answer(const AnswerRules& rules, int status, std::string_view content_type, std::string_view body);

// {"result":…} no longer than a model can bear.
[[nodiscard]] std::string result_for_model(const nlohmann::json& result);
// What a model is told that asks again for what ended as `kind` before, when the answer itself was not kept.
[[nodiscard]] std::string repeated_for_model(std::string_view kind);
// At most that many bytes, whole characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace parley::tools
