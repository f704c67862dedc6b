// The rows of what is understood of calls: afterwards, from call to call, and while they run.

#include "config_analysis_rows.hpp"

#include <set>

#include "config_sections.hpp"
#include "parley/analysis/intent_match.hpp"
#include "parley/analysis/post_call.hpp"
#include "parley/base/json_schema.hpp"
#include "parley/flows/destination.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {

namespace {

using namespace std::chrono_literals;
using A = AgentConfig;

std::string check_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= 64 &&
                      std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; });
    return good ? "" : "a name is letters, digits, - and _, at most 64";
}
std::string check_schema(std::string_view text) {
    if (text.empty()) return "";
    const auto compiled = JsonSchema::compile(text);
    return compiled ? "" : compiled.error;
}
std::string check_prompt(std::string_view text) {
    return text.size() <= 4000 ? "" : "is longer than 4000 characters";
}
std::string check_side(std::string_view text) {
    return text == "caller" || text == "agent" || text == "both" ? "" : "expected caller, agent or both";
}
std::string check_phrase(std::string_view text) {
    return text.empty() || text.size() > 500 ? "expected words, at most 500 characters" : "";
}
std::string check_pattern(std::string_view text) {
    return text.size() > 500 ? "is longer than 500 characters" : analysis::wrong_phrase(text);
}
std::string check_target(std::string_view text) {
    std::string why;
    return flows::parse_destination(text, &why) ? "" : why.empty() ? "is no place a call can be sent to" : why;
}

void operators(Table<A>& t) {
    using analysis::Operator;
    section_list<A, Operator>(
        t, "analysis.operators", [](A& a) -> auto& { return a.analysis.operators; },
        {{.key = "name", .text = [](Operator& o) -> auto& { return o.name; }, .check = check_name},
         {.key = "prompt", .text = [](Operator& o) -> auto& { return o.prompt; }, .check = check_prompt},
         {.key = "schema", .text = [](Operator& o) -> auto& { return o.schema; }, .check = check_schema},
         {.key = "rule", .text = [](Operator& o) -> auto& { return o.rule; }, .check = analysis::rules::wrong_rule},
         {.key = "side", .text = [](Operator& o) -> auto& { return o.side; }, .check = check_side}},
        [](const Operator& o) -> std::string {
            if (o.name.empty()) return "an operator without its name";
            if (o.prompt.empty() == o.rule.empty()) return "operator " + o.name + " has either a prompt or a rule";
            return "";
        },
        "Questions of your own to every finished call: a `prompt` for the model, its answer by a JSON Schema if given; or a `rule`, words as in a script or /a "
        "regular expression/, that is true when a line matches.");
}

void compliance(Table<A>& t) {
    using analysis::Check;
    section_list<A, Check>(
        t, "analysis.compliance", [](A& a) -> auto& { return a.analysis.compliance; },
        {{.key = "name", .text = [](Check& k) -> auto& { return k.name; }, .check = check_name},
         {.key = "kind", .text = [](Check& k) -> auto& { return k.kind; }},
         {.key = "phrases", .texts = [](Check& k) -> auto& { return k.phrases; }, .check = check_phrase},
         {.key = "time_zone", .text = [](Check& k) -> auto& { return k.time_zone; }}},
        [](const Check& k) -> std::string {
            if (k.name.empty()) return "a check without its name";
            const auto wrong = analysis::rules::wrong_check(k);
            return wrong.empty() ? wrong : "check " + k.name + ": " + wrong;
        },
        "What every call is checked for: consent (asked and given), opt_out (wish to be left alone, and that it was heard), hours (began within `phrases`, "
        "such as \"mon-fri 08:00-21:00\", of `time_zone`), said and not_said (`phrases`, by the agent).");
}

void intents(Table<A>& t) {
    using analysis::Intent;
    section_list<A, Intent>(
        t, "intents", [](A& a) -> auto& { return a.analysis.intents; },
        {{.key = "name", .text = [](Intent& i) -> auto& { return i.name; }, .check = check_name},
         {.key = "phrases", .texts = [](Intent& i) -> auto& { return i.phrases; }, .check = check_pattern},
         {.key = "examples", .texts = [](Intent& i) -> auto& { return i.examples; }, .check = check_phrase},
         {.key = "to", .text = [](Intent& i) -> auto& { return i.to; }, .check = check_target},
         {.key = "deflect", .text = [](Intent& i) -> auto& { return i.deflect; }, .check = check_prompt}},
        [](const Intent& i) -> std::string {
            if (i.name.empty()) return "an intent without its name";
            return "";
        },
        "What callers may want: recognised by `phrases` (grammar) or by the model, which is told `examples`. `to` is where such a call goes (agent:name, a "
        "number, voicemail, menu:name, …); `deflect` is said instead, or before it goes.");
}

}  // namespace

