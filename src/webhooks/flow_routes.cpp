#include "parley/webhooks/flow_routes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "flow_twiml.hpp"
#include "gather_talks.hpp"
#include "parley/call/call_fact.hpp"
#include "parley/webhooks/relay_routes.hpp"

namespace parley::webhooks {

using flows::AnswerMode;
using flows::Destination;
using Kind = flows::AnswerMode::Kind;
using twilio::TwimlResponse;

namespace {

bool talks(Kind kind) {
    return kind == Kind::stream || kind == Kind::relay || kind == Kind::gather;
}

}  // namespace

FlowRoutes::FlowRoutes(FlowServices services)
    : s_(std::move(services)), talks_(std::make_shared<GatherTalks>(GatherTalks::Services{s_.routes, s_.calls, s_.worker, s_.answer_within, s_.gather_grace})) {
    if (!s_.now) s_.now = [] { return std::chrono::floor<std::chrono::seconds>(WallClock::now()); };
    auto& routes = s_.routes;
    const auto at_once = [](auto answer) { return [answer](const Asked& asked) -> net::Task<Answer> { co_return answer(asked); }; };
    routes.route("menu", Subject::call, [this](const Asked& asked) { return menu(asked); });
    routes.route("dialed", Subject::call, [this](const Asked& asked) { return dialed(asked); });
    routes.route("whisper", Subject::call, at_once([this](const Asked& asked) { return whisper(asked); }));
    routes.route("recorded", Subject::call, at_once([this](const Asked& asked) { return recorded(asked); }));
    routes.route("answer", Subject::call, [this](const Asked& asked) -> net::Task<Answer> {
        const auto position = position_in(asked);
        auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
        if (!agent || asked.form.get("CallStatus") == "completed") co_return hang_up_answer();
        auto answer = co_await answer_at(agent, *position, asked);
        co_return answer;
    });
    routes.route("gather", Subject::call, [this](const Asked& asked) { return talks_->proceed(asked); });
    routes.answer_with([this](const AgentPtr& agent, const Asked& asked) { return begin(agent, asked); });
    routes.fall_back_with([this](const AgentPtr& agent, const Asked& asked, std::string_view why) { return after_failure(agent, asked, why); });
    using To = Destination::Kind;
    for (const auto kind : {To::number, To::sip, To::client, To::conference})
        routes.destination(kind, [this](const Destination& to, const AgentPtr& agent, const Asked& asked) -> net::Task<Answer> {
            needs_no_place(asked);
            if (!agent) co_return hang_up_answer();
            co_return transfer(to, *agent, asked);
        });
    routes.destination(To::agent, [this](const Destination& to, const AgentPtr&, const Asked& asked) -> net::Task<Answer> {
        const auto before = position_in(asked);
        auto other = s_.routes.services().by_name(to.value);
        if (!other || (before && before->hops >= flows::kMaxHops)) co_return hang_up_answer();
        auto answer = co_await begin(other, asked, before ? before->hops + 1 : 1);
        co_return answer;
    });
    routes.destination(To::menu, [this](const Destination& to, const AgentPtr& agent, const Asked& asked) -> net::Task<Answer> {
        if (!agent) co_return hang_up_answer();
        auto step = flows::enter_menu(*flow_of(*agent).menus, to.value);
        if (!step) co_return end_of_list(*agent);
        auto position = position_or_start(asked, *agent);
        auto answer = co_await menu_step(agent, std::move(position), std::move(*step), asked);
        co_return answer;
    });
    routes.destination(To::voicemail, [this](const Destination&, const AgentPtr& agent, const Asked& asked) -> net::Task<Answer> {
        if (!agent || !agent->voicemail) co_return agent ? end_of_list(*agent) : hang_up_answer();
        needs_no_place(asked);
        const auto position = position_or_start(asked, *agent);
        co_return voicemail_answer(s_.routes, *agent, position, 0);
    });
    mode(Kind::gather, [this](const AgentPtr& agent, const flows::Position& position, const Asked& asked) { return talks_->begin(agent, position, asked); });
}

FlowRoutes::~FlowRoutes() = default;
std::size_t FlowRoutes::open_steps() const {
    return talks_->open_steps();
}

void FlowRoutes::mode(Kind kind, Mode how) {
    modes_.insert_or_assign(kind, std::move(how));
}

const flows::AgentFlow& FlowRoutes::flow_of(const call::Agent& agent) {
    return webhooks::flow_of(agent);
}
std::optional<flows::Position> FlowRoutes::position_in(const Asked& asked) {
    return flows::position_of([&](std::string_view name) { return asked.query.get(name); });
}
flows::Position FlowRoutes::position_or_start(const Asked& asked, const call::Agent& agent) {
    auto position = position_in(asked);
    if (position && position->agent == agent.name) return std::move(*position);
    return TwilioWebhooks::start_of(agent);
}

void FlowRoutes::needs_no_place(const Asked& asked) const {
    s_.routes.give_place_back(asked.call_sid);
}

net::Task<FlowRoutes::Place> FlowRoutes::place_for(const AnswerMode& mode, AgentPtr agent, const Asked& asked) const {
    const auto& services = s_.routes.services();
    Place place;
    if (!talks(mode.kind) && mode.kind != Kind::menu) co_return place;
    if (mode.kind != Kind::menu && !services.registry.readmit(asked.call_sid, Clock::now())) {
        services.log.warn("answer.failed", "There is no place for an answer; the next one is taken.",
                          {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"answer", mode.text()}, {"reason", "capacity"}});
        place.room = Room::full;
        co_return place;
    }
    auto away = co_await s_.routes.take_place(agent, asked, mode.kind == Kind::menu ? TwilioWebhooks::Stay::menu : TwilioWebhooks::Stay::talk);
    if (!away) co_return place;
    place.room = Room::elsewhere;
    // What was answered already can neither be refused nor hear nothing.
    place.instead = away->answer.body.empty() ? no_answer(*agent, asked, true) : std::move(away->answer);
    co_return place;
}

