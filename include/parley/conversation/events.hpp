#pragma once
// Everything that can happen to a conversation. Plain values: they are written to the call file and read back by replay.

#include <cstdint>
#include <string>
#include <variant>

#include "parley/base/clock.hpp"

namespace parley::conversation {

using ReplyId = std::uint32_t;      // one answer of the brain; counts from 1 in a call
using SegmentId = std::uint32_t;    // one piece of speech handed to synthesis (a sentence or clause); counts from 1 in a call
using UtteranceId = std::uint32_t;  // one stretch of caller speech given to recognition; counts from 1 in a call

enum class TimerId : std::uint8_t { endpoint, barge_in_confirm, final_wait, filler, idle, max_duration_warning, max_duration, playout_watch, end_grace, keys };

enum class EndReason : std::uint8_t {
    caller_hung_up,   // carrier's `stop`, or status completed
    agent_completed,  // the brain said goodbye and ended the call
    transferred,      // handed to a number or voicemail by the tail
    max_duration,
    silence,        // idle prompts used up
    carrier_lost,   // socket gone without `stop`
    media_timeout,  // socket open, no media for 5 s
    brain_failed,   // nothing left to answer with
    operator_hangup,
    shutdown,
    protocol,  // the carrier's side broke the rules (catalogue 2.3)
    internal
};

// --- inputs ---------------------------------------------------------------------------------------------------------------

// One line of an earlier part of the same call, oldest first, before Started: what the brain is to remember.
struct Remembered {
    bool agent = false;
    std::string text;
    bool interrupted = false;
};
// Stream accepted, audio may flow. `back`: the call was here before; `note` says why it is back ("nobody took the call").
// `waited`: the caller was on hold for so long; a call's longest duration counts that too.
struct Started {
    bool back = false;
    std::string note{};
    Instant waited{0};
};
struct CallerSpeechStarted {
    Instant ago{0};
};  // voice activity began, really so long before it was noticed
struct CallerSpeechStopped {
    Instant ago{0};
};  // voice activity ended, really so long before (the detector's hangover)
struct TranscriptPartial {
    UtteranceId utterance = 0;
    std::string text;
};
struct TranscriptFinal {
    UtteranceId utterance = 0;
    std::string text;
    double confidence = 0;
};  // empty text: nothing understood
struct VendorEndOfTurn {
    UtteranceId utterance = 0;
    double confidence = 0;
};
struct VendorTurnResumed {
    UtteranceId utterance = 0;
};  // its end of turn was early: the caller goes on
struct VendorHeardCaller {};  // the recogniser is sure the caller speaks: no noise, no "mhm"
// A brain that listens by itself (speech-to-speech) answers something no utterance of ours was open for.
struct VendorAnswers {
    std::string text;
};
struct RecognitionFailed {
    UtteranceId utterance = 0;
};
struct DtmfPressed {
    char digit = 0;
};  // 0-9 * # A-D
struct ReplyText {
    ReplyId reply = 0;
    std::string text;
};  // a speakable piece: already cut at a sentence or clause boundary
struct ReplyVoice {
    ReplyId reply = 0;
};  // the reply is speech whose words come later (SegmentText)
struct SegmentText {
    SegmentId segment = 0;
    std::string text;
};  // so the words of a speaking segment go on
enum class ReplyThen : std::uint8_t { listen, end_call, transfer };
struct ReplyFinished {
    ReplyId reply = 0;
    ReplyThen then = ReplyThen::listen;
    std::string target;
};  // target: number, or "voicemail"
struct ReplyFailed {
    ReplyId reply = 0;
};
struct SegmentAudio {
    SegmentId segment = 0;
    std::uint32_t samples = 0;
};  // this much more audio (8 kHz samples) is ready to play
struct SegmentSynthesized {
    SegmentId segment = 0;
};  // no more audio will come
struct SegmentFailed {
    SegmentId segment = 0;
};
struct FrameHandedOver {
    SegmentId segment = 0;
    std::uint32_t samples = 0;
};  // given to the carrier's socket; 8 kHz samples
struct MarkSent {
    std::uint32_t mark = 0;
};  // queued behind everything handed over so far
struct MarkEchoed {
    std::uint32_t mark = 0;
};
struct TimerFired {
    TimerId timer = TimerId::endpoint;
};
struct CarrierStopped {
    EndReason reason = EndReason::caller_hung_up;
};
struct OperatorHangup {
    EndReason reason = EndReason::operator_hangup;
    std::string target{};
};  // target: of `transferred`
struct OperatorSay {
    std::string text;
    bool keys = false;
};  // keys: tones of 0-9 * # A-D, w and W pause
// A person speaks for the agent now (OperatorSay): no reply is begun, no silence is filled, what the caller says is remembered. Until it is given back.
struct TakenOver {
    bool on = true;
};
// The brain asks for another patience for the next caller turn (Machine::expect as an event, so that replay sees it).
struct PatienceAsked {
    std::chrono::milliseconds endpoint_silence{0};
};
// The call may go on for so long at most: its longest duration ends then, if it was not to end earlier; warned of as that is.
struct TimeLeft {
    Instant left{0};
};
// The caller is asked for keys by the reply under way, and what they press until KeysGiven is its answer instead of a turn. Of `secret` ones no command but
// KeysGiven has anything. Answered by exactly one KeysGiven, at once if it cannot be.
struct KeysWanted {
    std::string say{};                             // what they hear; again when too few came
    std::uint32_t least = 1, most = 20;            // keys, the ending one not counted
    char ends = '#';                               // this key ends it; 0: none does
    std::chrono::milliseconds first_within{8000};  // of the end of what was said
    std::chrono::milliseconds gap{3000};           // so long without a further key ends it
    std::uint32_t attempts = 2;
    bool secret = true;
};
// A word time from synthesis: when `samples` of the segment have been played, `characters` bytes of its text are spoken.
struct WordTimed {
    SegmentId segment = 0;
    std::uint32_t samples = 0;
    std::uint32_t characters = 0;
};

using Event = std::variant<Started, CallerSpeechStarted, CallerSpeechStopped, TranscriptPartial, TranscriptFinal, VendorEndOfTurn, RecognitionFailed,
                           DtmfPressed, ReplyText, ReplyFinished, ReplyFailed, SegmentAudio, SegmentSynthesized, SegmentFailed, FrameHandedOver, MarkSent,
                           MarkEchoed, TimerFired, CarrierStopped, OperatorHangup, OperatorSay, PatienceAsked, WordTimed, VendorTurnResumed, VendorHeardCaller,
                           VendorAnswers, ReplyVoice, SegmentText, Remembered, TimeLeft, TakenOver, KeysWanted>;

}  // namespace parley::conversation
