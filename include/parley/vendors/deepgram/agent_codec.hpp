#pragma once
// The text messages of Deepgram's Voice Agent; its audio is binary, both ways, as it is. Pure: no socket, no clock.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors::deepgram_agent {

enum class Kind : std::uint8_t {
    malformed,  // no JSON object
    ignored,    // a type we have no use for
    welcome,    // id: of the request
    applied,    // the settings are in force
    caller_started,
    caller_text,  // text
    agent_text,   // text: one sentence
    thinking,
    audio_done,       // all audio of the reply has been sent
    calls,            // calls: those we are to answer
    calls_cancelled,  // calls: ids and names of those nobody wants an answer to any more
    error,            // code, text; ends the session
};

struct Event {
    Kind kind = Kind::ignored;
    std::string id, text, code;
    std::vector<ToolCall> calls;
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

[[nodiscard]] std::string settings(const Endpoint& endpoint, const S2sSetup& setup);
[[nodiscard]] std::string inject_user(std::string_view text);
// The whole prompt once more, with what is to be known besides: it takes the place of the one before.
[[nodiscard]] std::string update_prompt(const S2sSetup& setup, const std::vector<std::string>& notes);
[[nodiscard]] std::string call_response(const ToolCall& call, std::string_view result);
[[nodiscard]] std::string force_end_turn();
[[nodiscard]] std::string keep_alive();
// `configured`: the settings had been accepted before.
[[nodiscard]] Failure failure_of(const Event& error, bool configured);

}  // namespace parley::vendors::deepgram_agent