Answer FlowRoutes::no_answer(const call::Agent& agent, const Asked& asked, bool full) const {
    needs_no_place(asked);
    if (!full) return end_of_list(agent);
    const auto& services = s_.routes.services();
    const bool outbound = asked.form.get("Direction") == "outbound-api";
    services.metrics.calls_rejected.at(outbound ? "out" : "in", "capacity").add();
    services.log.info("call.rejected", "A call was turned away.", {{"call_sid", asked.call_sid}, {"reason", "capacity"}, {"agent", agent.name}});
    // What was answered already cannot be refused any more.
    const auto how = s_.routes.settings().overflow;
    const bool refusal = how == Overflow::busy || how == Overflow::reject;
    if (!agent.fallback_number.empty() || (refusal && asked.form.get("CallStatus") != "ringing")) return end_of_list(agent);
    return s_.routes.overflow();
}

net::Task<Answer> FlowRoutes::begin(AgentPtr agent, const Asked& asked, unsigned hops) {
    const auto& flow = flow_of(*agent);
    auto position = TwilioWebhooks::start_of(*agent);
    position.hops = hops;
    // Whoever is called by us is called on purpose, at whatever hour.
    const bool outbound = asked.form.get("Direction") == "outbound-api";
    position.closed = !outbound && flow.closed_at(s_.now());
    const auto& list = flow.answers(position.closed);
    if (auto* records = s_.routes.services().records; records != nullptr) {
        const auto answer = list.empty() ? std::string("none") : list.front().text();
        records->add(asked.call_sid, store::Fact::call,
                     call::call_fact({.agent = agent.get(),
                                      .from = asked.form.get("From"),
                                      .to = asked.form.get("To"),
                                      .account = asked.form.get("AccountSid"),
                                      .outbound = outbound,
                                      .answer = answer,
                                      .closed = position.closed}));
    }
    const bool rejects = !list.empty() && list.front().kind == Kind::reject;
    if (position.closed && !flow.closed_text.empty() && !rejects) {
        // The words go before whatever the closed answer's document is; that is fetched behind them.
        s_.routes.services().log.info("hours.closed", "A call comes outside the hours.", {{"call_sid", asked.call_sid}, {"agent", agent->name}});
        TwimlResponse response;
        add_say(response, flow.say, flow.closed_text);
        if (list.empty() || list.front().kind == Kind::hangup) {
            needs_no_place(asked);
            response.hangup();
        } else {
            response.redirect({.url = s_.routes.url("/webhooks/twilio/answer?" + flows::query_of(position)), .method = "POST"});
        }
        co_return twiml_answer(response);
    }
    auto answer = co_await answer_at(agent, position, asked);
    co_return answer;
}

net::Task<Answer> FlowRoutes::answer_at(AgentPtr agent, flows::Position position, const Asked& asked) {
    const auto& list = flow_of(*agent).answers(position.closed);
    bool full = false;
    for (; position.at < list.size(); ++position.at) {
        const auto& mode = list[position.at];
        auto place = co_await place_for(mode, agent, asked);
        if (place.room == Room::elsewhere) co_return std::move(place.instead);
        if (place.room == Room::full) {
            full = true;
            continue;
        }
        auto answer = co_await try_mode(agent, position, mode, asked);
        if (answer) co_return std::move(*answer);
        s_.routes.services().log.warn("answer.failed", "An answer could not be given; the next one is taken.",
                                      {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"answer", mode.text()}});
    }
    co_return no_answer(*agent, asked, full);
}

