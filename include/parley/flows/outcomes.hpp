#pragma once
// What follows from what Twilio says happened. Pure.

#include <optional>
#include <string_view>
#include <vector>

#include "parley/flows/agent_flow.hpp"

namespace parley::flows {

// --- a dialled call: DialCallStatus, with DialBridged where it is given --------------------------------------------------
enum class Dialed : unsigned char {
    talked,      // somebody was there and has hung up
    unreached,   // busy, no answer, failed, or answered without being let in (a mailbox that pressed no key)
    caller_left  // canceled: nobody is listening any more
};
// Anything unknown counts as unreached: the caller is still there and waits for something.
[[nodiscard]] Dialed dialed(std::string_view status, std::string_view bridged);

// Whom to ring now. Steps count from 0.
struct ForwardPlan {
    std::vector<Destination> ring;  // empty: everybody was tried
    bool last = true;               // nobody comes after these
};
[[nodiscard]] ForwardPlan forward_plan(const ForwardSettings& forward, unsigned step);

// --- a message behind the tone: RecordingDuration, RecordingSid, Digits -----------------------------------------------------
enum class Message : unsigned char {
    kept,       // thank you
    kept_gone,  // and the caller has hung up already
    ask_again,  // nothing, or too short: once more
    given_up    // so it was the second time
};
struct MessageFacts {
    std::string_view recording_sid, duration, digits;  // as they came
    unsigned asked = 0;                                // how often before
};
[[nodiscard]] Message message(const VoicemailSettings& voicemail, const MessageFacts& facts);

// --- rooms -----------------------------------------------------------------------------------------------------------------
// The room's name with {call_sid} and {from} put in; characters no name may have become '-'.
[[nodiscard]] std::string room_name(std::string_view room, std::string_view call_sid, std::string_view from);

}  // namespace parley::flows
