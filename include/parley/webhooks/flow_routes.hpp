#pragma once
// What an agent's number does besides opening a stream: the list of its answers by the hours, each falling back to the next, menus, forwarding, messages,
// and talks by <Gather>. Everything it has to know about a call travels in the URLs it gives to Twilio; only a gathered talk lives here.
//   POST /webhooks/twilio/answer     the answer at a place of the list, behind words spoken before it
//   POST /webhooks/twilio/menu       a menu's key or words
//   POST /webhooks/twilio/dialed     action behind a <Dial>: next target, next answer, back to the agent, or the end
//   POST /webhooks/twilio/whisper    what the one who answers a forwarded call hears first; of the child's CallSid
//   POST /webhooks/twilio/recorded   action behind a voicemail's <Record>
//   POST /webhooks/twilio/gather     a turn of a gathered talk

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/call/agent.hpp"
#include "parley/call/call_worker.hpp"
#include "parley/call/pipeline_call.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/flows/outcomes.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

class GatherTalks;

using AgentPtr = std::shared_ptr<const call::Agent>;

struct FlowServices {
    TwilioWebhooks& routes;
    call::CallServices& calls;
    std::function<call::CallWorker*()> worker;       // of the asking thread
    std::function<flows::Second()> now{};            // not set: the wall clock; decides about hours only
    std::chrono::milliseconds answer_within{4000};   // a gathered answer that takes longer is covered by words; Twilio itself gives up at 15 s
    std::chrono::milliseconds gather_grace{30'000};  // beyond what is said and listened to, until a gathered caller who does not come counts as gone
};

// Outlives the listeners. Thread-safe.
class FlowRoutes {
public:
    explicit FlowRoutes(FlowServices services);  // adds its routes and destinations
    ~FlowRoutes();
    FlowRoutes(const FlowRoutes&) = delete;
    FlowRoutes& operator=(const FlowRoutes&) = delete;

    // How a mode answers, in place of what is built in. Nothing: it cannot, the next answer of the list is taken. Before the first request only.
    using Mode = std::function<net::Task<std::optional<Answer>>(const AgentPtr& agent, const flows::Position& position, const Asked& asked)>;
    void mode(flows::AnswerMode::Kind kind, Mode how);

    // A call that comes to this agent: its hours decide which list, the first answer that can takes it.
    [[nodiscard]] net::Task<Answer> begin(AgentPtr agent, const Asked& asked, unsigned hops = 0);
    // The answer at this place, or the first behind it that can; at the end of the list the fallback number, or a goodbye.
    [[nodiscard]] net::Task<Answer> answer_at(AgentPtr agent, flows::Position position, const Asked& asked);
    // The answer at this place has failed: the one behind it. Nothing: there is none.
    [[nodiscard]] net::Task<std::optional<Answer>> after_failure(AgentPtr agent, const Asked& asked, std::string_view why);

    // A call that was away (in a queue, a room, with somebody else) returns to the agent: the talking answer it had, or the agent's first one, with what was
    // said before; never a menu, a forward or the hours again. The place is read from the query where it names this agent. Nobody to talk to: the fallback
    // number, or a goodbye.
    [[nodiscard]] net::Task<Answer> come_back(AgentPtr agent, const Asked& asked);

    // The same for a relay: at the end of the list the fallback number, or a goodbye.
    [[nodiscard]] net::Task<Answer> relay_failed(AgentPtr agent, const Asked& asked);

    // Gathered talks that live, to their very end on their workers, and requests that wait for one just now: a drain lets them go first.
    [[nodiscard]] std::size_t open_steps() const;

    // Parts for modes that live elsewhere.
    [[nodiscard]] static const flows::AgentFlow& flow_of(const call::Agent& agent);
    [[nodiscard]] static std::optional<flows::Position> position_in(const Asked& asked);
    [[nodiscard]] static flows::Position position_or_start(const Asked& asked, const call::Agent& agent);

private:
    net::Task<std::optional<Answer>> try_mode(AgentPtr agent, flows::Position position, const flows::AnswerMode& mode, const Asked& asked);
    Answer end_of_list(const call::Agent& agent) const;
    // Whether this answer can have the place it needs: with the instance, and with its agent. A call that was forwarded has given its own back, and one that
    // comes from another agent has that one's.
    enum class Room : std::uint8_t { yes, full, elsewhere };
    struct Place {
        Room room = Room::yes;
        Answer instead;  // elsewhere: what its agent's policy says
    };
    net::Task<Place> place_for(const flows::AnswerMode& mode, AgentPtr agent, const Asked& asked) const;
    // Nothing could be given, for want of a place or otherwise.
    Answer no_answer(const call::Agent& agent, const Asked& asked, bool full) const;
    // A place is for calls that need it.
    void needs_no_place(const Asked& asked) const;

    // flow_menu.cpp
    net::Task<Answer> menu(const Asked& asked);
    net::Task<Answer> menu_step(AgentPtr agent, flows::Position position, flows::MenuStep step, const Asked& asked);
    Answer menu_question(const call::Agent& agent, const flows::Position& position, const flows::MenuStep& step) const;
    // flow_forward.cpp
    net::Task<Answer> dialed(const Asked& asked);
    net::Task<Answer> dial_unreached(AgentPtr agent, flows::Position position, std::string via, std::string result, const Asked& asked);
    Answer whisper(const Asked& asked) const;
    Answer forward(const call::Agent& agent, const flows::Position& position, unsigned step) const;
    Answer transfer(const flows::Destination& to, const call::Agent& agent, const Asked& asked) const;
    Answer sip(const call::Agent& agent, const flows::Position& position) const;
    std::optional<Answer> listen(const call::Agent& agent, const flows::Position& position, const Asked& asked) const;
    Answer conference(const call::Agent& agent, const flows::Position& position, const flows::ConferenceSettings& room, const Asked& asked) const;
    void keep_transfer(const Asked& asked, std::string_view mode, std::string_view to, std::string_view result) const;
    // flow_voicemail.cpp
    Answer recorded(const Asked& asked) const;

    FlowServices s_;
    std::map<flows::AnswerMode::Kind, Mode> modes_;
    std::shared_ptr<GatherTalks> talks_;
};

}  // namespace parley::webhooks
