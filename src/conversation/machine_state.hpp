#pragma once
// The machine's insides. Its sources are cut by subject: turn_taking.cpp (the caller's side), barge_in.cpp (taking the
// floor from the agent), keys.cpp (keys a reply asks for), replies.cpp (the brain's side), speech_output.cpp (segments and what was heard of them),
// owed_speech.cpp (fillers and idle prompts), ending.cpp, timers.cpp, machine.cpp (events in, the order of decisions).
//
// Timers are only wake-ups: every decision compares `now_` with an instant computed from the state, after each event.
// A timer that fires late, early or twice can therefore neither cause nor prevent anything.

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "parley/conversation/machine.hpp"

namespace parley::conversation {

inline constexpr std::size_t kTimers = static_cast<std::size_t>(TimerId::keys) + 1;
inline constexpr std::size_t kMostDigits = 64;
inline constexpr std::size_t kMostHeldTexts = 8;

struct Machine::State {
    explicit State(Settings settings);

    void take(const Event& event, Instant now, Commands& out);

    // --- what is happening ------------------------------------------------------------------------------------------
    struct Utterance {  // the caller's present turn
        UtteranceId id = 0;
        Instant begun{}, resumed{}, stopped{}, spoken{};  // begun and stopped: as the caller did; resumed: as noticed
        Instant voiced_from{};                            // of the present stretch, as the caller did
        bool speaking = true;
        bool confirmed = false;   // the caller has the floor; else it may be noise, or a "mhm" over the agent
        bool over_agent = false;  // began while the agent was audible
        bool recognition_failed = false;
        double vendor_end = 0;  // highest confidence of the recogniser's own end of turn since the last new word
        Instant vendor_at{};    // and when it said so
        std::string text;       // last partial
    };
    struct AwaitedFinal {
        UtteranceId id = 0;
        Instant until{};
        std::string text;
    };
    struct Digits {
        std::string text;
        Instant until{};
    };
    struct Asked {  // keys, by the reply under way
        KeysWanted how;
        std::string keys;
        Instant since{}, last{}, bound{};  // asked, the last key, not later than this
        std::uint32_t left = 0;            // further attempts
    };
    struct Prompt {  // what the next reply answers
        PromptKind kind = PromptKind::caller_text;
        std::string text;
        double confidence = 1;
    };
    struct Reply {
        ReplyId id = 0;
        Prompt prompt;
        bool open = true;    // neither finished, cancelled nor failed
        bool heard = false;  // some of its words are in the context
        bool any_text = false;
        std::size_t characters = 0;
    };
    struct Segment {
        SegmentId id = 0;
        ReplyId reply = 0;
        SpeechKind kind = SpeechKind::reply;
        std::string text;
        std::uint64_t ready = 0, handed = 0;
        bool synthesized = false;
        bool voice = false;  // its words come while it speaks
        std::uint8_t attempts = 1;
        [[nodiscard]] bool handed_over() const { return synthesized && handed >= ready; }
    };
    struct Closing {  // the call ends once what is queued has been heard
        EndReason reason = EndReason::agent_completed;
        std::string target;
        bool own_words = false;  // a fixed text of ours, not a reply: no fillers while it is awaited
        bool forced = false;     // cannot be interrupted
        bool wordless = false;   // nothing is said with it: no echo of a mark is worth waiting for
        Instant progress{};      // own words: last sign of life
        Instant bound{};         // own words: not later than this
    };

    // --- machine.cpp ------------------------------------------------------------------------------------------------
    void on(const Remembered&);
    void on(const Started&);
    void on(const TimerFired& e);
    void on(const PatienceAsked& e) { expect(e.endpoint_silence); }
    void expect(std::chrono::milliseconds silence);
    void decide();
    [[nodiscard]] const char* state_name() const;
    template <class C>
    void emit(C&& command) {
        if (!ended_) out_->push_back(std::forward<C>(command));
    }

    // --- turn_taking.cpp
    // ----------------------------------------------------------------------------------------------
    void on(const CallerSpeechStarted&);
    void on(const CallerSpeechStopped&);
    void on(const TranscriptPartial& e);
    void on(const TranscriptFinal& e);
    void on(const VendorEndOfTurn& e);
    void on(const VendorTurnResumed& e);
    void on(const VendorHeardCaller&);
    void on(const VendorAnswers& e);
    void on(const RecognitionFailed& e);
    void on(const DtmfPressed& e);
    [[nodiscard]] bool floor_taken() const { return (caller_ && caller_->confirmed) || digits_; }
    [[nodiscard]] std::optional<Instant> endpoint_at() const;
    [[nodiscard]] Instant patience() const;
    void decide_endpoint();
    void finish_turn();
    void finish_digits();
    [[nodiscard]] std::string shown_keys() const;  // of digits_
    void settle_final(UtteranceId id, const std::string& text, double confidence);
    void decide_final_wait();
    void add_prompt(Prompt fresh, bool earlier = false);
    void abandon_caller();

    // --- keys.cpp
    // -----------------------------------------------------------------------------------------------------
    void on(const KeysWanted& e);
    [[nodiscard]] bool take_key(char key);  // false: it is nobody's, an ordinary turn
    [[nodiscard]] std::optional<Instant> keys_at() const;
    void decide_keys();
    void ask_for_keys_again();
    void let_late_keys_pass();
    void finish_keys(KeysOutcome outcome);
    void hush();

