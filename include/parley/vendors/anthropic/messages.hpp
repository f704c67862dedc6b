#pragma once
// Anthropic's Messages, streamed.

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

// Default model claude-haiku-4-5. Options: version (the anthropic-version header, default 2023-06-01), beta
// (anthropic-beta), thinking (disabled, adaptive; default: not sent), effort (low … max), service_tier (auto,
// standard_only), cache (true: the system text and the tools are marked for the vendor's prompt cache; default),
// parallel_tool_calls (true, false), auth (key: x-api-key, default; bearer). Under a version from 2026 on no
// temperature is sent. A conversation that begins with the agent gets a first user message that says the call begins;
// one that ends with the agent gets a last one that asks it to go on, since both are refused otherwise.
[[nodiscard]] std::string anthropic_body(const LmRequest& request, const Endpoint& endpoint);

// Thinking is never spoken; its blocks travel in the first ToolCall::vendor_data, because the vendor wants them back
// with the call. Stop reason "refusal" finishes as `content`. Cached tokens are part of `input`.
[[nodiscard]] std::unique_ptr<LmReader> make_anthropic_reader();

[[nodiscard]] std::string check_anthropic(const Endpoint& endpoint);
[[nodiscard]] std::unique_ptr<LmClient> make_anthropic(const Endpoint& endpoint, const Link& link);

}  // namespace parley::vendors