net::Task<Answer> FlowRoutes::come_back(AgentPtr agent, const Asked& asked) {
    const auto& flow = flow_of(*agent);
    const auto start = position_or_start(asked, *agent);
    // Its own answer, those behind it, those before it; then what the agent has at other hours.
    std::vector<flows::Position> places;
    const auto add = [&](bool closed, std::size_t from, std::size_t to) {
        const auto& list = flow.answers(closed);
        for (; from < std::min(to, list.size()); ++from) {
            auto place = start;
            place.closed = closed;
            place.at = static_cast<unsigned>(from);
            if (talks(list[from].kind)) places.push_back(std::move(place));
        }
    };
    add(start.closed, start.at, flows::kMaxAnswers);
    add(start.closed, 0, start.at);
    add(!start.closed, 0, flows::kMaxAnswers);
    bool full = false;
    for (auto& place : places) {
        const auto& mode = flow.answers(place.closed)[place.at];
        auto room = co_await place_for(mode, agent, asked);
        if (room.room == Room::elsewhere) co_return std::move(room.instead);
        if (room.room == Room::full) {
            full = true;
            continue;
        }
        auto answer = co_await try_mode(agent, place, mode, asked);
        if (answer) co_return std::move(*answer);
        s_.routes.services().log.warn("answer.failed", "An answer could not be given; the next one is taken.",
                                      {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"answer", mode.text()}});
    }
    co_return no_answer(*agent, asked, full);
}

net::Task<std::optional<Answer>> FlowRoutes::after_failure(AgentPtr agent, const Asked& asked, std::string_view why) {
    auto position = position_or_start(asked, *agent);
    const auto& list = flow_of(*agent).answers(position.closed);
    if (position.at + 1 >= list.size()) co_return std::nullopt;
    s_.routes.services().log.warn("answer.failed", "An answer failed; the next one is taken.",
                                  {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"answer", list[position.at].text()}, {"reason", why}});
    ++position.at;
    auto answer = co_await answer_at(agent, position, asked);
    co_return answer;
}

net::Task<Answer> FlowRoutes::relay_failed(AgentPtr agent, const Asked& asked) {
    auto next = co_await after_failure(agent, asked, "relay_failed");
    if (next) co_return std::move(*next);
    // A brain that failed has apologised already.
    const auto outcome = s_.routes.services().registry.outcome(asked.call_sid);
    const bool apologised = outcome && outcome->planned && outcome->reason == conversation::EndReason::brain_failed;
    if (apologised && agent->fallback_number.empty()) co_return hang_up_answer();
    co_return end_of_list(*agent);
}

net::Task<std::optional<Answer>> FlowRoutes::try_mode(AgentPtr agent, flows::Position position, const AnswerMode& mode, const Asked& asked) {
    const auto& flow = flow_of(*agent);
    if (const auto own = modes_.find(mode.kind); own != modes_.end()) {
        auto answer = co_await own->second(agent, position, asked);
        co_return answer;
    }
    switch (mode.kind) {
        case Kind::stream: {
            const auto before = s_.routes.services().registry.outcome(asked.call_sid);
            co_return s_.routes.open_stream(*agent, asked.form, asked.request, before && before->attached ? 1 : 0, position);
        }
        case Kind::menu: {
            auto step = flows::enter_menu(*flow.menus, mode.menu);
            if (!step) co_return std::nullopt;
            auto answer = co_await menu_step(agent, position, std::move(*step), asked);
            co_return answer;
        }
        case Kind::relay: {
            const auto before = s_.routes.services().registry.outcome(asked.call_sid);
            // The agent's name leads the place; the relay puts it there itself.
            const auto place = flows::query_of(position);
            const auto rest = place.find('&');
            co_return open_relay(s_.routes, *agent, asked, before && before->attached ? 1 : 0,
                                 rest == std::string::npos ? std::string_view{} : std::string_view(place).substr(rest + 1));
        }
        case Kind::gather:
            co_return std::nullopt;  // by its own mode only
        case Kind::listen: {
            auto answer = listen(*agent, position, asked);
            co_return answer;
        }
        case Kind::forward:
            needs_no_place(asked);
            co_return forward(*agent, position, 0);
        case Kind::voicemail:
            if (!agent->voicemail) co_return std::nullopt;
            needs_no_place(asked);
            co_return voicemail_answer(s_.routes, *agent, position, 0);
        case Kind::conference:
            needs_no_place(asked);
            co_return conference(*agent, position, flow.conference, asked);
        case Kind::sip:
            needs_no_place(asked);
            co_return sip(*agent, position);
        case Kind::reject:
            needs_no_place(asked);
            // A call that was answered already cannot be refused any more.
            if (asked.form.get("CallStatus") == "ringing") co_return twiml_answer(TwimlResponse().reject({.reason = flow.reject}));
            co_return hang_up_answer();
        case Kind::hangup:
            needs_no_place(asked);
            co_return hang_up_answer();
    }
    co_return std::nullopt;
}

Answer FlowRoutes::end_of_list(const call::Agent& agent) const {
    TwimlResponse response;
    if (!agent.fallback_number.empty()) {
        response.dial({.number = agent.fallback_number});
    } else {
        add_say(response, flow_of(agent).say, s_.routes.settings().sorry);
        response.hangup();
    }
    return twiml_answer(response);
}

}  // namespace parley::webhooks
