#pragma once
// Everything a conversation can ask for. The call performs them in order; it decides nothing itself.

#include <string>
#include <variant>
#include <vector>

#include "parley/conversation/events.hpp"

namespace parley::conversation {

enum class SpeechKind : std::uint8_t { reply, greeting, idle_prompt, filler, goodbye, apology, operator_text, keys };

// One line of what both sides really said; what the brain is given as its memory. Agent text holds heard words only.
struct ContextLine {
    enum class Side : std::uint8_t { caller, agent } side = Side::caller;
    std::string text;
    bool interrupted = false;
};

struct BeginUtterance {
    UtteranceId utterance = 0;
};  // recognition: what the caller says from (shortly before) now on belongs to it
struct FinishUtterance {
    UtteranceId utterance = 0;
};  // recognition: the caller has finished; answer with TranscriptFinal
struct DropUtterance {
    UtteranceId utterance = 0;
};  // recognition: no answer wanted any more
enum class PromptKind : std::uint8_t { greeting, caller_text, digits, nothing_understood, returned };  // returned: its text is Started::note
struct StartReply {
    ReplyId reply = 0;
    PromptKind kind = PromptKind::greeting;
    std::string text;
    double confidence = 1;
};  // context(): Machine::context()
struct CancelReply {
    ReplyId reply = 0;
};
struct Speak {
    SegmentId segment = 0;
    ReplyId reply = 0;
    SpeechKind kind = SpeechKind::reply;
    std::string text;
};  // reply 0: not the brain's
struct CancelSpeech {};  // synthesis and local playout: drop every segment not yet handed over
struct ClearCarrier {};  // send `clear`: the carrier drops what it has queued
struct Duck {};          // lower playout (possible barge-in)
struct Unduck {};
struct ArmTimer {
    TimerId timer = TimerId::endpoint;
    Instant at{};
};  // re-arming replaces
struct CancelTimer {
    TimerId timer = TimerId::endpoint;
};
struct EndCall {
    EndReason reason = EndReason::agent_completed;
    std::string target;
};  // the last command of a call, exactly once

// complete: enough of them. too_few, none: the last attempt's. interrupted: the caller spoke, or somebody took the floor. unavailable: nobody was asked.
enum class KeysOutcome : std::uint8_t { complete, too_few, none, interrupted, hung_up, unavailable };
struct KeysGiven {
    KeysOutcome outcome = KeysOutcome::unavailable;
    std::string keys;
};  // keys: of complete and too_few

// Facts for the call's record, transcript and metrics.
struct CallerSaid {
    UtteranceId utterance = 0;
    std::string text;
    double confidence = 0;
    bool digits = false;
};
struct AgentSaid {
    ReplyId reply = 0;
    SpeechKind kind = SpeechKind::reply;
    std::string heard;
    bool interrupted = false;
    Instant heard_for{};
};
struct TurnTimes {  // one turn's waterfall; absent stages are negative
    std::uint32_t turn = 0;
    Instant speech_end{-1}, endpoint{-1}, final_text{-1}, first_text{-1}, first_audio{-1}, first_frame{-1}, heard{-1};
};
struct BargedIn {
    ReplyId reply = 0;
    Instant speech_started{}, stopped{};
    std::string heard;
};  // stop time = stopped - speech_started

using Command = std::variant<BeginUtterance, FinishUtterance, DropUtterance, StartReply, CancelReply, Speak, CancelSpeech, ClearCarrier, Duck, Unduck, ArmTimer,
                             CancelTimer, EndCall, CallerSaid, AgentSaid, TurnTimes, BargedIn, KeysGiven>;
using Commands = std::vector<Command>;

}  // namespace parley::conversation
