#pragma once
// What a model is asked, from what both sides really said. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/brain/upstream.hpp"

namespace parley::brain::upstream {

// The tools a model has without anybody's doing: hanging up, and transferring where there is a target; and those of `actions` (may be null).
[[nodiscard]] std::vector<vendors::ToolSpec> call_tools(const UpstreamSettings& settings, const Actions* actions = nullptr);

// Text that comes from callers or tools, as it may stand between <tags>: it keeps its lines, but cannot close its own brackets.
[[nodiscard]] std::string as_data(std::string_view text);

// What was said to the model from outside the conversation, newest last; bounded.
class Notes {
public:
    void add(std::string_view note);
    [[nodiscard]] std::string text() const;  // to stand behind the system prompt

private:
    std::vector<std::string> notes_;
};

// What {name} stands for in this call: what every call has (call.from, call.to, call.sid, call.channel, call.direction, agent, now, today, time), over it the
// agent's own, over these what the call brought along. Each is data: without control characters, at most 4 KiB.
[[nodiscard]] std::map<std::string, std::string> prompt_variables(const UpstreamSettings& settings, const CallFacts& facts,
                                                                  WallClock::time_point now = WallClock::now());
// What is said first, filled in; empty: the model greets.
[[nodiscard]] std::string greeting_of(const UpstreamSettings& settings, const CallFacts& facts);

// What was found before the conversation, told as data between brackets it cannot close; whole however long it was (cut inside). Empty: nothing.
[[nodiscard]] std::string known_before(std::string_view background);
// The persona, what is known of the caller (as data), what the model must know of being on a telephone, and the call's facts.
[[nodiscard]] std::string system_prompt(const UpstreamSettings& settings, const CallFacts& facts);

// Heard words only; an interrupted line says so.
[[nodiscard]] std::vector<vendors::LmMessage> conversation_so_far(const std::vector<conversation::ContextLine>& context);

// The caller's turn as a message: words, digits, or that nothing was understood.
[[nodiscard]] vendors::LmMessage caller_turn(const conversation::StartReply& request);

// For a backup that goes on where another broke off: `said` has been given to the voice already.
void continue_from(std::vector<vendors::LmMessage>& messages, std::string_view said);

struct ToolOutcome {
    conversation::ReplyThen then = conversation::ReplyThen::listen;
    std::string target, farewell, summary;
    std::string refusal;  // JSON for the model: why the call could not be done; empty: it is done
};
[[nodiscard]] ToolOutcome perform_tool(const UpstreamSettings& settings, const vendors::ToolCall& call);

}  // namespace parley::brain::upstream
