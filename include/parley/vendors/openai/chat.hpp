#pragma once
// OpenAI chat completions, streamed, and the many servers that imitate them.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

// What is different where. Fields default to OpenAI's own.
struct ChatPreset {
    std::string_view name;          // Endpoint::vendor
    std::string_view base_url;      // empty: must be configured
    std::string_view key_variable;  // of the environment, by custom; empty: none
    bool needs_key = true;
    std::string_view limit_field = "max_tokens";  // how the length of a reply is bounded
    bool stream_usage = true;                     // takes stream_options.include_usage
    bool cache_key = false;                       // takes prompt_cache_key
    bool strict_template = false;                 // open models behind a template: one system message in front, roles alternate
};
[[nodiscard]] std::span<const ChatPreset> chat_presets();
[[nodiscard]] const ChatPreset* chat_preset(std::string_view vendor);  // null: none of that name

// Options: reasoning_effort, verbosity, service_tier, parallel_tool_calls (true, false), tool_choice (auto, none,
// required), limit_field (max_tokens, max_completion_tokens), stream_usage (true, false), key_header (default
// Authorization with Bearer; another gets the bare key), organization, project. There is no default model.
[[nodiscard]] std::string chat_body(const LmRequest& request, const Endpoint& endpoint);

// Takes chunks of every preset: calls with and without index or id, `content` null or a list of parts, `message` in
// place of `delta`, reasoning fields and <think>…</think> (never spoken), comments, errors within the stream, a missing
// [DONE] after a finish_reason. A refusal finishes as `content` without text.
[[nodiscard]] std::unique_ptr<LmReader> make_chat_reader();

[[nodiscard]] std::string check_openai_chat(const Endpoint& endpoint);
[[nodiscard]] std::unique_ptr<LmClient> make_openai_chat(const Endpoint& endpoint, const Link& link);

}  // namespace parley::vendors
