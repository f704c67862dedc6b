#pragma once
// Google Gemini's streamGenerateContent.

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

// Options: thinking_budget (tokens, 0 or more; 2.x models), thinking_level (3.x models, e.g. low), schema (subset:
// "parameters" in the vendor's OpenAPI subset, unknown keywords left out, default; json: "parametersJsonSchema" as
// given), auth (key: x-goog-api-key, default; bearer: Vertex). There is no default model; "models/x" and "x" are the
// same. For Vertex the base URL holds everything before "/models/".
[[nodiscard]] std::string gemini_body(const LmRequest& request, const Endpoint& endpoint);
[[nodiscard]] std::string gemini_url(const Endpoint& endpoint);

// Thought parts are never spoken. A call's thought signature and its own id travel in ToolCall::vendor_data. A stream
// has ended properly when a finishReason came; SAFETY and its like, and a blocked prompt, finish as `content`,
// MALFORMED_FUNCTION_CALL is Failure protocol.
[[nodiscard]] std::unique_ptr<LmReader> make_gemini_reader();

[[nodiscard]] std::string check_gemini(const Endpoint& endpoint);
[[nodiscard]] std::unique_ptr<LmClient> make_gemini(const Endpoint& endpoint, const Link& link);

}  // namespace parley::vendors
