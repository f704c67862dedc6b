#pragma once
// What a call asks of whatever answers it, cut by role so that recognisers, language models and voices can be exchanged one by one.
// All calls and call-backs happen on the call's own worker thread; nothing here blocks; after a session's destruction no call-back comes.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "parley/conversation/commands.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::brain {

using conversation::ReplyId;
using conversation::SegmentId;
using conversation::UtteranceId;

struct SttSink {
    virtual ~SttSink() = default;
    virtual void on_partial(UtteranceId utterance, std::string_view text) = 0;
    virtual void on_final(UtteranceId utterance, std::string_view text, double confidence) = 0;
    virtual void on_stt_failed(UtteranceId utterance, std::string_view reason) = 0;
    // The recogniser's own word on the turn: over with this confidence, perhaps over (`eager`), or going on after all.
    virtual void on_turn_end(UtteranceId utterance, double confidence, bool eager) = 0;
    virtual void on_turn_resumed(UtteranceId utterance) = 0;
    // Of a brain that listens by itself: it is sure the caller speaks; it answers something no utterance was open for.
    virtual void on_heard_caller() = 0;
    virtual void on_answers(std::string_view text) = 0;
};

// 20 ms of the caller in both forms: 160 bytes G.711 µ-law as the carrier sent them, 160 samples of 8 kHz.
struct CallerAudio {
    std::span<const std::uint8_t> mulaw;
    std::span<const std::int16_t> pcm8k;
};

class SttSession {
public:
    virtual ~SttSession() = default;
    virtual void audio(const CallerAudio& frame) = 0;  // 20 ms a call, also between utterances (pre-roll is kept inside)
    virtual void begin(UtteranceId utterance) = 0;
    virtual void finish(UtteranceId utterance) = 0;
    virtual void drop(UtteranceId utterance) = 0;
    virtual void expect(std::string_view /*what*/) {}  // what the dialogue expects next: the name of a grammar, a hint list
};

struct LmSink {
    virtual ~LmSink() = default;
    virtual void on_reply_text(ReplyId reply, std::string_view speakable) = 0;
    virtual void on_reply_finished(ReplyId reply, conversation::ReplyThen then, std::string_view target) = 0;
    virtual void on_reply_failed(ReplyId reply, std::string_view reason) = 0;
    // Of a brain that speaks itself (speech-to-speech): the reply is speech whose words come later, by TtsSink::on_segment_text. A Speak
    // with an empty text follows, of this reply.
    virtual void on_reply_voice(ReplyId reply) = 0;
    virtual void on_expect(std::string_view what, std::chrono::milliseconds patience) = 0;  // for recognition and endpointing of the next turn
};

// What was found while the caller was on hold, before the conversation begins.
struct Prepared {
    std::map<std::string, std::string> variables;
    std::string background;
    // How it went, for the record.
    bool looked_up = false, summarised = false;
    std::vector<std::string> tools{};   // those that answered
    std::vector<std::string> failed{};  // what did not come about: "profile", "tool:<name>", "summary", "timeout"
};

class LmSession {
public:
    virtual ~LmSession() = default;
    virtual void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) = 0;
    virtual void cancel(ReplyId reply) = 0;
    // The caller may have finished with these words: an answer may be prepared, to be used if start() asks the very same. An empty text
    // takes it back.
    virtual void speculate(std::string_view /*text*/, const std::vector<conversation::ContextLine>& /*context*/) {}
    // How much of a reply's speech the caller has heard, once that is settled; `interrupted`: the rest never will be.
    virtual void heard(ReplyId /*reply*/, std::chrono::milliseconds /*heard*/, bool /*interrupted*/) {}
    // A word from outside the conversation (an operator's whisper, a result that came late), for its next answers. Not spoken.
    virtual void advise(std::string_view /*note*/) {}
    // What preparation found, before the first start(): the session was opened without it, so that its sockets are warm by now.
    virtual void prepared(const Prepared& found) {
        if (!found.background.empty()) advise(found.background);
    }
    // What besides the context a later session needs to go on from here (CallFacts::brain_state); opaque, at most 16 KiB; empty: nothing.
    [[nodiscard]] virtual std::string state() const { return {}; }
    // What another agent who takes the call over shall know besides the context (TalkMemory::background): data, at most some thousand characters.
    [[nodiscard]] virtual std::string handover() const { return {}; }
};

