#pragma once
// What can be done to a call that is under way, by its agent or by an operator. Each power answers when it has been carried out or refused, with a sentence for
// people; each has a deadline (15 s), so that nobody waits for ever. May be awaited on any executor; the work is done on the control loop.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/flows/destination.hpp"
#include "parley/net/task.hpp"

namespace parley::control {

enum class Refusal : std::uint8_t {
    none,          // done
    no_such_call,  // neither here nor at the carrier
    over,          // the call has ended
    state,         // not possible where the call is now ("not in a conference")
    not_allowed,   // a limit or a forbidden number
    invalid,       // what was asked is wrong
    unavailable,   // the carrier could not be reached or refused it for now: nothing was done
    unknown        // the carrier was asked and did not answer: it may or may not have been done
};
[[nodiscard]] std::string_view name(Refusal why);

struct PowerResult {
    Refusal why = Refusal::none;
    std::string sentence;                                      // "The caller is on hold."; of a refusal: why, and what to do
    std::vector<std::pair<std::string, std::string>> facts{};  // "recording_sid", "call_sid" of a call that was placed, "position", …
    [[nodiscard]] bool ok() const { return why == Refusal::none; }
    [[nodiscard]] std::string fact(std::string_view key) const;
    [[nodiscard]] static PowerResult done(std::string sentence) { return {Refusal::none, std::move(sentence)}; }
    [[nodiscard]] static PowerResult refused(Refusal why, std::string sentence) { return {why, std::move(sentence)}; }
};

// Who asks; stands in the audit line and in the call's record ("operator", "agent front").
struct By {
    std::string who = "operator";
};

struct TransferWish {
    flows::Destination to;
    std::string summary{};          // warm: what the person called hears first; empty: the call's last sentences
    std::chrono::seconds ring{25};  // warm
    bool detect_machine = false;    // warm: an answering machine counts as nobody
    std::string caller_id{};        // warm: empty is the number the caller called
};

struct JoinWish {
    std::string to;  // a number, "sip:…", "client:…"
    std::string caller_id{};
    std::string label{};
    std::chrono::seconds ring{30};
    bool muted = false;
    std::string coach{};  // CallSid that alone hears this one; "" is nobody, then it is an ordinary participant
};

enum class Tape : std::uint8_t { start, pause, resume, stop };

class CallPowers {
public:
    virtual ~CallPowers() = default;
    // Cold, or warm for a `warm:` destination. Warm: answers as soon as the person is being called; what became of it is in the call's record, and an agent
    // that gets its caller back is told by the note of its memory.
    virtual net::Task<PowerResult> transfer(std::string call_sid, TransferWish wish, By by) = 0;
    // Keeps what a person called for a warm transfer of this call will hear first: for agents whose end of the call carries the transfer out. Any thread.
    virtual void brief(const std::string& call_sid, std::string summary) = 0;

    virtual net::Task<PowerResult> hold(std::string call_sid, By by) = 0;
    virtual net::Task<PowerResult> resume(std::string call_sid, By by) = 0;
    virtual net::Task<PowerResult> mute(std::string call_sid, bool muted, By by) = 0;  // in a conference
    // Three-way, or a supervisor who coaches. A call that is not in a conference is moved into one first; its AI agent leaves it then.
    virtual net::Task<PowerResult> join(std::string call_sid, JoinWish wish, By by) = 0;
    virtual net::Task<PowerResult> announce(std::string call_sid, std::string text, By by) = 0;  // to everybody in its conference
    virtual net::Task<PowerResult> say(std::string call_sid, std::string text, By by) = 0;       // by its agent, or to it alone in a conference
    virtual net::Task<PowerResult> keys(std::string call_sid, std::string digits, By by) = 0;    // 0-9 * # A-D w W, at most 32
    virtual net::Task<PowerResult> record(std::string call_sid, Tape what, By by) = 0;           // fact recording_sid
    virtual net::Task<PowerResult> park(std::string call_sid, std::string slot, By by) = 0;      // slot "": the common one
    // Out of the park, a queue or a conference's waiting: to a number, an agent, anywhere. No destination (hangup with an empty value): back to its agent.
    virtual net::Task<PowerResult> pick_up(std::string call_sid, flows::Destination to, By by) = 0;
    virtual net::Task<PowerResult> hang_up(std::string call_sid, By by) = 0;
    virtual net::Task<PowerResult> redirect(std::string call_sid, std::string url, By by) = 0;  // https, a document of the operator's own
};

}  // namespace parley::control
