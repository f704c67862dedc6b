#pragma once
// A call before its conversation: the sound its caller hears, the preparation meanwhile, and what the caller says and presses. On the call's worker.

#include <memory>
#include <string>
#include <vector>

#include "parley/call/pipeline_call.hpp"
#include "parley/hold/hold_player.hpp"
#include "parley/hold/hold_settings.hpp"
#include "parley/net/nursery.hpp"

namespace parley::call {

class CallHold {
public:
    // Null: this call's conversation begins at once.
    static std::unique_ptr<CallHold> make(CallServices& services, CallWorker& worker, const std::shared_ptr<const Agent>& agent, const brain::CallFacts& facts,
                                          brain::Actions* actions);
    CallHold(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, HoldOffer offer);
    CallHold(const CallHold&) = delete;
    CallHold& operator=(const CallHold&) = delete;

    [[nodiscard]] hold::HoldPlayer& player() { return player_; }
    // Every 20 ms, `now` since the call's start. True from when the conversation may begin.
    [[nodiscard]] bool over(Instant now);

    // Recognition during the hold has numbers of its own, which no conversation reaches.
    [[nodiscard]] static bool mine(conversation::UtteranceId utterance) { return utterance >= kFirstUtterance; }
    void caller_started(brain::SttSession& stt);
    void caller_stopped(brain::SttSession& stt);
    void partial(conversation::UtteranceId utterance, std::string_view text);
    // True: it is worth keeping.
    bool understood(conversation::UtteranceId utterance, std::string_view text);
    void pressed(char key);

    struct Meanwhile {
        brain::Prepared found;
        std::vector<std::string> said;  // what the conversation is to know of what the caller did, oldest first
        std::string keys;
        bool refused = false;  // the agent cannot do without what was not found
    };
    // The end of it, whatever has come about. Once.
    [[nodiscard]] Meanwhile leave(brain::SttSession& stt);
    // For the record: an object's text.
    [[nodiscard]] static std::string fact(const hold::HoldSettings& settings, const brain::Prepared& found, Instant lasted);
    [[nodiscard]] static std::string_view outcome(const brain::Prepared& found);
    [[nodiscard]] static std::string_view name_of(hold::Strategy strategy);

    [[nodiscard]] bool prepares() const { return prepares_; }
    net::Task<> close();  // before destruction: the preparation has ended when it returns

private:
    static constexpr conversation::UtteranceId kFirstUtterance = 1U << 30U;
    void prepare(const brain::CallFacts& facts, brain::Actions* actions);
    static net::Task<> find_out(CallHold& self, std::function<net::Task<brain::Prepared>()> how);

    CallServices& services_;
    CallWorker& worker_;
    std::shared_ptr<const Agent> agent_;
    const hold::HoldSettings& settings_;
    bool prepares_;
    Instant least_;  // silence keeps nobody waiting
    hold::HoldPlayer player_;
    net::Nursery preparing_;
    brain::Prepared found_;
    bool prepared_ = false, concluding_ = false;
    conversation::UtteranceId utterance_ = 0, last_ = kFirstUtterance;
    std::string partial_, keys_;
    std::vector<std::string> said_;
};

}  // namespace parley::call
