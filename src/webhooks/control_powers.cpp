#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "parley/twilio/sid.hpp"
#include "parley/webhooks/control_routes.hpp"
#include "parley/webhooks/flow_routes.hpp"

namespace parley::webhooks {
namespace {

using control::Powers;
using twilio::TwimlResponse;
using Kind = flows::Destination::Kind;
namespace twiml = twilio::twiml;

constexpr std::string_view kRoomEvents = "start end join leave mute hold modify";

std::string link(const TwilioWebhooks& routes, std::string_view route, const std::vector<std::pair<std::string, std::string>>& query = {}) {
    auto out = routes.url(std::string(TwilioWebhooks::kPrefix) + std::string(route));
    char next = '?';
    for (const auto& [key, value] : query) {
        out += next + key + "=" + twilio::encode_component(value);
        next = '&';
    }
    return out;
}

control::Parties parties_of(const twilio::Form& form) {
    return {std::string(form.get("From")), std::string(form.get("To")), form.get("Direction").starts_with("outbound")};
}

std::int64_t number_of(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string ordinal(std::int64_t n) {
    constexpr std::array<const char*, 11> kWords{"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"};
    return n > 0 && n < static_cast<std::int64_t>(kWords.size()) ? kWords[static_cast<std::size_t>(n)] : std::to_string(n);
}

bool plain_room(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           std::ranges::all_of(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; });
}

// The way into a conference, with its events coming to us.
twiml::Conference conference(const TwilioWebhooks& routes, std::string room) {
    twiml::Conference noun;
    noun.name = std::move(room);
    noun.beep = "false";
    noun.status_callback.url = link(routes, "room");
    noun.status_callback.event = std::string(kRoomEvents);
    return noun;
}

void configure(twiml::Conference& noun, const flows::ConferenceSettings& wanted, const TwilioWebhooks& routes) {
    noun.start_conference_on_enter = wanted.start_on_enter;
    noun.end_conference_on_exit = wanted.end_on_exit;
    noun.muted = wanted.muted;
    noun.beep = wanted.beep;
    if (wanted.wait == "silence")
        noun.wait_url = "";
    else if (wanted.wait != "music")
        noun.wait_url = wanted.wait;
    noun.max_participants = wanted.max_participants;
    if (wanted.record) {
        noun.record = "record-from-start";
        noun.recording_status_callback.url = link(routes, "recording");
    }
}

// The agent, and the revision the call has it in.
std::vector<std::pair<std::string, std::string>> agent_in(const std::string& agent, const Asked& asked) {
    std::vector<std::pair<std::string, std::string>> query{{"agent", agent}};
    if (asked.agent && asked.agent->name == agent) query.emplace_back("rev", asked.query.get("rev"));
    return query;
}

Answer dial_conference(const TwilioWebhooks& routes, twiml::Conference noun, const std::string& agent, const Asked& asked) {
    twiml::Dial dial;
    dial.action = link(routes, "room-left", agent_in(agent, asked));
    dial.nouns.push_back(std::move(noun));
    return twiml_answer(TwimlResponse().dial(dial));
}

// A call that waits or confers takes no place among those with an agent.
void needs_no_place(const TwilioWebhooks& routes, const Asked& asked) {
    routes.give_place_back(asked.call_sid);
}

void keep_position(Powers& powers, const Asked& asked) {
    if (const auto position = FlowRoutes::position_in(asked)) powers.came_from(asked.call_sid, flows::query_of(*position));
}

Answer enqueue(const TwilioWebhooks& routes, Powers& powers, const Asked& asked, const std::string& agent, const std::string& queue, bool hold) {
    // Who is held comes back to the agent, and has its place there.
    if (hold)
        routes.services().registry.release(asked.call_sid);
    else
        needs_no_place(routes, asked);
    keep_position(powers, asked);
    powers.entered_queue(asked.call_sid, agent, parties_of(asked.form), queue);
    twiml::Enqueue verb;
    verb.name = queue;
    verb.action = link(routes, "queue-left", {{"agent", agent}});
    if (hold)
        verb.wait_url = link(routes, "queue-wait", {{"hold", "1"}});
    else
        verb.wait_url = link(routes, "queue-wait");
    return twiml_answer(TwimlResponse().enqueue(verb));
}

// "yes", "I'll take it"; "no", "not now". The key has gone before.
Powers::Verdict verdict_of(const twilio::Form& form) {
    const auto digits = form.get("Digits");
    if (digits == "1") return Powers::Verdict::takes;
    if (digits == "2") return Powers::Verdict::refuses;
    std::string words = " ";
    for (const char c : form.get("SpeechResult").substr(0, 500))
        words += std::isalpha(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : ' ';
    words += ' ';
    const auto has = [&](std::string_view word) { return words.find(" " + std::string(word) + " ") != std::string::npos; };
    if (has("no") || has("not") || has("don t") || has("can t") || has("cannot") || has("refuse") || has("decline") || has("nein") || has("two") || has("busy"))
        return Powers::Verdict::refuses;
    if (has("yes") || has("yeah") || has("yep") || has("sure") || has("okay") || has("ok") || has("accept") || has("take") || has("ja") || has("one") ||
        has("connect"))
        return Powers::Verdict::takes;
    return digits.empty() && form.get("SpeechResult").empty() ? Powers::Verdict::silent : Powers::Verdict::unclear;
}

Answer ask_person(const TwilioWebhooks& routes, std::string_view id, const std::string& text) {
    twiml::Gather gather;
    gather.action = link(routes, "warm-answer", {{"w", std::string(id)}});
    gather.input = "dtmf speech";
    gather.num_digits = 1;
    gather.timeout = 6;
    gather.speech_timeout = "2";
    gather.hints = "yes, no, one, two, take the call, refuse";
    gather.action_on_empty_result = true;
    gather.prompts.emplace_back(twiml::Say{.text = text + " Press 1 to take the call, or 2 to refuse."});
    TwimlResponse response;
    response.gather(gather);
    response.redirect({.url = link(routes, "warm-answer", {{"w", std::string(id)}})});
    return twiml_answer(response);
}

// To the person called, when a restart has forgotten who waits. Its end brings the caller back.
TwimlResponse cannot_connect() {
    TwimlResponse response;
    response.say("We are sorry, the call cannot be connected any more. Goodbye.").hangup();
    return response;
}

// A call that comes back goes to the agent itself: the answer it was in if that is one it talks in, or the first that is. Neither its hours nor its other
// answers are gone through again.
net::Task<Answer> back_to(const TwilioWebhooks& routes, std::shared_ptr<const call::Agent> returns_to, const Asked& asked) {
    const auto& agent = *returns_to;
    using Mode = flows::AnswerMode::Kind;
    const auto talks = [](const flows::AnswerMode& mode) { return mode.kind == Mode::stream || mode.kind == Mode::relay || mode.kind == Mode::gather; };
    auto position = FlowRoutes::position_or_start(asked, agent);
    const auto& flow = FlowRoutes::flow_of(agent);
    const auto fits = [&] { return position.at < flow.answers(position.closed).size() && talks(flow.answers(position.closed)[position.at]); };
    if (!fits()) {
        for (const bool closed : {position.closed, false}) {
            const auto& list = flow.answers(closed);
            const auto found = std::ranges::find_if(list, talks);
            if (found == list.end()) continue;
            position.closed = closed;
            position.at = static_cast<unsigned>(found - list.begin());
            break;
        }
    }
    if (fits() && flow.answers(position.closed)[position.at].kind != Mode::stream)
        co_return twiml_answer(TwimlResponse().redirect({.url = routes.url("/webhooks/twilio/answer?" + flows::query_of(position)), .method = "POST"}));
    auto away = co_await routes.take_place(returns_to, asked, TwilioWebhooks::Stay::talk);
    if (away && away->answer.body.empty()) {
        TwimlResponse response;
        if (agent.fallback_number.empty())
            response.say("We are sorry, nobody can take your call right now.").hangup();
        else
            response.dial({.number = agent.fallback_number});
        co_return twiml_answer(response);
    }
    if (away) co_return std::move(away->answer);
    const auto before = routes.services().registry.outcome(asked.call_sid);
    co_return routes.open_stream(agent, asked.form, asked.request, before && before->attached ? 1 : 0, position);
}

void add_destinations(TwilioWebhooks& routes, Powers& powers) {
    const auto name_of = [](const std::shared_ptr<const call::Agent>& agent) { return agent ? agent->name : std::string(); };
    routes.destination(
        Kind::conference,
        [&routes, &powers, name_of](const flows::Destination& to, const std::shared_ptr<const call::Agent>& agent, const Asked& asked) -> net::Task<Answer> {
            needs_no_place(routes, asked);
            keep_position(powers, asked);
            powers.entered_room(asked.call_sid, name_of(agent), parties_of(asked.form), to.value);
            auto noun = conference(routes, to.value);
            // Rooms of our own making are for two who talk already; the configured ones are as the agent wants them.
            if (agent && to.value != control::room_of(asked.call_sid)) configure(noun, FlowRoutes::flow_of(*agent).conference, routes);
            co_return dial_conference(routes, std::move(noun), name_of(agent), asked);
        });
    routes.destination(
        Kind::queue,
        [&routes, &powers, name_of](const flows::Destination& to, const std::shared_ptr<const call::Agent>& agent, const Asked& asked) -> net::Task<Answer> {
            co_return enqueue(routes, powers, asked, name_of(agent), to.value, false);
        });
    routes.destination(
        Kind::park,
        [&routes, &powers, name_of](const flows::Destination& to, const std::shared_ptr<const call::Agent>& agent, const Asked& asked) -> net::Task<Answer> {
            if (agent && control::is_hold_slot(to.value)) (void)co_await routes.take_place(agent, asked, TwilioWebhooks::Stay::held);
            co_return enqueue(routes, powers, asked, name_of(agent), control::queue_of_slot(to.value), control::is_hold_slot(to.value));
        });
    routes.destination(
        Kind::warm,
        [&routes, &powers, name_of](const flows::Destination& to, const std::shared_ptr<const call::Agent>& agent, const Asked& asked) -> net::Task<Answer> {
            needs_no_place(routes, asked);
            keep_position(powers, asked);
            // Delivered again, also after its end: the same answer, and nobody is called once more.
            const std::string token(asked.request.idempotency_token.substr(0, 128));
            const auto key = asked.call_sid + "/warm/" + token;
            auto& registry = routes.services().registry;
            if (!token.empty())
                if (auto given = registry.answer_given(key))
                    co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
            const auto waiting = powers.begin_warm(asked.call_sid, name_of(agent), parties_of(asked.form), to.value);
            auto noun = conference(routes, waiting.room);
            noun.start_conference_on_enter = false;
            noun.end_conference_on_exit = true;
            noun.participant_label = "caller";
            if (!powers.settings().hold_music.empty()) {
                noun.wait_url = powers.settings().hold_music;
                noun.wait_method = "GET";  // a sound, not a document
            }
            auto answer = dial_conference(routes, std::move(noun), name_of(agent), asked);
            if (!token.empty()) answer.body = registry.remember_answer(key, std::move(answer.body), Clock::now());
            co_return answer;
        });
}

}  // namespace

void add_power_routes(TwilioWebhooks& routes, Powers& powers) {
    add_destinations(routes, powers);
    routes.route("go", Subject::call, [&routes](const Asked& asked) -> net::Task<Answer> {
        auto to = flows::parse_destination(asked.query.get("to"));
        if (!to) co_return twiml_answer(TwimlResponse().hangup());
        auto agent = routes.agent_of(asked, asked.query.get("agent"));
        // A wish is carried out once, however often it is delivered.
        const std::string wish(asked.query.get("wish").substr(0, 64));
        const auto key = asked.call_sid + "/go/" + wish;
        auto& registry = routes.services().registry;
        if (!wish.empty())
            if (auto given = registry.answer_given(key)) co_return Answer{.status = 200, .content_type = "text/xml; charset=utf-8", .body = std::move(*given)};
        auto answer = co_await routes.send_to(std::move(*to), std::move(agent), asked);
        if (!wish.empty()) answer.body = registry.remember_answer(key, std::move(answer.body), Clock::now());
        co_return answer;
    });
    routes.route("return", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        powers.left_queue(asked.call_sid);
        powers.came_back(asked.call_sid);
        auto agent = routes.agent_of(asked, asked.query.get("agent"));
        if (!agent) co_return twiml_answer(TwimlResponse().say(routes.settings().sorry).hangup());
        auto answer = co_await back_to(routes, std::move(agent), asked);
        co_return answer;
    });
    routes.route("room-in", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        std::string room(asked.query.get("room"));
        if (!plain_room(room)) co_return twiml_answer(TwimlResponse().hangup());
        const std::string agent(asked.query.get("agent"));
        powers.entered_room(asked.call_sid, agent, parties_of(asked.form), room);
        auto noun = conference(routes, std::move(room));
        const auto label = asked.query.get("label");
        if (plain_room(label)) noun.participant_label = std::string(label);
        co_return dial_conference(routes, std::move(noun), agent, asked);
    });
    routes.route("room", Subject::account, [&powers](const Asked& asked) -> net::Task<Answer> {
        const auto& form = asked.form;
        control::RoomEvent event;
        event.event = form.get("StatusCallbackEvent");
        event.conference_sid = form.get("ConferenceSid");
        event.room = form.get("FriendlyName").substr(0, 128);
        event.call_sid = form.get("CallSid");
        event.label = form.get("ParticipantLabel").substr(0, 128);
        event.sequence = number_of(form.get("SequenceNumber"));
        event.muted = form.get("Muted") == "true";
        event.hold = form.get("Hold") == "true";
        event.coaching = form.get("Coaching") == "true";
        if (twilio::is_sid(event.conference_sid, "CF") && (event.call_sid.empty() || twilio::is_call_sid(event.call_sid))) powers.on_room(event);
        co_return no_content();
    });
    routes.route("room-left", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        powers.caller_left_room(asked.call_sid);
        const bool goes_back = powers.came_back(asked.call_sid), over = rest::terminal(rest::call_status(asked.form.get("CallStatus")));
        if (goes_back && !over)
            co_return twiml_answer(
                TwimlResponse().redirect({.url = link(routes, "return", agent_in(std::string(asked.query.get("agent")), asked)), .method = "POST"}));
        co_return twiml_answer(TwimlResponse().hangup());
    });
    routes.route("queue-wait", Subject::call, [&powers](const Asked& asked) -> net::Task<Answer> {
        TwimlResponse response;
        const auto position = number_of(asked.form.get("QueuePosition"));
        if (asked.query.get("hold") != "1" && position > 0)
            response.say(position == 1 ? std::string("You are number one. You are next. Please stay on the line.")
                                       : "You are number " + ordinal(position) + ". Please stay on the line.");
        const auto& music = powers.settings().hold_music;
        if (!music.empty())
            response.play({.url = music});
        else
            response.pause({.length = 10});
        co_return twiml_answer(response);
    });
    routes.route("queue-left", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        const auto result = asked.form.get("QueueResult");
        // The redirect that took it out has its own document, and asks nothing here.
        powers.left_queue(asked.call_sid);
        if (result == "hangup") routes.give_place_back(asked.call_sid);  // it was held
        if (result == "queue-full" || result == "error" || result == "system-error") {
            auto agent = routes.agent_of(asked, asked.query.get("agent"));
            TwimlResponse response;
            response.say("We are sorry, nobody can take your call right now.");
            if (agent && !agent->fallback_number.empty())
                response.dial({.number = agent->fallback_number});
            else
                response.hangup();
            co_return twiml_answer(response);
        }
        co_return twiml_answer(TwimlResponse().hangup());
    });
    routes.route("warm-brief", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        const auto id = asked.query.get("w");
        powers.warm_status(id, asked.call_sid, rest::CallStatus::in_progress);
        if (!powers.knows_warm(id)) co_return twiml_answer(cannot_connect());
        const auto text = powers.briefing(id);
        if (!text) co_return twiml_answer(TwimlResponse().say("The caller has hung up. Goodbye.").hangup());
        co_return ask_person(routes, id, *text);
    });
    routes.route("warm-answer", Subject::call, [&routes, &powers](const Asked& asked) -> net::Task<Answer> {
        const auto id = asked.query.get("w");
        const auto status = rest::call_status(asked.form.get("CallStatus"));
        if (rest::terminal(status)) {
            powers.warm_status(id, asked.call_sid, status);
            co_return twiml_answer(TwimlResponse().hangup());
        }
        const auto next = powers.warm_answer(id, verdict_of(asked.form));
        if (next.unknown) co_return twiml_answer(cannot_connect());
        if (next.again) co_return ask_person(routes, id, "Sorry, I did not get that.");
        if (!next.joins)
            co_return twiml_answer(
                TwimlResponse()
                    .say(next.caller_gone ? std::string("The caller has hung up. Goodbye.") : std::string("All right. The caller goes back. Goodbye."))
                    .hangup());
        auto noun = conference(routes, next.room);
        noun.start_conference_on_enter = true;
        noun.end_conference_on_exit = true;
        noun.participant_label = "person";
        powers.entered_room(asked.call_sid, {}, parties_of(asked.form), next.room);
        twiml::Dial dial;
        dial.action = link(routes, "room-left");
        dial.nouns.push_back(std::move(noun));
        TwimlResponse response;
        response.say("Connecting you.").dial(dial);
        co_return twiml_answer(response);
    });
    routes.route("warm-status", Subject::call, [&powers](const Asked& asked) -> net::Task<Answer> {
        const auto status = rest::call_status(asked.form.get("CallStatus"));
        if (powers.knows_warm(asked.query.get("w")))
            powers.warm_status(asked.query.get("w"), asked.call_sid, status);
        else
            powers.warm_orphaned(std::string(asked.query.get("for")), std::string(asked.query.get("agent")), asked.call_sid, status);
        co_return no_content();
    });
    routes.route("warm-amd", Subject::call, [&powers](const Asked& asked) -> net::Task<Answer> {
        powers.warm_machine(asked.query.get("w"), asked.form.get("AnsweredBy"));
        co_return no_content();
    });
    routes.route("joined", Subject::call, [&powers](const Asked& asked) -> net::Task<Answer> {
        powers.joined_status(std::string(asked.query.get("for")), asked.call_sid, rest::call_status(asked.form.get("CallStatus")));
        co_return no_content();
    });
    routes.route("spoken", Subject::account, [&powers](const Asked& asked) -> net::Task<Answer> {
        const auto what = powers.spoken(asked.query.get("id"));
        TwimlResponse response;
        if (what && !what->digits.empty())
            response.play({.digits = what->digits});
        else if (what)
            response.say(what->text);
        co_return twiml_answer(response);
    });
}

}  // namespace parley::webhooks
