#pragma once
// A tool that is one HTTP request to the integrator's server.

#include <memory>

#include "parley/net/egress.hpp"
#include "parley/tools/tool.hpp"
#include "parley/tools/tool_settings.hpp"

namespace parley::tools {

// Throws std::invalid_argument with "<member>: <sentence>". The guard outlives the tool.
[[nodiscard]] std::shared_ptr<const Tool> make_http_tool(const HttpTool& settings, std::shared_ptr<const net::EgressGuard> guard);

// "t=<Unix seconds>,v1=<hex of HMAC-SHA256 over t.body>"
[[nodiscard]] std::string signature_of(const Secret& key, std::int64_t unix_seconds, std::string_view body);

}  // namespace parley::tools