struct TtsSink {
    virtual ~TtsSink() = default;
    virtual void on_audio(SegmentId segment, std::span<const std::int16_t> pcm8k) = 0;
    virtual void on_synthesized(SegmentId segment) = 0;
    virtual void on_tts_failed(SegmentId segment, std::string_view reason) = 0;
    // When `samples` (8 kHz) of the segment have played, the first `characters` bytes of its text are spoken.
    virtual void on_word(SegmentId segment, std::uint32_t samples, std::uint32_t characters) = 0;
    // Of a voice that finds its words while it speaks (speech-to-speech): the segment's text goes on like this.
    virtual void on_segment_text(SegmentId segment, std::string_view more) = 0;
};

class TtsSession {
public:
    virtual ~TtsSession() = default;
    virtual void speak(SegmentId segment, ReplyId reply, std::string_view text) = 0;  // reply 0: not the brain's own words
    virtual void cancel_all() = 0;
};

// The caller's data a brain may know.
struct CallFacts {
    std::string call_sid, from, to, agent;
    std::uint64_t seed = 0;          // for choosing among prompt variants; recorded in the call file
    std::string brain_state{};       // LmSession::state() of the session that had this call before; empty: a new call
    bool written = false;            // the answers are read (a text message), not heard
    bool placed = false;             // we called: `to` is theirs
    std::string channel = "twilio";  // or web
    // {name} in persona, instructions and greeting: the agent's own, the call's parameters, what preparation found.
    std::map<std::string, std::string> variables{};
    // What the model shall know before it speaks: the caller's profile, what preparation found, a hand-over. Data, told as such.
    std::string background{};
};

// Something a brain wants done besides talking: send a text, press keys, record. Names and arguments are what a model is shown as tools.
struct ActionSpec {
    std::string name, description;
    std::string parameters;                   // JSON schema of an object
    std::chrono::milliseconds within{10000};  // its answer, at the latest
    std::string filler{};                     // said once when it takes long and nothing else is; empty: what is usual
};
struct ActionRequest {
    std::string name;
    std::string arguments;  // JSON text as the model wrote it: checked by who performs it
};
struct ActionResult {
    bool ok = false;
    std::string json;  // an object for the model: {"ok":true,…} or {"error":"…"}
    // Ends the talk like a transfer when the answer has been spoken: a destination (flows/destination.hpp); empty: the talk goes on.
    std::string transfer;
    std::string announcement;  // said before that transfer; empty: what the brain says itself
    bool hang_up = false;      // ends the talk when the answer has been spoken
    std::string say{};         // spoken as it is, instead of asking the model
    std::string give_up{};     // this turn cannot be answered: why
};
// What one call's brain may do. Lives on the call's worker, as long as its brain.
class Actions {
public:
    virtual ~Actions() = default;
    [[nodiscard]] virtual const std::vector<ActionSpec>& specs() const = 0;
    // `done` is called once, on the call's worker, not from within perform(); never after the owner is gone. Has a deadline of its own, as its spec says.
    virtual void perform(ActionRequest request, std::function<void(ActionResult)> done) = 0;
    // Names it does not offer are given to it too, to be refused and counted.
    [[nodiscard]] virtual bool answers_all() const { return false; }
    // The caller has said this (a whole turn), or broken in: for tools that wait for a yes, and work that may be given up.
    virtual void caller_said(std::string_view /*text*/) {}
    virtual void caller_interrupted() {}
    // The brain has decided on a transfer and says why, for whoever takes the call. Nothing comes back.
    virtual void transferring(std::string_view /*target*/, std::string_view /*summary*/) {}
};

// A request to a vendor, or an exchange with it, as it ended: for the call file, the log and the metrics.
struct VendorRecord {
    std::string role, vendor, request_id, outcome, reason;          // role: stt, llm, tts, realtime; outcome: ok, cancelled, or a failure's name
    std::chrono::milliseconds began{0}, first_byte{-1}, lasted{0};  // `began` after the call's start; first_byte -1: none came
    std::uint32_t attempt = 1, input_tokens = 0, output_tokens = 0, characters = 0;
    bool backup = false, hedge = false, speculative = false, reused_connection = false;
    // Of an exchange that lasts as long as the call: whether it goes on, and how much of what stands above was told while it did.
    bool under_way = false;
    std::uint32_t told_input_tokens = 0, told_output_tokens = 0;
    std::chrono::milliseconds told{0};
};

