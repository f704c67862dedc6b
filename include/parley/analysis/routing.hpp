#pragma once
// Intents that lead somewhere while the call runs: a brain whose caller's words are looked at first.

#include <memory>
#include <string>
#include <vector>

#include "parley/analysis/analysis_settings.hpp"
#include "parley/brain/ports.hpp"
#include "parley/brain/upstream.hpp"

namespace parley::analysis {

// What the model is told besides: intents as places it may transfer to, and what is answered by a fixed text. For route_by model and both; changes nothing
// else.
void offer_intents(const AnalysisSettings& settings, brain::UpstreamSettings& to);

// `inner` with the intents of the settings before it; `inner` itself where nothing is to be looked at.
//
// By grammar: the caller's whole turn is matched with the phrases before the brain sees it. A match is answered by `deflect`, or transferred to `to` behind
// `deflect` (default a few words); the brain is not asked. The same intent does not fire a second time in one session of the talk, because the first was
// perhaps a mistake, unless the caller asks again: says so ("again", "still", "back") or says it once more. A transfer the brain decides on itself to an
// intent's place is the intent as well. Each is told as {"event":"intent","intent":…,"by":"grammar"|"model","to":…} (VendorSink::on_event).
//
// With extract naming appointment or lead, what the caller has said of them so far becomes variables: appointment_date, lead_budget, …; and part of a
// hand-over.
[[nodiscard]] std::shared_ptr<brain::PipelineFactory> with_understanding(std::shared_ptr<brain::PipelineFactory> inner,
                                                                         std::shared_ptr<const AnalysisSettings> settings);

}  // namespace parley::analysis
