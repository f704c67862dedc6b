// A menu's questions and what follows from the answers.

#include "flow_twiml.hpp"
#include "parley/webhooks/flow_routes.hpp"

namespace parley::webhooks {

namespace twiml = twilio::twiml;
using flows::Destination;
using twilio::TwimlResponse;

namespace {

constexpr std::size_t kHintsBytes = 4000;

// What recognition is to expect: the phrases themselves and what else the menu names.
std::string hints_of(const flows::Menu& menu) {
    std::string all;
    const auto add = [&](const std::string& hint) {
        if (all.size() + hint.size() > kHintsBytes) return;
        if (!all.empty()) all += ", ";
        all += hint;
    };
    for (const auto& spoken : menu.speech)
        for (const auto& phrase : spoken.phrases) add(phrase);
    for (const auto& hint : menu.hints) add(hint);
    return all;
}

}  // namespace

Answer FlowRoutes::menu_question(const call::Agent& agent, const flows::Position& position, const flows::MenuStep& step) const {
    const auto& flow = flow_of(agent);
    const auto& menu = flow.menus->at(step.state.menu);
    const auto here = s_.routes.url("/webhooks/twilio/menu?" + flows::query_of(position) + "&" + flows::query_of(step.state));
    twiml::Gather gather;
    gather.action = here;
    const bool speech = !menu.speech.empty() || !menu.hints.empty();
    gather.input = speech ? "dtmf speech" : "dtmf";
    gather.num_digits = 1;
    gather.finish_on_key = "";  // every key is a choice
    gather.timeout = menu.timeout.count();
    gather.action_on_empty_result = true;
    if (speech) {
        gather.speech_timeout = flow.gather.speech_timeout;
        const auto& language = menu.language.empty() ? flow.gather.language : menu.language;
        if (!language.empty()) gather.language = language;
        if (!flow.gather.speech_model.empty()) gather.speech_model = flow.gather.speech_model;
        if (auto hints = hints_of(menu); !hints.empty()) gather.hints = std::move(hints);
    }
    for (const auto& text : step.say) add_say(gather.prompts, flow.say, text);
    if (!menu.play.empty())
        gather.prompts.emplace_back(twiml::Play{.url = menu.play});
    else
        add_say(gather.prompts, flow.say, menu.say);
    TwimlResponse response;
    response.gather(gather);
    response.redirect({.url = here, .method = "POST"});
    return twiml_answer(response);
}

net::Task<Answer> FlowRoutes::menu_step(AgentPtr agent, flows::Position position, flows::MenuStep step, const Asked& asked) {
    if (step.kind == flows::MenuStep::Kind::ask) co_return menu_question(*agent, position, step);
    const auto& log = s_.routes.services().log;
    log.info("menu.left", "A caller leaves a menu.",
             {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"menu", step.state.menu}, {"to", masked(step.to)}});
    if (step.to.kind == Destination::Kind::hangup) {
        needs_no_place(asked);
        TwimlResponse response;
        for (const auto& text : step.say) add_say(response, flow_of(*agent).say, text);
        response.hangup();
        co_return twiml_answer(response);
    }
    if (!step.say.empty()) {
        // What is said goes before the destination's own document, which may be anything: it is fetched behind the words.
        TwimlResponse response;
        for (const auto& text : step.say) add_say(response, flow_of(*agent).say, text);
        response.redirect({.url = s_.routes.url("/webhooks/twilio/menu?" + flows::query_of(position) + "&" + flows::query_of(step.state) +
                                                "&go=" + twilio::encode_component(step.to.text())),
                           .method = "POST"});
        co_return twiml_answer(response);
    }
    auto to = step.to;
    auto answer = co_await s_.routes.send_to(std::move(to), agent, asked);
    co_return answer;
}

net::Task<Answer> FlowRoutes::menu(const Asked& asked) {
    const auto position = position_in(asked);
    auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
    if (!agent || asked.form.get("CallStatus") == "completed") co_return hang_up_answer();
    // Whoever is still there still needs the place, or takes one again.
    if (asked.query.get("go").empty()) {
        auto away = co_await s_.routes.take_place(agent, asked, TwilioWebhooks::Stay::menu);
        if (away && away->answer.body.empty()) co_return no_answer(*agent, asked, true);
        if (away) co_return std::move(away->answer);
    }
    const auto& menus = *flow_of(*agent).menus;
    if (const auto go = asked.query.get("go"); !go.empty()) {
        auto to = flows::parse_destination(go);
        if (!to) co_return hang_up_answer();
        auto answer = co_await s_.routes.send_to(std::move(*to), agent, asked);
        co_return answer;
    }
    const auto state = flows::menu_state_of(menus, [&](std::string_view name) { return asked.query.get(name); });
    if (!state) {
        // The configuration has changed under the caller: whatever the agent does now.
        s_.routes.services().log.warn("menu.gone", "A caller is in a menu that is no more.", {{"call_sid", asked.call_sid}, {"agent", agent->name}});
        auto answer = co_await answer_at(agent, *position, asked);
        co_return answer;
    }
    flows::MenuInput input;
    input.digits = asked.form.get("Digits").substr(0, 32);
    input.speech = asked.form.get("SpeechResult").substr(0, 1000);
    if (const auto confidence = asked.form.get("Confidence"); !confidence.empty())
        input.confidence = std::strtod(std::string(confidence.substr(0, 16)).c_str(), nullptr);
    auto step = flows::answer_menu(menus, *state, input);
    auto answer = co_await menu_step(agent, *position, std::move(step), asked);
    co_return answer;
}

}  // namespace parley::webhooks
