#pragma once
// One thing a model may have done by somebody else: declared, compiled once, run any number of times at once.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/json_schema.hpp"
#include "parley/base/secret.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::tools {

struct ToolTraits {
    std::string name, description;  // a name is 1 to 64 of A-Za-z0-9_-
    std::string parameters;         // JSON Schema of an object, as JSON text
    std::optional<JsonSchema> schema{};
    std::chrono::milliseconds timeout{8000};
    bool idempotent = false, consequential = false, cancel_on_interruption = false;
    std::string filler{};
    std::uint32_t concurrency = 16;
    std::set<std::string> digits{};  // what the caller pressed that it is given, by name
    std::string label{};             // in metrics: its name, or its server's
};

struct ToolRun {
    std::string arguments;  // a JSON object that holds to the schema
    std::string key;        // the same for the same wish: a hash of call, turn, tool and arguments
    std::string call_sid, from, to, agent;
    std::uint32_t turn = 0;
    std::uint64_t number = 0;  // of this call's tool calls
    std::map<std::string, std::string> variables{};
    std::map<std::string, Secret> digits{};  // those the tool names
    TimePoint deadline{};
    bool masks = false;  // of what came of it only the kind is kept
};

struct ToolOutcome {
    // ok, error, timeout, bad_response, cancelled, saturated: how it counts
    std::string kind = "error";
    std::string json;      // an object for the model
    std::string reason{};  // for the log: never what was sent or answered
    std::string say{};     // spoken as it is, instead of asking the model
    bool hang_up = false;
    std::string transfer{};                          // the name of one of the agent's destinations
    std::string keys{};                              // to be pressed on the line
    std::map<std::string, std::string> variables{};  // kept for the call
    [[nodiscard]] bool ok() const { return kind == "ok"; }
};
[[nodiscard]] ToolOutcome failed(std::string kind, std::string sentence, std::string reason = {});

class Tool {
public:
    virtual ~Tool() = default;
    [[nodiscard]] virtual const ToolTraits& traits() const = 0;
    // Ends by the run's deadline. On the loop of `http`; cancelled: whatever is under way is given up.
    [[nodiscard]] virtual net::Task<ToolOutcome> run(ToolRun run, net::HttpClient& http) const = 0;
};

[[nodiscard]] bool is_tool_name(std::string_view name);

}  // namespace parley::tools