void analysis_agent_rows(Table<A>& t) {
    t.flag(
        "analysis.enabled", [](A& a) -> auto& { return a.analysis.enabled; },
        "Finished calls are looked back at: summary, action items, sentiment, intent, and what is named below.");
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "analysis.models", [](A& a) -> std::vector<std::string>& { return a.analysis.models; }, "names in `vendors`",
        [](std::string_view name) -> text::Parsed<std::string> {
            if (name.empty() || name.size() > 64) return {{}, "expected the name of an entry in `vendors`"};
            return {std::string(name), {}};
        },
        [](const std::string& item) { return quote_yaml(item); },
        "Who does it, in the order they are asked. None: the built-in rules (English) alone, which also stand in when none answers.");
    t.duration("analysis.within", [](A& a) -> auto& { return a.analysis.within; }, 5s, 600s, "For all of one call's questions.");
    t.flag("analysis.summary", [](A& a) -> auto& { return a.analysis.summary; }, "Two or three sentences.");
    t.flag("analysis.action_items", [](A& a) -> auto& { return a.analysis.action_items; }, "What somebody promised or was asked to do.");
    t.flag("analysis.sentiment", [](A& a) -> auto& { return a.analysis.sentiment; }, "Of each side.");
    t.flag("analysis.intent", [](A& a) -> auto& { return a.analysis.intent; }, "What the caller wanted: one of `intents`, if there are any.");
    t.text_map(
        "analysis.extract", [](A& a) -> auto& { return a.analysis.extract; },
        "What is taken out of the conversation, by name: a JSON Schema as text; empty for the built-in ones, `appointment` (date, time, service) and `lead` "
        "(budget, timeline, decision_maker, pain_points).");
    operators(t);
    compliance(t);
    t.flag(
        "memory.callers", [](A& a) -> auto& { return a.analysis.remember_callers; },
        "A profile is kept of each caller, brought forward after each call and known at the next.");
    t.flag("memory.shared", [](A& a) -> auto& { return a.analysis.shared_profiles; }, "One profile for all agents that share, instead of one an agent.");
    t.text(
        "memory.schema", [](A& a) -> auto& { return a.analysis.profile_schema; }, "JSON Schema",
        "Of the profile; default name, language, preferences, open_matters, last_intent, last_summary, facts.", Effect::live, check_schema);
    t.integer(
        "memory.context_tokens", [](A& a) -> auto& { return a.analysis.context_tokens; }, 0, 200'000,
        "Of the conversation given to the model; beyond it the oldest part becomes a summary, written beside the conversation. 0: all of it, always.");
    intents(t);
    t.choice(
        "route_by", [](A& a) -> auto& { return a.analysis.route_by; },
        std::vector<std::pair<std::string, std::string>>{{"off", "off"}, {"grammar", "grammar"}, {"model", "model"}, {"both", "both"}},
        "How `intents` lead somewhere while the call runs: not at all, by their phrases, by the model's own decision, or both.");
}

std::vector<std::pair<std::string, std::string>> check_analysis(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".";
        const auto& settings = agent.analysis;
        for (const auto& name : settings.models) {
            const auto* endpoint = config.vendor(name);
            if (endpoint == nullptr) {
                std::vector<std::string> known;
                for (const auto& vendor : config.vendors) known.push_back(vendor.name);
                wrong.emplace_back(at + "analysis.models", "there is no vendor '" + name + "'" + text::suggestion(name, known));
            } else if (const auto bad = vendors::check(vendors::Role::lm, *endpoint); !bad.empty()) {
                wrong.emplace_back("vendors." + name, bad + " (as analysis.models of agent " + agent.name + ")");
            }
        }
        for (const auto& [name, schema] : settings.extract) {
            if (const auto bad = check_name(name); !bad.empty())
                wrong.emplace_back(at + "analysis.extract", "'" + name + "': " + bad);
            else if (analysis::extraction_schema(name, schema).empty())
                wrong.emplace_back(at + "analysis.extract", "'" + name + "' needs a JSON Schema: only appointment and lead have one of their own");
            else if (const auto broken = check_schema(schema); !broken.empty())
                wrong.emplace_back(at + "analysis.extract", "'" + name + "': " + broken);
        }
        std::set<std::string> names;
        bool leads = false;
        for (const auto& intent : settings.intents) {
            if (!names.insert(intent.name).second) wrong.emplace_back(at + "intents", "names '" + intent.name + "' twice");
            leads = leads || !intent.to.empty() || !intent.deflect.empty();
            const auto to = intent.to.empty() ? std::nullopt : flows::parse_destination(intent.to);
            if (to && to->kind == flows::Destination::Kind::agent && config.agent(to->value) == nullptr)
                wrong.emplace_back(at + "intents", "there is no agent '" + to->value + "' (intent " + intent.name + ")");
            if ((settings.route_by == "grammar") && (!intent.to.empty() || !intent.deflect.empty()) && intent.phrases.empty())
                wrong.emplace_back(at + "intents", "intent " + intent.name + " has no phrases, and route_by is grammar");
        }
        if (settings.route_by != "off" && !leads) wrong.emplace_back(at + "route_by", "is given, but no intent leads anywhere");
        if (settings.route_by != "off" && agent.brain != Brain::vendors && agent.brain != Brain::embedded)
            wrong.emplace_back(at + "route_by", "is given, but the agent has no brain of ours");
        if ((settings.route_by == "model" || settings.route_by == "both") && agent.brain != Brain::vendors)
            wrong.emplace_back(at + "route_by", "is " + settings.route_by + ", but the agent has no model");
        if (settings.route_by == "grammar" && !agent.s2s.empty())
            wrong.emplace_back(at + "route_by", "is grammar, but a speech-to-speech agent has no words to match: model, or both");
        if (settings.context_tokens != 0 && settings.context_tokens < 200)
            wrong.emplace_back(at + "memory.context_tokens", "is too few for a conversation: 200 or more");
    }
    return wrong;
}

}  // namespace parley::gateway
