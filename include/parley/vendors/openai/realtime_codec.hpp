#pragma once
// The messages of OpenAI Realtime, GA shape and beta shape. Pure: no socket, no clock.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors::openai_realtime {

enum class Kind : std::uint8_t {
    malformed,        // no JSON object, or audio that is not base64: the vendor is not to be trusted any more
    ignored,          // a type we have no use for
    session_created,  // id, expires_at
    session_updated,
    speech_started,      // item
    speech_stopped,      // item
    committed,           // item
    caller_delta,        // item, text
    caller_text,         // item, text: complete
    caller_text_failed,  // item, message
    response_created,    // response
    item_added,          // response, item; call_id and name of a function call
    item_done,           // the same; calls holds a completed function call
    audio,               // response, item, audio
    words,               // response, item, text
    call_delta,          // response, item, call_id, text
    response_done,       // response, status, reason, code and message of a failure, usage, calls
    truncated,           // item, audio_end_ms
    error,               // code, message, event_id; name holds the error's type
};

// Members that a kind does not name are empty. Strings are kept between messages so that they need no new memory.
struct Event {
    Kind kind = Kind::ignored;
    std::string response, item, text, call_id, name;
    std::string id, status, reason, code, message, event_id;
    std::int64_t expires_at = 0;  // Unix seconds; 0: not told
    std::int64_t audio_end_ms = 0;
    std::span<const std::uint8_t> audio;  // as the session asked for it: µ-law. Valid until the next read()
    bool is_call = false;                 // the item is a function call
    std::vector<ToolCall> calls;          // complete ones
    LmUsage usage;
};

class Reader {
public:
    Reader();
    ~Reader();
    const Event& read(std::string_view message);  // never throws, whatever comes; valid until the next

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct Settings {
    bool beta = false, manual = false, transcribes = true;
};
[[nodiscard]] Settings settings_of(const Endpoint& endpoint);

// Each gives one text message; `event_id` comes back with the vendor's error.
[[nodiscard]] std::string session_update(const Endpoint& endpoint, const S2sSetup& setup, std::string_view event_id);
void append_audio(std::span<const std::uint8_t> mulaw, std::string& out);  // replaces `out`
[[nodiscard]] std::string commit(std::string_view event_id);
[[nodiscard]] std::string message_item(const LmMessage& message, bool beta, std::string_view event_id);
[[nodiscard]] std::string call_item(const ToolCall& call, std::string_view event_id);
[[nodiscard]] std::string result_item(std::string_view call_id, std::string_view output, std::string_view event_id);
[[nodiscard]] std::string create_response(std::string_view instructions,
                                          std::string_view event_id);  // empty: the session's own
[[nodiscard]] std::string cancel_response(std::string_view response, std::string_view event_id);
[[nodiscard]] std::string truncate_item(std::string_view item, std::int64_t audio_end_ms, std::string_view event_id);

// What an error event means for the session; nothing: it is open and of use as before.
[[nodiscard]] std::optional<Failure> fatal(const Event& error);
// A response that failed, as its `response.done` tells.
[[nodiscard]] Failure failed_response(const Event& done);
// OpenAI's reading of close codes: 3000 with the error's code in the reason, 4000 for the retired shape, 1001 at the
// session's limit.
[[nodiscard]] Failure read_close(Failure failure);

}  // namespace parley::vendors::openai_realtime
