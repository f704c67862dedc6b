#pragma once
// What can be said of a call without a model, by counting words and looking for phrases. Plain, and meant to look plain: every result of these says
// "by":"rules" where it is put together. English. Pure.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/analysis/transcript.hpp"

namespace parley::analysis::rules {

// The line that says what it was about, and the last one that settled something, in their own words.
[[nodiscard]] std::string summary(const Subject& subject);
// [{"who":"agent","text":…}]: promises and requests.
[[nodiscard]] nlohmann::json action_items(const Subject& subject);
// {"caller":{"label":"negative","score":-0.4},"agent":{…}}; score from -1 to 1.
[[nodiscard]] nlohmann::json sentiment(const Subject& subject);
// {"name":…}: one of the agent's own intents by its phrases, else one of a few everybody has, else "other".
[[nodiscard]] nlohmann::json intent(const Subject& subject, const std::vector<Intent>& own);
// {date?, time?, service?}, as last said: "tuesday" or 2026-12-01, "15:30".
[[nodiscard]] nlohmann::json appointment(const Subject& subject);
// {budget?, timeline?, decision_maker?, pain_points?}.
[[nodiscard]] nlohmann::json lead(const Subject& subject);
// "My name is …", as the caller says it; empty: they did not.
[[nodiscard]] std::string name_said(const Subject& subject);

// {"result":true,"line":…}; {"result":null,"error":…} of a rule that makes no sense.
[[nodiscard]] nlohmann::json operator_rule(const Operator& custom, const Subject& subject);
// {"kind":…,"passed":true|false,"evidence":…}.
[[nodiscard]] nlohmann::json check(const Check& wanted, const Subject& subject);
}  // namespace parley::analysis::rules
