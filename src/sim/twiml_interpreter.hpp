#pragma once

#include <optional>

#include "carrier_call.hpp"
#include "parley/sim/twiml_document.hpp"

namespace parley::sim {

// Executes documents one after another until the call has nothing left to do: the document flow of one call.
class TwimlInterpreter {
public:
    explicit TwimlInterpreter(CarrierCall& call) : call_(call) {}
    Task<> run(Target first);

private:
    // What to do after a verb. No target: the next verb; with `hangup`: the end.
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
    Task<Next> enqueue(const TwimlElement& element, const Loaded& loaded);
    Task<Next> connect(const TwimlElement& element, const Loaded& loaded);
    void start(const TwimlElement& element, const Loaded& loaded);
    void stop(const TwimlElement& element);
    StreamSession* begin_stream(const TwimlElement& noun, const Loaded& loaded, bool bidirectional);

    // The target of an `action`-like attribute; nothing when there is none or it is not usable (noted).
    [[nodiscard]] std::optional<Target> action_of(const TwimlElement& element, const Loaded& loaded,
                                                  bool default_to_document, Form extra);
    // Absolute URL of an attribute; empty when missing or not resolvable (noted).
    [[nodiscard]] std::string url_of(const TwimlElement& element, std::string_view attribute, const Loaded& loaded);
    // With a caller who has gone the action is still requested; nobody executes the answer.
    Task<Next> after_hangup(std::optional<Target> action);

    CarrierCall& call_;
    Target fallback_;
    int documents_ = 0;
    bool sounded_ = false;  // any verb has been executed yet (Reject and Pause ask)
};

[[nodiscard]] int integer_of(const TwimlElement& element, std::string_view attribute, int otherwise, int low, int high);

}  // namespace parley::sim
