#pragma once
// The look back at a finished call: one request to a model for everything where there is one, the rules where there is none or it fails.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/analysis/transcript.hpp"
#include "parley/brain/model.hpp"

namespace parley::analysis {

inline constexpr std::size_t kMostTranscriptTokens = 12'000;

struct Findings {
    // {"by":"rules"|"model","model":…,"summary":…,"action_items":[{"who","text"}],"sentiment":{"caller":{"label","score"},"agent":…},"intent":{"name"},
    //  "extracted":{name:{…}},"operators":{name:{"result","by",…}},"compliance":{name:{"kind","passed","evidence","by"}},"tokens":{"input","output"}}; what was
    //  not asked
    // for is not there. "fallback": why the model's answer is not used. "cut": the transcript was too long to be read whole.
    std::string json;
    std::string profile_news;                 // an object to merge into the caller's profile
    std::vector<brain::VendorRecord> used{};  // requests to models
};

// Pure; takes time with the transcript's length (milliseconds for thousands of lines).
[[nodiscard]] Findings by_rules(const Subject& subject, const AnalysisSettings& settings);

// The question for everything at once. `profile`: what is known of the caller, an object; empty: no profile is kept.
[[nodiscard]] brain::ModelQuestion question_about(const Subject& subject, const AnalysisSettings& settings, std::string_view profile, bool* cut = nullptr);
// The model's answer on top of what the rules found. An answer that is no object changes nothing.
[[nodiscard]] Findings joined(Findings by_rules, std::string_view answer, const AnalysisSettings& settings);

// All of it. `model` may be null.
[[nodiscard]] net::Task<Findings> look_back(Subject subject, Findings by_rules, std::shared_ptr<const AnalysisSettings> settings, std::string profile,
                                            std::shared_ptr<brain::Model> model, boost::asio::any_io_executor executor, net::HttpClient& http,
                                            TimePoint deadline);

// JSON Schema of a named extraction: its own, or the built-in one of "appointment" and "lead"; empty: there is none.
[[nodiscard]] std::string extraction_schema(std::string_view name, std::string_view given);

}  // namespace parley::analysis
