#pragma once
// What is remembered of a caller (store/profiles.hpp) as its schema, its growth and its use. Pure.

#include <string>
#include <string_view>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/analysis/transcript.hpp"
#include "parley/brain/ports.hpp"

namespace parley::analysis {

// name, language, preferences, open_matters, last_intent, last_summary, facts.
[[nodiscard]] std::string_view builtin_profile_schema();

// The owner of an agent's profiles (store/profiles.hpp).
[[nodiscard]] std::string profile_owner(const AnalysisSettings& settings, std::string_view agent);

// What a call adds, without a model: the name they gave, what they wanted, what was said last. `findings`: by_rules() of post_call.hpp.
[[nodiscard]] std::string profile_news(const Subject& subject, std::string_view findings);

// `news` on top of `before`, both objects: what is said anew replaces what was, lists grow by what they do not have (open_matters is replaced: matters are
// settled), null takes away. Of at most 8 KiB: then the oldest entries of lists go, then long texts are shortened, then whole members, the last ones first.
[[nodiscard]] std::string merged_profile(std::string_view before, std::string_view news);

// For the next conversation: variables caller_name, caller_language, … (texts and lists of texts at the top level, at most 300 characters each), and the whole
// as background. Empty for what is no object, or has nothing in it.
[[nodiscard]] brain::Prepared remembered(std::string_view profile);

}  // namespace parley::analysis
