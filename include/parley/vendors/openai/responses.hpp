#pragma once
// OpenAI's Responses, streamed. Nothing is stored at the vendor: each request carries the whole conversation.

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

// Options: reasoning_effort, verbosity, service_tier, parallel_tool_calls, tool_choice as in chat.hpp; store (true,
// false; default false); organization, project. There is no default model.
[[nodiscard]] std::string responses_body(const LmRequest& request, const Endpoint& endpoint);

// A refusal part finishes as `content`; response.incomplete as `length` or `content`; response.failed and a bare error
// are failures.
[[nodiscard]] std::unique_ptr<LmReader> make_responses_reader();

[[nodiscard]] std::string check_openai_responses(const Endpoint& endpoint);
[[nodiscard]] std::unique_ptr<LmClient> make_openai_responses(const Endpoint& endpoint, const Link& link);

}  // namespace parley::vendors
