#pragma once
// What is understood of a call: while it runs (intents, hand-off, a summary of what is long past) and afterwards.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace parley::analysis {

struct Operator {  // a custom question to every finished call
    std::string name;
    std::string prompt;         // asked of the model; its answer holds to `schema`
    std::string schema;         // JSON Schema; empty: text
    std::string rule;           // or: a pattern (brain/pattern.hpp's language or a regular expression), true when a line matches
    std::string side = "both";  // caller, agent, both
};
struct Check {  // of a compliance list
    std::string name;
    std::string kind;  // consent, opt_out, hours, said, not_said
    std::vector<std::string>
        phrases;            // said, not_said, also in place of the built-in ones of consent and opt_out; of hours: "mon-fri 09:00-17:00", …; default 8 to 21
    std::string time_zone;  // of hours; default UTC
};
struct Intent {
    std::string name;
    std::vector<std::string> examples;  // for the model
    std::vector<std::string> phrases;   // grammar; any of them decides without a model
    std::string to;                     // a destination: agent:name, a number, voicemail, menu:…; empty: only named
    std::string deflect;                // or: said instead
};

struct AnalysisSettings {
    bool enabled = false;
    std::vector<std::string> models;  // names of vendors' entries; empty: the built-in rules alone
    std::chrono::milliseconds within{60000};
    bool summary = true, action_items = true, sentiment = true, intent = true;
    std::map<std::string, std::string> extract;  // name -> JSON Schema; "appointment" and "lead" have one of their own when empty
    std::vector<Operator> operators;
    std::vector<Check> compliance;
    // Memory of callers.
    bool remember_callers = false;
    std::string profile_schema;    // empty: the built-in one
    bool shared_profiles = false;  // one profile for all agents that share, instead of one an agent
    // While the call runs.
    std::vector<Intent> intents;
    std::string route_by = "off";      // off, grammar, model, both
    std::uint32_t context_tokens = 0;  // of the conversation given to the model; beyond it the oldest part becomes a summary; 0: no summary
};

// Why a rule or a check makes no sense; empty: it does.
namespace rules {
[[nodiscard]] std::string wrong_rule(std::string_view rule);
[[nodiscard]] std::string wrong_check(const Check& wanted);
}  // namespace rules

}  // namespace parley::analysis