// Where the sessions of a call tell what happened besides the conversation itself.
struct VendorSink {
    virtual ~VendorSink() = default;
    virtual void on_vendor(const VendorRecord& record) = 0;
    // What an exchange that goes on has used since the last time (`under_way`), for whoever counts; its record at its end has the whole, and how much of it was
    // told.
    virtual void on_used(const VendorRecord& /*more*/) {}
    virtual void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) = 0;
    // Something worth an entry in the call's record: {"event":…,…} (Fact::event).
    virtual void on_event(std::string_view /*json*/) {}
};

// The call, as its sessions reach it.
struct CallPorts {
    SttSink& stt;
    LmSink& lm;
    TtsSink& tts;
    VendorSink& vendor;
    boost::asio::any_io_executor executor;            // the call's worker
    net::HttpClient* http = nullptr;                  // that worker's
    std::function<void(std::function<void()>)> post;  // runs a function there; from any thread
    Actions* actions = nullptr;                       // none: it can only talk
};

// The same for a conversation without sound.
struct TalkPorts {
    VendorSink& vendor;
    boost::asio::any_io_executor executor;  // one thread
    net::HttpClient* http = nullptr;        // that thread's
    Actions* actions = nullptr;
};
struct TextPorts {
    LmSink& lm;
    VendorSink& vendor;
    boost::asio::any_io_executor executor;
    net::HttpClient* http = nullptr;
    std::function<void(std::function<void()>)> post;
    Actions* actions = nullptr;
};

// The dialogue of one talk, without recogniser and voice.
class TextBrain {
public:
    virtual ~TextBrain() = default;
    virtual void tick(TimePoint /*now*/) {}
    [[nodiscard]] virtual LmSession& lm() = 0;
    virtual net::Task<> close() = 0;  // as Brain::close
};

// The recogniser alone, for a call that is only listened to.
class Ear {
public:
    virtual ~Ear() = default;
    virtual void tick(TimePoint /*now*/) {}  // every 20 ms
    [[nodiscard]] virtual SttSession& stt() = 0;
    virtual net::Task<> close() = 0;  // as Brain::close
};
struct EarPorts {
    SttSink& stt;
    VendorSink& vendor;
    boost::asio::any_io_executor executor;
    net::HttpClient* http = nullptr;
    std::function<void(std::function<void()>)> post;
};

// One call's recogniser, dialogue and voice.
class Brain {
public:
    virtual ~Brain() = default;
    virtual void tick(TimePoint /*now*/) {}  // every 20 ms: watches what is owed
    [[nodiscard]] virtual SttSession& stt() = 0;
    [[nodiscard]] virtual LmSession& lm() = 0;
    [[nodiscard]] virtual TtsSession& tts() = 0;
    // It hears and speaks that language from the next utterance and the next piece on; false: nothing is configured for it, and all stays as it is.
    [[nodiscard]] virtual bool speak(std::string_view /*language*/) { return false; }
    // Ends whatever is under way and joins it, within 1 s. No call-back after the call.
    virtual net::Task<> close() = 0;
};

// Makes one call's sessions. One factory an agent, shared by all workers; its methods are thread-safe.
class PipelineFactory {
public:
    virtual ~PipelineFactory() = default;
    virtual std::unique_ptr<Brain> open(const CallFacts& facts, const CallPorts& ports) = 0;
    // It decides by itself when to answer what it hears (speech-to-speech): whoever is not to be answered yet is kept from it.
    [[nodiscard]] virtual bool hears_itself() const { return false; }
    // Does LmSession::advise of its sessions do anything?
    [[nodiscard]] virtual bool takes_advice() const { return false; }
    // Its dialogue alone, for what is text already; null: this brain cannot do without sound (speech-to-speech without a model for text).
    virtual std::unique_ptr<TextBrain> open_text(const CallFacts& /*facts*/, const TextPorts& /*ports*/) { return nullptr; }
    // Its recogniser alone; null: it has none of its own (speech-to-speech).
    virtual std::unique_ptr<Ear> open_ear(const CallFacts& /*facts*/, const EarPorts& /*ports*/) { return nullptr; }
};

}  // namespace parley::brain
