// What answers, menus and hours need of each other; and agents' flows as calls use them.

#include <set>

#include "config_flow_rows.hpp"
#include "parley/flows/outcomes.hpp"
#include "parley/flows/phrases.hpp"
#include "parley/twilio/twiml.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {
namespace {

using flows::AnswerMode;
using flows::Destination;
using Kind = flows::AnswerMode::Kind;
using To = flows::Destination::Kind;
namespace twiml = twilio::twiml;

class FlowChecks {
public:
    FlowChecks(const Config& config, const Report& wrong, const Report& warn) : c_(config), wrong_(wrong), warn_(warn) {
        for (const auto& agent : c_.agents) agents_.push_back(agent.name);
        for (const auto& menu : c_.menus) menus_.push_back(menu.name);
    }

    void run() {
        if (c_.menus.size() != std::set<std::string>(menus_.begin(), menus_.end()).size()) wrong_("menus", "names a menu twice");
        for (const auto& agent : c_.agents) {
            const std::string at = "agents." + agent.name + ".";
            list(agent, at + "answer", agent.flow.flow.answer);
            if (agent.flow.flow.answer.empty()) wrong_(at + "answer", "is empty");
            hours(agent, at);
            targets(agent, at);
            words(agent, at);
        }
        for (const auto& menu : c_.menus) this->menu(menu, "menus." + menu.name);
        for (const auto& name : menus_)
            if (!reached_.contains(name)) warn_("menus." + name, "is reached from nowhere");
    }

private:
    void list(const AgentConfig& agent, const std::string& key, const std::vector<AnswerMode>& answers) {
        if (answers.size() > flows::kMaxAnswers) wrong_(key, "lists more than " + std::to_string(flows::kMaxAnswers));
        std::set<std::string> seen;
        const auto& flow = agent.flow;
        const std::string at = "agents." + agent.name + ".";
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const auto& mode = answers[i];
            if (!seen.insert(mode.text()).second) wrong_(key, "names '" + mode.text() + "' twice");
            const bool last = i + 1 == answers.size();
            switch (mode.kind) {
                case Kind::stream:
                    break;
                case Kind::relay:
                case Kind::gather: {
                    const bool scripted = agent.brain == Brain::embedded, model = agent.brain == Brain::vendors && !agent.lm.empty();
                    if (!scripted && !model) wrong_(key, std::string(name_of(mode.kind)) + " needs a brain that answers text: embedded, or vendors with lm");
                    break;
                }
                case Kind::menu:
                    reach(mode.menu, key);
                    break;
                case Kind::forward:
                    if (flow.flow.forward.to.empty()) wrong_(key, "forward needs forward.to");
                    break;
                case Kind::voicemail:
                    if (!agent.voicemail) wrong_(key, "voicemail is named, but voicemail is false");
                    break;
                case Kind::conference:
                    if (flow.flow.conference.room.empty()) wrong_(key, "conference needs conference.room");
                    break;
                case Kind::sip:
                    if (flow.flow.sip.uri.empty()) wrong_(key, "sip needs sip.uri");
                    break;
                case Kind::listen:
                    if (flow.listen_to.empty()) wrong_(key, "listen needs listen.to");
                    break;
                case Kind::reject:
                    if (i > 0) wrong_(key, "reject can only be the first answer: a call that was taken cannot be refused");
                    [[fallthrough]];
                case Kind::hangup:
                    if (!last) wrong_(key, "nothing comes behind " + mode.text());
                    break;
            }
        }
    }

