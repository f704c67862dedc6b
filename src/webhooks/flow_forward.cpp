// Calls that go to somebody else: forwarded, transferred, to a telephone system, into a room; and what follows when nobody was there.

#include <nlohmann/json.hpp>

#include "flow_twiml.hpp"
#include "parley/webhooks/flow_routes.hpp"

namespace parley::webhooks {

namespace twiml = twilio::twiml;
using flows::Destination;
using Kind = flows::Destination::Kind;
using twilio::TwimlResponse;

namespace {

template <class Noun>
void whisper_at(Noun& noun, const std::string& url) {
    if (!url.empty()) noun.url = url;
}

twiml::DialNoun noun_of(const Destination& to, const std::string& whisper) {
    switch (to.kind) {
        case Kind::sip: {
            twiml::Sip sip{.uri = to.value};
            whisper_at(sip, whisper);
            return sip;
        }
        case Kind::client: {
            twiml::Client client{.identity = to.value};
            whisper_at(client, whisper);
            return client;
        }
        default: {
            twiml::Number number{.number = to.value};
            whisper_at(number, whisper);
            return number;
        }
    }
}

twiml::Conference room_of(const flows::ConferenceSettings& s, std::string name, const TwilioWebhooks& routes) {
    twiml::Conference room;
    room.name = std::move(name);
    room.start_conference_on_enter = s.start_on_enter;
    room.end_conference_on_exit = s.end_on_exit;
    room.muted = s.muted;
    room.beep = s.beep;
    if (s.wait == "silence")
        room.wait_url = "";
    else if (s.wait != "music")
        room.wait_url = s.wait;
    room.max_participants = s.max_participants;
    if (s.record) {
        room.record = "record-from-start";
        room.recording_status_callback.url = routes.url("/webhooks/twilio/recording");
    }
    return room;
}

void record_dial(twiml::Dial& dial, const TwilioWebhooks& routes) {
    dial.record = "record-from-answer-dual";
    dial.recording_status_callback.url = routes.url("/webhooks/twilio/recording");
    dial.recording_status_callback.event = "completed absent";
}

std::string dialed_url(const TwilioWebhooks& routes, const flows::Position& position, const std::string& rest) {
    return routes.url("/webhooks/twilio/dialed?" + flows::query_of(position) + rest);
}

}  // namespace

Answer FlowRoutes::forward(const call::Agent& agent, const flows::Position& position, unsigned step) const {
    const auto& settings = flow_of(agent).forward;
    const auto plan = flows::forward_plan(settings, step);
    twiml::Dial dial;
    dial.action = dialed_url(s_.routes, position, "&via=forward&step=" + std::to_string(step));
    dial.timeout = settings.timeout.count();
    dial.time_limit = agent.max_duration.count();
    dial.answer_on_bridge = true;
    if (!settings.caller_id.empty()) dial.caller_id = settings.caller_id;
    if (settings.record) record_dial(dial, s_.routes);
    const auto whisper = settings.whisper.empty() && !settings.confirm ? std::string{} : s_.routes.url("/webhooks/twilio/whisper?" + flows::query_of(position));
    for (const auto& to : plan.ring) dial.nouns.push_back(noun_of(to, whisper));
    return twiml_answer(TwimlResponse().dial(dial));
}

Answer FlowRoutes::transfer(const Destination& to, const call::Agent& agent, const Asked& asked) const {
    const auto position = position_or_start(asked, agent);
    if (to.kind == Kind::conference) {
        auto room = flow_of(agent).conference;
        room.room = to.value;
        return conference(agent, position, room, asked);
    }
    twiml::Dial dial;
    dial.action = dialed_url(s_.routes, position, "&via=transfer&to=" + twilio::encode_component(to.text()));
    dial.time_limit = agent.max_duration.count();
    dial.nouns.push_back(noun_of(to, {}));
    return twiml_answer(TwimlResponse().dial(dial));
}

Answer FlowRoutes::sip(const call::Agent& agent, const flows::Position& position) const {
    const auto& settings = flow_of(agent).sip;
    twiml::Sip noun;
    noun.uri = settings.uri;
    if (!settings.username.empty()) noun.username = settings.username;
    if (!settings.password.empty()) noun.password = std::string(settings.password.reveal());
    for (const auto& [name, value] : settings.headers) noun.headers.push_back({.name = name, .value = value});
    twiml::Dial dial;
    dial.action = dialed_url(s_.routes, position, "&via=sip");
    dial.timeout = settings.timeout.count();
    dial.time_limit = agent.max_duration.count();
    dial.answer_on_bridge = true;
    dial.nouns.emplace_back(std::move(noun));
    return twiml_answer(TwimlResponse().dial(dial));
}

std::optional<Answer> FlowRoutes::listen(const call::Agent& agent, const flows::Position& position, const Asked& asked) const {
    const auto& settings = flow_of(agent).listen;
    if (!settings.to) return std::nullopt;
    auto stream = s_.routes.media_stream(agent, asked.form, asked.request, 0, TwilioWebhooks::kListenPath);
    if (!stream) return std::nullopt;
    stream->track = settings.tracks == "both" ? "both_tracks" : settings.tracks + "_track";
    twiml::Dial dial;
    dial.action = dialed_url(s_.routes, position, "&via=listen");
    dial.time_limit = agent.max_duration.count();
    dial.nouns.push_back(noun_of(*settings.to, {}));
    TwimlResponse response;
    response.start({.noun = std::move(*stream)});
    response.dial(dial);
    return twiml_answer(response);
}

Answer FlowRoutes::conference(const call::Agent& agent, const flows::Position& position, const flows::ConferenceSettings& room, const Asked& asked) const {
    twiml::Dial dial;
    dial.action = dialed_url(s_.routes, position, "&via=room");
    dial.time_limit = agent.max_duration.count();
    dial.nouns.emplace_back(room_of(room, flows::room_name(room.room, asked.call_sid, asked.form.get("From")), s_.routes));
    return twiml_answer(TwimlResponse().dial(dial));
}

Answer FlowRoutes::whisper(const Asked& asked) const {
    const auto position = position_in(asked);
    const auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
    // Without an agent there is nothing to say: the two are put through.
    TwimlResponse response;
    if (!agent) return twiml_answer(response.pause({.length = 0}));
    const auto& flow = flow_of(*agent);
    const auto& settings = flow.forward;
    if (!settings.confirm) {
        add_say(response, flow.say, settings.whisper);
        return twiml_answer(response);
    }
    if (asked.query.has("pressed")) {
        // Any key lets the caller in; an end without one declines.
        if (asked.form.get("Digits").empty())
            response.hangup();
        else
            response.pause({.length = 0});
        return twiml_answer(response);
    }
    twiml::Gather gather;
    gather.action = s_.routes.url("/webhooks/twilio/whisper?" + flows::query_of(*position) + "&pressed=1");
    gather.input = "dtmf";
    gather.num_digits = 1;
    gather.finish_on_key = "";
    gather.timeout = 8;
    add_say(gather.prompts, flow.say, settings.whisper.empty() ? "A call for you. Press any key to take it." : settings.whisper);
    response.gather(gather).hangup();
    return twiml_answer(response);
}

void FlowRoutes::keep_transfer(const Asked& asked, std::string_view mode, std::string_view to, std::string_view result) const {
    auto* records = s_.routes.services().records;
    if (records == nullptr) return;
    nlohmann::ordered_json fact{{"to", to}, {"mode", mode}, {"result", result}};
    if (const auto child = asked.form.get("DialCallSid"); !child.empty()) fact["call_sid"] = child;
    if (const auto duration = asked.form.get("DialCallDuration"); !duration.empty()) fact["duration"] = flows::number_of(duration, 1'000'000);
    records->add(asked.call_sid, store::Fact::transfer, fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

net::Task<Answer> FlowRoutes::dialed(const Asked& asked) {
    const auto& services = s_.routes.services();
    const auto position = position_in(asked);
    auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
    if (!agent) co_return hang_up_answer();
    // The same delivery twice is one transfer in the record and the same answer.
    const auto key = asked.call_sid + "/dialed/" + std::string(asked.form.get("DialCallSid")) + "/" + std::string(twilio::query_of(asked.request.target)) +
                     "/" + std::string(asked.request.idempotency_token);
    if (auto given = services.registry.answer_given(key)) co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
    const std::string via(asked.query.get("via"));
    const std::string status(asked.form.get("DialCallStatus").substr(0, 20));
    const auto what = flows::dialed(status, asked.form.get("DialBridged"));
    const auto& flow = flow_of(*agent);
    std::string to(asked.query.get("to"));
    const auto step = flows::number_of(asked.query.get("step"), 1000);
    if (via == "forward")
        for (const auto& target : flows::forward_plan(flow.forward, step).ring) to += (to.empty() ? "" : " ") + target.text();
    if (via == "sip") to = flow.sip.uri;
    if (via == "listen" && flow.listen.to) to = flow.listen.to->text();
    keep_transfer(asked, via == "transfer" ? "cold" : via, to, what == flows::Dialed::unreached && status == "completed" ? "declined" : status);
    services.log.info("dial.ended", "A dialled call is over.",
                      {{"call_sid", asked.call_sid},
                       {"agent", agent->name},
                       {"via", via},
                       {"status", status},
                       {"step", step},
                       {"dur_s", asked.form.get("DialCallDuration")}});
    Answer answer = hang_up_answer();
    const bool gone = asked.form.get("CallStatus") == "completed";
    if (what == flows::Dialed::unreached && !gone) {
        if (via == "forward" && !flows::forward_plan(flow.forward, step + 1).ring.empty())
            answer = forward(*agent, *position, step + 1);
        else
            answer = co_await dial_unreached(agent, *position, via, status, asked);
    }
    answer.body = services.registry.remember_answer(key, std::move(answer.body), Clock::now());
    co_return answer;
}

net::Task<Answer> FlowRoutes::dial_unreached(AgentPtr agent, flows::Position position, std::string via, std::string result, const Asked& asked) {
    const auto& flow = flow_of(*agent);
    const auto& list = flow.answers(position.closed);
    if (via == "forward" && flow.forward.no_answer) {
        auto to = *flow.forward.no_answer;
        auto answer = co_await s_.routes.send_to(std::move(to), agent, asked);
        co_return answer;
    }
    if (via == "transfer") {
        // Whoever was talking to the agent goes back to it, and it is told why; from a menu the next answer is taken.
        const auto mode = position.at < list.size() ? list[position.at].kind : flows::AnswerMode::Kind::stream;
        const auto before = s_.routes.services().registry.outcome(asked.call_sid);
        const bool talked = before && before->attached && before->agent == agent->name;
        const bool talks = mode == flows::AnswerMode::Kind::stream || mode == flows::AnswerMode::Kind::relay || mode == flows::AnswerMode::Kind::gather;
        if (talked && talks && agent->brain == call::BrainKind::pipeline && position.returns < flows::kMaxReturns) {
            ++position.returns;
            s_.routes.services().registry.leave_note(
                asked.call_sid, result == "busy" ? "The transfer did not work: the line was busy." : "The transfer did not work: nobody answered.");
            auto answer = co_await answer_at(agent, position, asked);
            co_return answer;
        }
    }
    ++position.at;
    auto answer = co_await answer_at(agent, position, asked);
    co_return answer;
}

}  // namespace parley::webhooks
