#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/call/pipeline_call.hpp"
#include "parley/net/websocket.hpp"
#include "parley/twilio/relay_codec.hpp"

namespace parley::call {

// One call answered over ConversationRelay: Twilio listens and speaks, the agent's brain talks as text (brain::TextTalk). Lives on one worker.
//
// Messages are handled strictly in the order they come. The brain's pieces are sent as they come and a talk cycle is closed exactly once. An
// interruption stops the sending at once and leaves in the brain's memory only what was heard; the prompt behind it is the next turn. Fillers,
// reminders to a silent caller, apology, time limit: conversation::Settings, as for a spoken call. A call ends by `end` once its last words were heard,
// with handoffData {"reasonCode","reason","target"} (twilio::Handoff).
class ConversationRelayCall {
public:
    struct Parties {
        std::string from, to;
        bool resumed = false;  // the call was with this agent before: Twilio did not welcome it
    };
    ConversationRelayCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, net::WebSocket& socket, twilio::RelaySetup setup,
                          Parties parties, brain::TalkMemory before);
    ~ConversationRelayCall();
    ConversationRelayCall(const ConversationRelayCall&) = delete;
    ConversationRelayCall& operator=(const ConversationRelayCall&) = delete;

    // `over` is told before Twilio is asked to end: its action request comes at once. Throws when the agent's brain does not answer text.
    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over);
    void command(const OperatorCommand& wanted);  // on the worker
    // Plays a sound file at that URL to the caller behind what is being said. False: no room, or the URL is none of https.
    bool play(std::string_view url);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::call