    void hours(const AgentConfig& agent, const std::string& at) {
        const auto& f = agent.flow;
        const bool any = !f.open.empty() || !f.holidays.empty();
        if (!any) {
            for (const auto& [key, given] : {std::pair{"hours.time_zone", !f.time_zone.empty()},
                                             {"hours.closed", !f.flow.closed.empty()},
                                             {"hours.closed_text", !f.flow.closed_text.empty()}})
                if (given) wrong_(at + key, "is given, but neither hours.open nor hours.holidays");
            return;
        }
        if (f.time_zone.empty()) {
            wrong_(at + "hours.time_zone", "is missing: hours.open and hours.holidays are of some place");
        } else {
            std::string why;
            if (!flows::TimeZone::load(f.time_zone, &why))
                wrong_(at + "hours.time_zone", "'" + f.time_zone + "' " + why + text::suggestion(f.time_zone, flows::TimeZone::names()));
        }
        if (f.flow.closed.empty()) wrong_(at + "hours.closed", "is missing: what a call gets outside the hours (voicemail, forward, hangup, …)");
        list(agent, at + "hours.closed", f.flow.closed);
        for (std::size_t i = 0; i < f.open.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                if (f.open[i] == f.open[k]) wrong_(at + "hours.open", "names \"" + f.open[i] + "\" twice");
    }

    void targets(const AgentConfig& agent, const std::string& at) {
        const auto& f = agent.flow;
        if (f.forward_no_answer != "next" && !f.forward_no_answer.empty())
            if (const auto to = flows::parse_destination(f.forward_no_answer)) target(*to, at + "forward.no_answer");
        const auto named = [&](Kind kind) {
            const auto has = [&](const std::vector<AnswerMode>& all) {
                return std::any_of(all.begin(), all.end(), [&](const AnswerMode& m) { return m.kind == kind; });
            };
            return has(f.flow.answer) || has(f.flow.closed);
        };
        if (!f.flow.forward.to.empty() && !named(Kind::forward)) warn_(at + "forward.to", "is given, but no answer is forward");
        if (!f.flow.sip.uri.empty() && !named(Kind::sip)) warn_(at + "sip.uri", "is given, but no answer is sip");
        if (!f.listen_to.empty() && !named(Kind::listen)) warn_(at + "listen.to", "is given, but no answer is listen");
        if (f.flow.forward.at_once && f.flow.forward.to.size() > 10) wrong_(at + "forward.to", "at once no more than 10 can be rung");
        for (const auto& [name, value] : f.sip_headers)
            if (!name.starts_with("X-") || name.size() + value.size() > 255 || name.find_first_of(": \r\n=&?") != std::string::npos ||
                value.find_first_of("\r\n") != std::string::npos)
                wrong_(at + "sip.headers", "'" + name + "': expected a name that begins with X- and a value in one line");
        if (f.flow.sip.username.empty() != f.flow.sip.password.empty()) wrong_(at + "sip.username", "and sip.password come together");
        if (f.flow.voicemail.transcribe && agent.voicemail_max > std::chrono::seconds(120))
            wrong_(at + "voicemail_transcribe", "works for messages up to 120 s: lower voicemail_max");
        if (f.flow.voicemail.shortest >= agent.voicemail_max) wrong_(at + "voicemail_min", "is not shorter than voicemail_max");
    }

    // What only Twilio's markup knows to be wrong: voices, languages, recognition models, rooms.
    void words(const AgentConfig& agent, const std::string& at) {
        const auto& flow = agent.flow.flow;
        const auto try_out = [&](const std::string& key, const twiml::Verb& verb) {
            twilio::TwimlResponse response;
            response.add(verb);
            if (!response.problem().empty()) wrong_(at + key, std::string(response.problem()));
        };
        for (const auto& [key, voice] :
             {std::pair{"say_voice", flow.say.voice}, {"gather.voice", flow.gather.voice}, {"voicemail_voice", flow.voicemail.voice}})
            if (!voice.empty()) try_out(key, twiml::Say{.text = "x", .voice = voice});
        if (!flow.say.language.empty()) try_out("say_language", twiml::Say{.text = "x", .language = flow.say.language});
        if (!flow.gather.language.empty()) try_out("gather.language", twiml::Gather{.input = "speech", .language = flow.gather.language});
        if (!flow.gather.speech_model.empty()) try_out("gather.speech_model", twiml::Gather{.input = "speech", .speech_model = flow.gather.speech_model});
        std::string hints;
        for (const auto& hint : flow.gather.hints) hints += (hints.empty() ? "" : ", ") + hint;
        if (!hints.empty()) try_out("gather.hints", twiml::Gather{.input = "speech", .hints = hints});
        if (!flow.conference.room.empty()) {
            twiml::Dial dial;
            dial.nouns.emplace_back(twiml::Conference{.name = flows::room_name(flow.conference.room, "CA", "+1")});
            try_out("conference.room", dial);
        }
    }

    void target(const Destination& to, const std::string& key) {
        if (to.kind == To::menu) reach(to.value, key);
        if (to.kind == To::agent && std::find(agents_.begin(), agents_.end(), to.value) == agents_.end())
            wrong_(key, "there is no agent '" + to.value + "'" + text::suggestion(to.value, agents_));
    }
    void reach(const std::string& menu, const std::string& key) {
        if (std::find(menus_.begin(), menus_.end(), menu) == menus_.end()) {
            wrong_(key, "there is no menu '" + menu + "'" + text::suggestion(menu, menus_));
            return;
        }
        if (!reached_.insert(menu).second) return;
        const auto found = std::find_if(c_.menus.begin(), c_.menus.end(), [&](const flows::Menu& m) { return m.name == menu; });
        const std::string at = "menus." + menu;
        for (const auto& [digit, action] : found->keys)
            if (!action.repeat) target(action.to, at + ".keys");
        for (const auto& spoken : found->speech)
            if (!spoken.action.repeat) target(spoken.action.to, at + ".speech");
        target(found->then.to, at + ".then");
    }

    void menu(const flows::Menu& m, const std::string& at) {
        if (!reached_.contains(m.name)) {
            for (const auto& [digit, action] : m.keys)
                if (!action.repeat) known(action.to, at + ".keys");
            for (const auto& spoken : m.speech)
                if (!spoken.action.repeat) known(spoken.action.to, at + ".speech");
        }
        if (m.say.empty() == m.play.empty())
            wrong_(at + (m.say.empty() ? "" : ".play"), m.say.empty() ? "asks nothing: give say or play" : "is given beside say: it is one or the other");
        if (m.keys.empty() && m.speech.empty()) wrong_(at, "has no choices: give keys or speech");
        if (m.then.to.kind == To::menu && m.then.to.value == m.name) wrong_(at + ".then", "is this menu again, which would never end: raise tries instead");
        if (!m.language.empty()) {
            twilio::TwimlResponse response;
            response.add(twiml::Gather{.input = "speech", .language = m.language});
            if (!response.problem().empty()) wrong_(at + ".language", std::string(response.problem()));
        }
        std::set<std::vector<std::string>> phrases;
        for (const auto& spoken : m.speech)
            for (const auto& phrase : spoken.phrases) {
                const auto words = flows::words_of(phrase);
                if (words.empty())
                    wrong_(at + ".speech", "'" + phrase + "' has no words");
                else if (!phrases.insert(words).second)
                    wrong_(at + ".speech", "'" + phrase + "' is said for two choices");
            }
    }
    // Names exist, without counting as a way in.
    void known(const Destination& to, const std::string& key) {
        if (to.kind == To::menu && std::find(menus_.begin(), menus_.end(), to.value) == menus_.end())
            wrong_(key, "there is no menu '" + to.value + "'" + text::suggestion(to.value, menus_));
        if (to.kind == To::agent) target(to, key);
    }

    const Config& c_;
    const Report& wrong_;
    const Report& warn_;
    std::vector<std::string> agents_, menus_;
    std::set<std::string> reached_;
};

}  // namespace

