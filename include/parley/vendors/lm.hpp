#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/net/task.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

struct ToolSpec {
    std::string name, description;
    std::string parameters;  // JSON Schema object, as JSON text
};

struct ToolCall {
    std::string id, name;
    std::string arguments;    // JSON object text; "{}" when the vendor sent none
    std::string vendor_data;  // to be handed back unchanged with the call (Gemini's thought signature); usually empty
};

struct LmMessage {
    enum class Role : std::uint8_t { system, user, assistant, tool } role = Role::user;
    std::string text;
    std::vector<ToolCall> calls;  // of the assistant
    std::string call_id, tool;    // of a tool's result: which call, whose name
};

struct LmRequest {
    std::vector<LmMessage> messages;
    std::vector<ToolSpec> tools;
    std::optional<double> temperature;
    std::uint32_t max_tokens = 1024;
    std::string conversation;  // an opaque id of the call (prompt cache key, session of a flow server)
};

struct LmUsage {
    std::uint32_t input = 0, output = 0, cached = 0;  // tokens
};

enum class LmFinish : std::uint8_t { stop, tool_calls, length, content };
[[nodiscard]] std::string_view name(LmFinish finish);

struct LmDone {
    LmFinish finish = LmFinish::stop;
    LmUsage usage;
    std::string request_id, model;  // as the vendor named them
};
using LmOutcome = std::variant<LmDone, Failure>;

class LmSink {
public:
    virtual ~LmSink() = default;
    virtual void on_lm_open(std::string_view request_id) = 0;  // the answer's head has come: 2xx
    virtual void on_text(std::string_view delta) = 0;          // UTF-8, never cut inside a code point
    // Tool-call arguments as they grow (for fillers and logs); the complete call comes once with on_tool_call.
    virtual void on_tool_delta(std::string_view name, std::string_view fragment) {
        (void)name;
        (void)fragment;
    }
    virtual void on_tool_call(const ToolCall& call) = 0;  // complete; arguments are valid JSON
};

// One configured model on one worker; requests may run side by side.
class LmClient {
public:
    virtual ~LmClient() = default;
    // Runs one request to its end. Cancelling the awaiting coroutine (terminal) ends it at once and closes its connection; the sink is not
    // called afterwards. Deadlines between bytes are the caller's business, `deadline` bounds the whole. Bounds: 1 MiB a message,
    // 256 KiB text and 256 KiB arguments a reply, 64 tool calls, beyond which Failure too_big.
    virtual net::Task<LmOutcome> run(LmRequest request, LmSink& sink, TimePoint deadline) = 0;
    // Opens a connection to be kept for the next request, if none is; a Failure when that cannot be done. Costs nothing at the vendor.
    virtual net::Task<std::optional<Failure>> warm(TimePoint deadline) = 0;
};

}  // namespace parley::vendors
