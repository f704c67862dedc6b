#pragma once
// What an agent's number does with a call, as the configuration writes it, and where in its list of these a call is.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::flows {

struct AnswerMode {
    enum class Kind : unsigned char {
        stream,      // a media stream to the agent's brain
        relay,       // ConversationRelay: the same brain, speech done by Twilio
        gather,      // <Gather> and <Say>: the same brain, one request a turn
        menu,        // "menu:main"
        forward,     // other people's numbers, in order or at once
        voicemail,   // a message after the tone
        conference,  // a room
        reject,      // not answered at all
        sip,         // an address of somebody's telephone system
        listen,      // forwarded, and both sides transcribed
        hangup       // what is to be said, then the end
    };
    Kind kind = Kind::stream;
    std::string menu;
    [[nodiscard]] std::string text() const;
    friend bool operator==(const AnswerMode&, const AnswerMode&) = default;
};
[[nodiscard]] std::optional<AnswerMode> parse_answer(std::string_view text, std::string* why = nullptr);
[[nodiscard]] std::string_view name_of(AnswerMode::Kind kind);

// Where a call is: whose answers, which list of them (the hours decide once, when the call comes), which one. It travels in the query of every URL
// given to Twilio, so that any instance can go on. What comes back was signed, but may be older than the configuration in force.
struct Position {
    std::string agent;
    bool closed = false;  // the list for closed hours
    unsigned at = 0;
    unsigned hops = 0;           // agents before this one, in the same call
    unsigned returns = 0;        // to this agent, from transfers nobody took
    std::uint32_t revision = 0;  // of the agent, the one the call began with; 0: whichever is in force
    friend bool operator==(const Position&, const Position&) = default;
};
inline constexpr unsigned kMaxAnswers = 10;  // in a list
inline constexpr unsigned kMaxHops = 10;
inline constexpr unsigned kMaxReturns = 3;

// "agent=desk&at=1&closed=1": only what differs from the beginning; names need no escaping.
[[nodiscard]] std::string query_of(const Position& position);
// The value of a query's field; empty when there is none.
using Lookup = std::function<std::string_view(std::string_view name)>;
// Numbers out of range are the beginning; nothing: no agent is named.
[[nodiscard]] std::optional<Position> position_of(const Lookup& query);
// A decimal number of at most nine digits up to `most`; anything else is `otherwise`.
[[nodiscard]] unsigned number_of(std::string_view text, unsigned most, unsigned otherwise = 0);

}  // namespace parley::flows
