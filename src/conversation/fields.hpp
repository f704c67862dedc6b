#pragma once
// The members of every event, command and of the settings under their names in files. `field(name, member)` is called
// for each; the same list writes and reads, so that the two cannot differ.

#include "parley/conversation/commands.hpp"
#include "parley/conversation/events.hpp"
#include "parley/conversation/machine.hpp"

namespace parley::conversation::fields {

template <class T>
struct Describe;

#define PARLEY_TYPE(Type, NAME)                   \
    template <>                                   \
    struct Describe<Type> {                       \
        static constexpr const char* name = NAME; \
        template <class V, class F>               \
        static void each([[maybe_unused]] V& v, [[maybe_unused]] F&& field)

#define PARLEY_END \
    }              \
    ;

// clang-format off
PARLEY_TYPE(Remembered, "remembered") { field("agent", v.agent); field("text", v.text); field("interrupted", v.interrupted); } PARLEY_END
PARLEY_TYPE(Started, "started") { field("back", v.back); field("note", v.note); field("waited_us", v.waited); } PARLEY_END
PARLEY_TYPE(CallerSpeechStarted, "caller_speech_started") { field("ago_us", v.ago); } PARLEY_END
PARLEY_TYPE(CallerSpeechStopped, "caller_speech_stopped") { field("ago_us", v.ago); } PARLEY_END
PARLEY_TYPE(TranscriptPartial, "transcript_partial") { field("utterance", v.utterance); field("text", v.text); } PARLEY_END
PARLEY_TYPE(TranscriptFinal, "transcript_final") { field("utterance", v.utterance); field("text", v.text); field("confidence", v.confidence); } PARLEY_END
PARLEY_TYPE(VendorEndOfTurn, "vendor_end_of_turn") { field("utterance", v.utterance); field("confidence", v.confidence); } PARLEY_END
PARLEY_TYPE(RecognitionFailed, "recognition_failed") { field("utterance", v.utterance); } PARLEY_END
PARLEY_TYPE(DtmfPressed, "dtmf_pressed") { field("digit", v.digit); } PARLEY_END
PARLEY_TYPE(ReplyText, "reply_text") { field("reply", v.reply); field("text", v.text); } PARLEY_END
PARLEY_TYPE(ReplyFinished, "reply_finished") { field("reply", v.reply); field("then", v.then); field("target", v.target); } PARLEY_END
PARLEY_TYPE(ReplyFailed, "reply_failed") { field("reply", v.reply); } PARLEY_END
PARLEY_TYPE(SegmentAudio, "segment_audio") { field("segment", v.segment); field("samples", v.samples); } PARLEY_END
PARLEY_TYPE(SegmentSynthesized, "segment_synthesized") { field("segment", v.segment); } PARLEY_END
PARLEY_TYPE(SegmentFailed, "segment_failed") { field("segment", v.segment); } PARLEY_END
PARLEY_TYPE(FrameHandedOver, "frame_handed_over") { field("segment", v.segment); field("samples", v.samples); } PARLEY_END
PARLEY_TYPE(MarkSent, "mark_sent") { field("mark", v.mark); } PARLEY_END
PARLEY_TYPE(MarkEchoed, "mark_echoed") { field("mark", v.mark); } PARLEY_END
PARLEY_TYPE(TimerFired, "timer_fired") { field("timer", v.timer); } PARLEY_END
PARLEY_TYPE(CarrierStopped, "carrier_stopped") { field("reason", v.reason); } PARLEY_END
PARLEY_TYPE(OperatorHangup, "operator_hangup") { field("reason", v.reason); field("target", v.target); } PARLEY_END
PARLEY_TYPE(OperatorSay, "operator_say") { field("text", v.text); field("keys", v.keys); } PARLEY_END
PARLEY_TYPE(TakenOver, "taken_over") { field("on", v.on); } PARLEY_END
PARLEY_TYPE(PatienceAsked, "patience_asked") { field("endpoint_silence_ms", v.endpoint_silence); } PARLEY_END
PARLEY_TYPE(TimeLeft, "time_left") { field("left_us", v.left); } PARLEY_END
PARLEY_TYPE(VendorTurnResumed, "vendor_turn_resumed") { field("utterance", v.utterance); } PARLEY_END
PARLEY_TYPE(VendorHeardCaller, "vendor_heard_caller") {} PARLEY_END
PARLEY_TYPE(VendorAnswers, "vendor_answers") { field("text", v.text); } PARLEY_END
PARLEY_TYPE(ReplyVoice, "reply_voice") { field("reply", v.reply); } PARLEY_END
PARLEY_TYPE(SegmentText, "segment_text") { field("segment", v.segment); field("text", v.text); } PARLEY_END
PARLEY_TYPE(KeysWanted, "keys_wanted") {
    field("say", v.say); field("least", v.least); field("most", v.most); field("ends", v.ends); field("first_within_ms", v.first_within); field("gap_ms", v.gap);
    field("attempts", v.attempts); field("secret", v.secret);
} PARLEY_END
PARLEY_TYPE(WordTimed, "word_timed") { field("segment", v.segment); field("samples", v.samples); field("characters", v.characters); } PARLEY_END

PARLEY_TYPE(BeginUtterance, "begin_utterance") { field("utterance", v.utterance); } PARLEY_END
PARLEY_TYPE(FinishUtterance, "finish_utterance") { field("utterance", v.utterance); } PARLEY_END
PARLEY_TYPE(DropUtterance, "drop_utterance") { field("utterance", v.utterance); } PARLEY_END
PARLEY_TYPE(StartReply, "start_reply") { field("reply", v.reply); field("kind", v.kind); field("text", v.text); field("confidence", v.confidence); } PARLEY_END
PARLEY_TYPE(CancelReply, "cancel_reply") { field("reply", v.reply); } PARLEY_END
PARLEY_TYPE(Speak, "speak") { field("segment", v.segment); field("reply", v.reply); field("kind", v.kind); field("text", v.text); } PARLEY_END
PARLEY_TYPE(CancelSpeech, "cancel_speech") {} PARLEY_END
PARLEY_TYPE(ClearCarrier, "clear_carrier") {} PARLEY_END
PARLEY_TYPE(Duck, "duck") {} PARLEY_END
PARLEY_TYPE(Unduck, "unduck") {} PARLEY_END
PARLEY_TYPE(ArmTimer, "arm_timer") { field("timer", v.timer); field("at_us", v.at); } PARLEY_END
PARLEY_TYPE(CancelTimer, "cancel_timer") { field("timer", v.timer); } PARLEY_END
PARLEY_TYPE(EndCall, "end_call") { field("reason", v.reason); field("target", v.target); } PARLEY_END
PARLEY_TYPE(CallerSaid, "caller_said") { field("utterance", v.utterance); field("text", v.text); field("confidence", v.confidence); field("digits", v.digits); } PARLEY_END
PARLEY_TYPE(AgentSaid, "agent_said") { field("reply", v.reply); field("kind", v.kind); field("heard", v.heard); field("interrupted", v.interrupted); field("heard_for_us", v.heard_for); } PARLEY_END
PARLEY_TYPE(TurnTimes, "turn_times") {
    field("turn", v.turn); field("speech_end_us", v.speech_end); field("endpoint_us", v.endpoint); field("final_text_us", v.final_text);
    field("first_text_us", v.first_text); field("first_audio_us", v.first_audio); field("first_frame_us", v.first_frame); field("heard_us", v.heard);
} PARLEY_END
PARLEY_TYPE(BargedIn, "barged_in") { field("reply", v.reply); field("speech_started_us", v.speech_started); field("stopped_us", v.stopped); field("heard", v.heard); } PARLEY_END

PARLEY_TYPE(KeysGiven, "keys_given") { field("outcome", v.outcome); field("keys", v.keys); } PARLEY_END

PARLEY_TYPE(Settings, "settings") {
    field("endpoint_silence_ms", v.endpoint_silence); field("endpoint_silence_short_ms", v.endpoint_silence_short); field("endpoint_silence_long_ms", v.endpoint_silence_long);
    field("min_utterance_ms", v.min_utterance); field("max_utterance_ms", v.max_utterance);
    field("barge_in_confirm_ms", v.barge_in_confirm); field("barge_in", v.barge_in); field("barge_in_words", v.barge_in_words);
    field("final_wait_ms", v.final_wait);
    field("filler_after_ms", v.filler_after); field("filler_every_ms", v.filler_every); field("filler_max", v.filler_max); field("fillers", v.fillers);
    field("idle_after_ms", v.idle_after); field("idle_prompts", v.idle_prompts); field("idle_texts", v.idle_texts); field("goodbye_text", v.goodbye_text);
    field("max_duration_s", v.max_duration); field("max_duration_warning_s", v.max_duration_warning);
    field("max_duration_warning_text", v.max_duration_warning_text); field("max_duration_text", v.max_duration_text);
    field("apology_text", v.apology_text); field("end_grace_ms", v.end_grace); field("carrier_delay_ms", v.carrier_delay); field("digit_gap_ms", v.digit_gap);
    field("context_lines", v.context_lines); field("vendor_end_confidence", v.vendor_end_confidence); field("fallback_text", v.fallback_text);
    field("failures_max", v.failures_max); field("reply_max_characters", v.reply_max_characters);
} PARLEY_END
// clang-format on

#undef PARLEY_TYPE
#undef PARLEY_END

}  // namespace parley::conversation::fields
