#pragma once
// The messages of ElevenLabs Agents. Pure: no socket, no clock.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors::elevenlabs_agents {

enum class Kind : std::uint8_t {
    malformed,     // no JSON object, or audio that is not base64
    ignored,       // a type we have no use for
    metadata,      // id: of the conversation; input_format, output_format
    audio,         // event_id, audio
    caller_text,   // text: complete
    agent_text,    // text: of the whole answer
    interruption,  // event_id: audio up to it is void
    ping,          // event_id
    call,          // call
    complete,      // the answer has been sent
};

struct Event {
    Kind kind = Kind::ignored;
    std::string id, text, input_format, output_format;
    std::int64_t event_id = 0;
    std::span<const std::uint8_t> audio;  // in the output format; valid until the next read()
    ToolCall call;
};

class Reader {
public:
    Reader();
    ~Reader();
    const Event& read(std::string_view message);  // never throws; valid until the next

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct Format {
    bool mulaw = true;
    int rate = 8000;
};
// "ulaw_8000", "pcm_16000"; nothing for what cannot be converted.
[[nodiscard]] std::optional<Format> format_of(std::string_view name);

[[nodiscard]] std::string initiation(const Endpoint& endpoint, const S2sSetup& setup);
void audio(std::span<const std::uint8_t> bytes, std::string& out);  // replaces `out`
[[nodiscard]] std::string pong(std::int64_t event_id);
[[nodiscard]] std::string user_message(std::string_view text);
[[nodiscard]] std::string contextual_update(std::string_view text);
[[nodiscard]] std::string tool_result(const ToolCall& call, std::string_view result, bool failed);
// The signed URL in the answer to its request; empty: there is none.
[[nodiscard]] std::string signed_url_in(std::string_view body);

}  // namespace parley::vendors::elevenlabs_agents
