#include "config_persona_rows.hpp"

#include <set>

#include "config_sections.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {
namespace {

using A = AgentConfig;

constexpr std::size_t kMostVariables = 64, kMostValue = 4096, kMostLanguages = 16;
// What every call brings along, whatever its agent says (docs/agents.md).
constexpr std::array<std::string_view, 9> kOfEveryCall{"call.from", "call.to", "call.sid", "call.channel", "call.direction", "agent", "now", "today", "time"};

std::string check_persona_text(std::string_view text) {
    return text.size() <= 16'000 ? "" : "is longer than 16,000 characters";
}

text::Parsed<std::string> language(std::string_view tag) {
    const bool right = tag.size() >= 2 && tag.size() <= 35 && std::isalpha(static_cast<unsigned char>(tag[0])) != 0 &&
                       std::all_of(tag.begin(), tag.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
    return {std::string(tag), right ? "" : "expected a language as BCP 47 has it, such as en-US or de"};
}

bool name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

std::string check_variable_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), name_character)
               ? ""
               : "expected a name of letters, digits, '_', '.' and '-', at most 64";
}

// The names in braces, without those that have words for when they are unknown.
std::set<std::string> asked_for(std::string_view text) {
    std::set<std::string> names;
    for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
        const auto close = text.find('}', open);
        if (close == std::string_view::npos) break;
        const auto name = text.substr(open + 1, close - open - 1);
        if (check_variable_name(name).empty()) names.emplace(name);
    }
    return names;
}

}  // namespace

void persona_agent_rows(Table<AgentConfig>& t) {
    t.flag(
        "enabled", [](A& a) -> auto& { return a.persona.enabled; },
        "False: it is stopped, and its numbers are answered as those of nobody. Calls under way go on.");
    t.text(
        "persona", [](A& a) -> auto& { return a.persona.persona; }, "text",
        "Who the agent is; stands before the instructions. {name} is a variable, as in instructions and greeting.", Effect::live, check_persona_text);
    t.text_map(
        "variables", [](A& a) -> auto& { return a.persona.variables; },
        "What {name} stands for in persona, instructions and greeting, unless the call itself brings another value. 64 at most, 4 KiB each.");
    auto& row = t.rows.back();
    row.read = [](A& a, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::map) return c.wrong(node, "variables", "expected a section, found " + std::string(name_of(node.kind)));
        if (node.keys.size() > kMostVariables) return c.wrong(node, "variables", "has more than 64 entries");
        std::map<std::string, std::string> all;
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            if (const auto bad = check_variable_name(node.keys[i]); !bad.empty()) c.problems.add(node.key_places[i], "'" + node.keys[i] + "': " + bad);
            const auto value = yaml::as_text(node.children[i]);
            if (!value)
                c.wrong(node.children[i], node.keys[i], value.error);
            else if (value.value.size() > kMostValue)
                c.wrong(node.children[i], node.keys[i], "is longer than 4096 bytes");
            else
                all.emplace(node.keys[i], value.value);
        }
        a.persona.variables = std::move(all);
    };
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "languages", [](A& a) -> std::vector<std::string>& { return a.persona.languages; }, "BCP 47", language,
        [](const std::string& item) { return quote_yaml(item); },
        "What the agent speaks; the first one is spoken first. The model is told; what recognises and speaks is set up by its own `language`, and by "
        "`speech_in`.");
    section_list<A, SpeechIn>(
        t, "speech_in", [](A& a) -> auto& { return a.persona.speech_in; },
        {{"language", [](SpeechIn& s) -> auto& { return s.language; }, {}, {}},
         {"stt", {}, [](SpeechIn& s) -> auto& { return s.stt; }, {}},
         {"tts", {}, [](SpeechIn& s) -> auto& { return s.tts; }, {}}},
        [](const SpeechIn& s) {
            return s.language.empty()               ? std::string("has no language")
                   : s.stt.empty() && s.tts.empty() ? std::string("names neither stt nor tts")
                                                    : std::string();
        },
        "Vendors that recognise (stt) and speak (tts) another of the agent's languages, in the order they are asked: set_language goes on with them. What is "
        "not given stays as it is.");
}

std::vector<std::pair<std::string, std::string>> check_persona(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".";
        if (agent.persona.languages.size() > kMostLanguages) wrong.emplace_back(at + "languages", "names more than 16");
        for (std::size_t i = 0; i < agent.persona.speech_in.size(); ++i) {
            const auto& in = agent.persona.speech_in[i];
            const auto& spoken = agent.persona.languages;
            const auto refuse = [&](std::string why) { wrong.emplace_back(at + "speech_in", std::move(why)); };
            if (std::find(spoken.begin(), spoken.end(), in.language) == spoken.end())
                refuse("is for '" + in.language + "', which languages does not name");
            else if (spoken.front() == in.language)
                refuse("is for '" + in.language + "', which the call begins in: that is stt and tts");
            if (std::any_of(agent.persona.speech_in.begin(), agent.persona.speech_in.begin() + static_cast<std::ptrdiff_t>(i),
                            [&](const auto& before) { return before.language == in.language; }))
                refuse("has '" + in.language + "' twice");
            if (agent.brain != Brain::vendors || !agent.s2s.empty()) refuse("is given, but the agent has no recogniser and voice of vendors to exchange");
            for (const auto& [role, names] : {std::pair{vendors::Role::stt, &in.stt}, std::pair{vendors::Role::tts, &in.tts}}) {
                for (const auto& name : *names) {
                    if (name == vendors::kEmbedded && role == vendors::Role::tts) continue;
                    const auto* endpoint = config.vendor(name);
                    if (endpoint == nullptr)
                        refuse("there is no vendor '" + name + "'");
                    else if (const auto bad = vendors::check(role, *endpoint); !bad.empty())
                        wrong.emplace_back("vendors." + name, bad + " (as speech_in of agent " + agent.name + ")");
                }
            }
        }
        if (!agent.persona.persona.empty() && agent.brain != Brain::vendors)
            wrong.emplace_back(at + "persona", "is given, but brain is not vendors: there is no model to be told");
    }
    return wrong;
}

std::vector<std::pair<std::string, std::string>> persona_warnings(const Config& config) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& agent : config.agents) {
        if (agent.brain != Brain::vendors) continue;  // a script has slots of its own
        const std::array<std::pair<std::string, const std::string*>, 3> texts{
            {{"persona", &agent.persona.persona}, {"instructions", &agent.upstream.instructions}, {"greeting", &agent.greeting}}};
        for (const auto& [key, text] : texts) {
            for (const auto& name : asked_for(*text)) {
                const bool known = agent.persona.variables.contains(name) || name.starts_with("caller.") || name.starts_with("caller_") ||
                                   std::find(kOfEveryCall.begin(), kOfEveryCall.end(), name) != kOfEveryCall.end();
                if (!known)
                    all.emplace_back("agents." + agent.name + "." + key, "{" + name + "} is empty unless a call brings it along: `variables` does not name it");
            }
        }
    }
    return all;
}

}  // namespace parley::gateway