void check_flows(const Config& config, const Report& wrong, const Report& warn) {
    FlowChecks(config, wrong, warn).run();
}

std::shared_ptr<const flows::Menus> make_menus(const Config& config) {
    auto menus = std::make_shared<flows::Menus>();
    for (const auto& menu : config.menus) menus->emplace(menu.name, menu);
    return menus;
}

std::shared_ptr<const flows::AgentFlow> make_flow(const AgentConfig& agent, const std::shared_ptr<const flows::Menus>& menus) {
    auto flow = std::make_shared<flows::AgentFlow>(agent.flow.flow);
    flow->menus = menus;
    flow->voicemail.prompt = agent.voicemail_prompt;
    flow->voicemail.longest = agent.voicemail_max;
    if (!agent.flow.open.empty() || !agent.flow.holidays.empty()) {
        flows::Hours hours;
        std::string why;
        hours.zone = flows::TimeZone::load(agent.flow.time_zone, &why);
        if (!hours.zone) throw std::runtime_error("agent " + agent.name + ": hours.time_zone " + why);
        for (const auto& text : agent.flow.open)
            if (auto spans = flows::parse_open(text)) hours.open.insert(hours.open.end(), spans->begin(), spans->end());
        for (const auto& text : agent.flow.holidays)
            if (auto days = flows::parse_holiday(text)) hours.holidays.push_back(*days);
        flow->hours = std::move(hours);
    }
    if (agent.flow.forward_no_answer != "next") flow->forward.no_answer = flows::parse_destination(agent.flow.forward_no_answer);
    if (!agent.flow.listen_to.empty()) flow->listen.to = flows::parse_destination(agent.flow.listen_to);
    flow->sip.headers.assign(agent.flow.sip_headers.begin(), agent.flow.sip_headers.end());
    return flow;
}

}  // namespace parley::gateway
