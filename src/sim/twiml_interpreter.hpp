#pragma once

#include <optional>

#include "carrier_call.hpp"
#include "conference.hpp"
#include "parley/sim/twiml_document.hpp"

namespace parley::sim {

// What somebody hears who waits: one document again and again, until it is stopped. Shared by who waits and by the child that plays.
struct Waiting {
    std::optional<std::string> url;  // nothing: the carrier's tune; empty: silence
    std::string method = "POST";
    std::function<Form()> parameters;  // added to each request
    bool queue = false;                // Leave, Gather and Hangup are allowed as well
    bool stop = false;                 // set by who waits
    bool done = false, left = false, hangup = false;
};

// Executes documents one after another until the call has nothing left to do: the document flow of one call.
class TwimlInterpreter {
public:
    explicit TwimlInterpreter(CarrierCall& call) : call_(call) {}
    Task<> run(Target first);
    // The flow of a leg that a <Dial> made: its `url` document, then the bridge, until one of the two ends or redirects it.
    Task<> be_dialled(std::shared_ptr<DialAttempt> attempt);
    // The flow of a participant created over REST.
    Task<> participate(ConferenceEntry entry);

private:
    // What to do after a verb. No target: the next verb; with `hangup`: the end.
    // Whose document is executed: the call's own; the one of a dialled leg before it is bridged; the one of a caller just taken out of a
    // queue. The latter two end without ending the call, and an update ends the last one.
    enum class Mode : std::uint8_t { own, leg, member };
    struct Next {
        std::optional<Target> target;
        bool hangup = false;
    };
    struct Loaded {
        TwimlDocument document;
        std::string base;  // for relative references; empty for inline documents
        std::string method;
        Pcm8k sound;  // a sound file was answered instead of a document
    };

    // Fetching (interpreter_fetch.cpp). Nothing: the failure has been noted, and the fallback failed as well.
    Task<std::optional<Loaded>> load(Target target);
    Task<std::optional<Loaded>> load_once(Target target, int& error);
    [[nodiscard]] bool understand(const WebhookReply& reply, Loaded& out, int& error);
    Task<> apologise();

    // Verbs
    Task<Next> execute(const Loaded& loaded);
    Task<Next> verb(const TwimlElement& element, const Loaded& loaded, bool first);
    Task<> say(const TwimlElement& element);
    Task<> play(const TwimlElement& element, const Loaded& loaded);
    Task<> pause(const TwimlElement& element, bool first);
    Task<bool> prompt(const TwimlElement& element, const Loaded& loaded);
    Task<> play_out(Pcm8k pcm, int loops);
    Task<Next> gather(const TwimlElement& element, const Loaded& loaded);
    Task<Next> record(const TwimlElement& element, const Loaded& loaded);
    Task<Next> dial(const TwimlElement& element, const Loaded& loaded);
    Task<Next> dial_pretended(const TwimlElement& element, const Loaded& loaded);
    Task<Next> dial_parties(const TwimlElement& element, const Loaded& loaded);
    Task<Next> dial_conference(const TwimlElement& element, const TwimlElement& noun, const Loaded& loaded);
    Task<Next> dial_queue(const TwimlElement& element, const TwimlElement& noun, const Loaded& loaded);
    Task<Next> enqueue(const TwimlElement& element, const Loaded& loaded);

    // Parts of them
    struct Party;
    [[nodiscard]] std::vector<Party> parties_of(const TwimlElement& element);
    [[nodiscard]] std::string place_leg(const Party& party, const TwimlElement& element, const Loaded& loaded, const std::shared_ptr<DialAttempt>& attempt);
    // Until the winner leaves, the time is up, or `star` and the caller presses it. Releases the attempt.
    Task<> bridge(std::shared_ptr<DialAttempt> attempt, bool star, int seconds);
    Task<> in_conference(ConferenceEntry entry, bool star, int seconds);
    [[nodiscard]] RecordingPlan recording_plan(const TwimlElement& element, const Loaded& loaded, bool trims);
    void start_recording(const TwimlElement& element, const Loaded& loaded);

    // Waiting (interpreter_waiting.cpp)
    void begin_waiting(const std::shared_ptr<Waiting>& waiting);
    Task<> end_waiting(std::shared_ptr<Waiting> waiting);
    Task<> wait_in(std::shared_ptr<Waiting> waiting);
    [[nodiscard]] bool halted() const { return call_.interrupted() || (waiting_ != nullptr && waiting_->stop); }
    Task<Next> connect(const TwimlElement& element, const Loaded& loaded);
    void start(const TwimlElement& element, const Loaded& loaded);
    void stop(const TwimlElement& element);
    StreamSession* begin_stream(const TwimlElement& noun, const Loaded& loaded, bool bidirectional);

    // The target of an `action`-like attribute; nothing when there is none or it is not usable (noted).
    [[nodiscard]] std::optional<Target> action_of(const TwimlElement& element, const Loaded& loaded, bool default_to_document, Form extra);
    // Absolute URL of an attribute; empty when missing or not resolvable (noted).
    [[nodiscard]] std::string url_of(const TwimlElement& element, std::string_view attribute, const Loaded& loaded);
    // With a caller who has gone the action is still requested; nobody executes the answer.
    Task<Next> after_hangup(std::optional<Target> action);

    CarrierCall& call_;
    Target fallback_;
    Mode mode_ = Mode::own;
    std::shared_ptr<Waiting> waiting_;  // set in the interpreter of the child that plays
    int documents_ = 0;
    bool sounded_ = false;  // any verb has been executed yet (Reject and Pause ask)
};

[[nodiscard]] int integer_of(const TwimlElement& element, std::string_view attribute, int otherwise, int low, int high);

}  // namespace parley::sim