    // --- barge_in.cpp
    // -------------------------------------------------------------------------------------------------
    [[nodiscard]] std::optional<Instant> confirm_at() const;
    void decide_confirm();
    void confirm();
    void drop_noise();
    void interrupt_agent(std::optional<Instant> speech_started);
    void unduck();

    // --- replies.cpp
    // --------------------------------------------------------------------------------------------------
    void on(const ReplyText& e);
    void on(const ReplyVoice& e);
    void on(const ReplyFinished& e);
    void on(const ReplyFailed& e);
    void on(const TakenOver& e);
    void decide_reply();
    void start_reply(Prompt prompt);
    void ask_again();
    [[nodiscard]] bool reply_open() const { return reply_ && reply_->open; }
    [[nodiscard]] Reply* open_reply(ReplyId id) { return reply_open() && reply_->id == id ? &*reply_ : nullptr; }

    // --- speech_output.cpp
    // --------------------------------------------------------------------------------------------
    void on(const SegmentAudio& e);
    void on(const SegmentSynthesized& e);
    void on(const SegmentFailed& e);
    void on(const WordTimed& e);
    void on(const SegmentText& e);
    void on(const FrameHandedOver& e);
    void on(const MarkSent& e) { ledger_.mark_sent(e.mark, now_); }
    void on(const MarkEchoed& e) { ledger_.mark_echoed(e.mark, now_); }
    void on(const OperatorSay& e);
    [[nodiscard]] bool trailing_blank(SegmentId segment) const { return blank_after_ == segment; }
    void say(SpeechKind kind, std::string text, ReplyId reply = 0, std::uint8_t attempts = 1);
    void restart_speech(const std::string& filler, SegmentId failed = 0);
    [[nodiscard]] Segment* find(SegmentId id);
    [[nodiscard]] bool pending_speech() const;  // something said to synthesis is not yet all handed over
    [[nodiscard]] std::uint64_t unheard() const { return ledger_.unheard_samples(now_); }
    void commit_heard();
    [[nodiscard]] std::size_t first_group() const;
    std::string commit_all(ReplyId cut_off);
    std::string commit(std::size_t count, bool interrupted);
    void decide_held();

    // --- record.cpp
    // ---------------------------------------------------------------------------------------------------
    void remember(ContextLine line);
    void flush_caller_line();
    void forget_caller_line(const std::string& text);
    void close_turn();
    void note_turn_heard();

    // --- owed_speech.cpp
    // ----------------------------------------------------------------------------------------------
    void note_owed();
    [[nodiscard]] std::optional<Instant> filler_at() const;
    [[nodiscard]] std::optional<Instant> idle_at() const;
    void decide_filler();
    void decide_idle();

    // --- ending.cpp
    // ---------------------------------------------------------------------------------------------------
    void on(const CarrierStopped& e) { end(e.reason, {}); }
    void on(const OperatorHangup& e) { end(e.reason, e.target); }
    void on(const TimeLeft& e);
    void decide_durations();
    void close_with(EndReason reason, SpeechKind kind, const std::string& text, bool forced);
    void farewell(EndReason reason, SpeechKind kind, const std::string& text);
    [[nodiscard]] bool last_words_out() const { return closing_ && !reply_open() && !pending_speech(); }
    [[nodiscard]] std::optional<Instant> end_at() const;
    void decide_end();
    void end(EndReason reason, std::string target);

    // --- timers.cpp
    // ---------------------------------------------------------------------------------------------------
    void arm_timers();
    void arm_exactly(TimerId timer, std::optional<Instant> at);
    void arm_not_later(TimerId timer, std::optional<Instant> at);

    // --- data
    // -----------------------------------------------------------------------------------------------------------
    Settings settings_;
    Ledger ledger_;
    Commands* out_ = nullptr;
    Instant now_{0};
    bool started_ = false, ended_ = false;

    std::optional<Utterance> caller_;
    std::optional<AwaitedFinal> awaited_;
    std::optional<Digits> digits_;
    std::optional<Asked> asked_;
    Instant late_keys_until_{0};  // what is still pressed until then belongs to keys that were complete
    Instant late_keys_{0};        // each of them moves that by so much
    bool keys_secret_ = false;    // secret keys did not come as they should: what is pressed may be the rest of them
    std::optional<Prompt> prompt_;
    std::optional<Reply> reply_;
    std::optional<Closing> closing_;
    std::deque<Segment> speech_;    // not yet heard to the end, in the order spoken
    std::deque<OperatorSay> held_;  // to be said by us when the caller has finished
    std::optional<std::chrono::milliseconds> patience_;
    bool ducked_ = false;
    bool taken_ = false;  // a person speaks for the agent

    UtteranceId last_utterance_ = 0;
    ReplyId last_reply_ = 0;
    SegmentId last_segment_ = 0;
    SegmentId blank_after_ = 0;  // the words of this segment end with a blank, to be put before the next

    std::optional<Instant> owed_since_, quiet_since_;
    Instant audible_until_{0}, last_filler_{0}, last_hand_over_{0}, last_heard_by_clock_{0};
    std::uint32_t fillers_ = 0, idles_ = 0, reply_failures_ = 0, recognition_failures_ = 0;
    Instant max_duration_at_{0};
    std::optional<Instant> warning_at_;

    std::vector<ContextLine> context_;
    std::string caller_line_;  // the present prompt's text, not yet in the context
    TurnTimes turn_;
    bool turn_open_ = false;
    std::uint64_t turn_first_sample_ = 0;
    Instant turn_heard_expected_{0};
    std::uint32_t turns_ = 0;

    std::array<std::optional<Instant>, kTimers> armed_;
};

}  // namespace parley::conversation
