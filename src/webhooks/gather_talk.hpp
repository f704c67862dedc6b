#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "parley/brain/text_talk.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/call/operator_command.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/net/worker.hpp"
#include "parley/twilio/twiml.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

// What a request brought.
struct GatherInput {
    unsigned turn = 0;  // of the question this answers; 0 is before the first
    unsigned wait = 0;  // how often its answer was asked for since
    std::string digits, speech;
    double confidence = 1;
};

// One gathered talk. Everything runs on its worker.
class GatherTalk : public std::enable_shared_from_this<GatherTalk>, public brain::VendorSink {
public:
    struct Begin {
        TwilioWebhooks& routes;
        call::CallServices& calls;
        call::CallWorker& worker;
        std::shared_ptr<const call::Agent> agent;
        flows::Position position;
        brain::CallFacts facts;
        std::chrono::milliseconds answer_within{4000};
        std::chrono::milliseconds grace{30'000};  // beyond what is said and listened to, until a caller counts as gone
        std::uint32_t ended = 0;                  // how often the call had ended before this talk
    };
    // Throws std::runtime_error when the brain cannot answer text.
    GatherTalk(Begin begin, brain::TalkMemory before);
    ~GatherTalk() override;

    // Keeps it alive, watches its age, ends it in the end.
    net::Task<> live();
    // The TwiML; the same for the same turn and wait, however often it is asked for.
    net::Task<std::string> step(GatherInput input);
    void command(const call::OperatorCommand& wanted);
    void end(conversation::EndReason reason, std::string target = {});
    // How long a caller may be silent behind words of this size: Twilio's voice takes its time, then it listens.
    [[nodiscard]] static std::chrono::milliseconds idle_after(std::size_t said, std::chrono::seconds listening, std::chrono::milliseconds grace);
    [[nodiscard]] bool over() const { return over_; }
    // Where the last document of a talk is kept for whoever asks again.
    [[nodiscard]] static std::string key_of(std::string_view call_sid, std::string_view talk, unsigned turn, unsigned wait);
    [[nodiscard]] boost::asio::any_io_executor executor() const { return b_.worker.loop.executor(); }

private:
    net::Task<> run(GatherInput input, bool greeting);
    std::string spoken(unsigned turn);                // what the finished turn becomes
    std::string silent();                             // nothing was heard
    std::string by_person(const GatherInput& input);  // a turn without the brain
    void take_over(bool on);
    std::string question(std::string_view say);  // says it and listens; before it, once, that the time is nearly over
    std::string not_yet(unsigned turn, unsigned wait);
    std::string last_words(std::string_view say, bool to_tail);
    void keep_turn(std::string_view who, std::string_view text);
    [[nodiscard]] std::string here(unsigned turn, unsigned wait) const;
    [[nodiscard]] flows::SayVoice voice() const;
    void on_event(std::string_view json) override;
    void on_vendor(const brain::VendorRecord& record) override;
    void on_used(const brain::VendorRecord& more) override;
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) override;

    Begin b_;
    Duration longest_ = std::min<Duration>(b_.agent->max_duration, b_.agent->conversation.max_duration);  // operators shorten it
    bool warned_ = false;                                                                                 // that it is nearly over
    std::string id_;  // tells this talk's requests from those of an earlier one of the same call
    CallLog log_;
    std::unique_ptr<brain::Actions> actions_;
    std::unique_ptr<brain::TextTalk> talk_;
    net::LoadTicket load_;
    TimePoint began_, touched_;
    std::size_t said_ = 0;  // bytes of the last document's words
    unsigned turn_ = 0;     // the question that is open, or being answered
    bool running_ = false;
    std::optional<brain::TextTurn> done_;
    std::map<std::pair<unsigned, unsigned>, std::string> given_;
    std::optional<unsigned> taken_;  // the turn whose input is being worked on
    std::size_t asked_before_ = 0;   // bytes of the turn's words that were said to a person
    unsigned empty_ = 0, failures_ = 0, turns_ = 0;
    std::deque<std::string> wanted_;  // an operator's words
    bool taken_over_ = false;         // a person speaks for the agent
    std::string unanswered_;          // what the caller has said to that one, since it spoke last
    std::string keys_;
    std::atomic<bool> over_{false};  // read by other workers
};

}  // namespace parley::webhooks
