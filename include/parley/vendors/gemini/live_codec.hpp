#pragma once
// The messages of Gemini Live. Pure: no socket, no clock.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors::gemini_live {

// One message may hold any number of these at once; each is to be looked at.
struct Event {
    bool malformed = false;  // no JSON object, or audio that is not base64
    bool set_up = false;
    std::string session_id;
    bool interrupted = false, generated = false, turn_complete = false;
    std::string caller_text;  // a piece
    bool caller_finished = false;
    std::string words;  // of the answer, a piece
    struct Audio {
        int rate = 24000;
        std::span<const std::uint8_t> bytes;  // 16-bit little-endian; valid until the next read()
    };
    std::vector<Audio> audio;
    std::vector<ToolCall> calls;
    std::vector<std::string> cancelled;  // ids of calls
    std::string resume;                  // a new handle that can be used
    std::optional<std::chrono::milliseconds> going_away;
    std::optional<LmUsage> usage;
};

class Reader {
public:
    Reader();
    ~Reader();
    const Event& read(std::string_view message);  // text or binary frame alike; never throws; valid until the next

private:
    struct State;
    std::unique_ptr<State> state_;
};

[[nodiscard]] std::string model_of(const Endpoint& endpoint);
[[nodiscard]] std::string setup(const Endpoint& endpoint, const S2sSetup& setup);
void audio(std::span<const std::int16_t> pcm16k, std::string& out);  // replaces `out`
[[nodiscard]] std::string activity(bool start);
[[nodiscard]] std::string text(const Endpoint& endpoint, std::string_view text);
// Something it is to know, to which it does not answer; empty: this model takes text only as what the caller says now.
[[nodiscard]] std::string note(const Endpoint& endpoint, std::string_view text);
[[nodiscard]] std::string tool_response(const ToolCall& call, std::string_view result_json);
// Gemini tells failures by close codes alone; `going_away`: it had announced the end.
[[nodiscard]] Failure read_close(Failure failure, bool configured, bool going_away);
// "50s", "1.5s"; nothing for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_in(std::string_view text);

}  // namespace parley::vendors::gemini_live
