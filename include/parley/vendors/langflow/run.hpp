#pragma once
// A Langflow flow as the model: POST /api/v1/run/{flow}, streamed or whole. The flow has its own prompt, tools and
// memory: it gets the caller's last words and the conversation's id, nothing else; tools of the request are not sent,
// and its own are run by itself.

#include <memory>
#include <string>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

// `model` is the flow's id or endpoint name. Options: stream (true, false; default true), input_type, output_type
// (chat), output_component, tweaks (JSON object), and "var.<NAME>": sent as X-LANGFLOW-GLOBAL-VAR-<NAME>. The base URL
// is http://localhost:7860 by default. A key is not needed where the server wants none. Never retry a run that was
// taken: it has side effects.
[[nodiscard]] std::string langflow_body(const LmRequest& request, const Endpoint& endpoint);
[[nodiscard]] std::string langflow_url(const Endpoint& endpoint);

// Blank-line separated JSON (with or without "data:"); tokens are spoken, else what messages of the machine grow by,
// else the end's result. Messages that are errors are never spoken. The proper end is `end`; whole answers are read as
// well.
[[nodiscard]] std::unique_ptr<LmReader> make_langflow_reader();

[[nodiscard]] std::string check_langflow(const Endpoint& endpoint);
[[nodiscard]] std::unique_ptr<LmClient> make_langflow(const Endpoint& endpoint, const Link& link);

}  // namespace parley::vendors
