#include "script_grammar.hpp"

#include <algorithm>

namespace parley::brain {
namespace {

// Rule names of JSGF are plain words.
std::string rule_name(std::string_view name) {
    std::string out;
    for (const char c : name) out += (c == '-' || c == '.' || c == '\'') ? '_' : c;
    return out;
}

std::string slot_rule(std::string_view slot) {
    return "<slot_" + std::string(slot) + ">";
}

}  // namespace

std::shared_ptr<const speech::Grammar> make_grammar(const Script& script, const std::string& name, const std::vector<std::string>& intents,
                                                    const std::vector<std::string>& fill, double reject_below) {
    std::set<std::string> words, slots(fill.begin(), fill.end());
    std::string rules, top;
    const auto alternative = [&](const std::string& text) {
        if (!top.empty()) top += " | ";
        top += text;
    };
    for (const auto& intent_name : intents) {
        const auto& intent = script.intents.find(intent_name)->second;
        std::string body;
        for (const auto& phrase : intent.phrases) {
            phrase->collect(words, slots);
            if (!body.empty()) body += " | ";
            body += phrase->jsgf();
        }
        if (body.empty()) continue;
        const auto rule = "<intent_" + rule_name(intent_name) + ">";
        rules += rule + " = " + body + ";\n";
        alternative(rule);
    }
    // One slot alone, or two and more in either order; three at once are rare enough to be asked for one by one.
    for (const auto& a : fill) {
        std::string rest;
        for (const auto& b : fill) {
            if (a == b) continue;
            if (!rest.empty()) rest += " | ";
            rest += slot_rule(b);
        }
        alternative(slot_rule(a) + (rest.empty() ? "" : " [" + rest + "]"));
    }
    std::string slot_rules;
    for (const auto& slot : slots) {
        const auto kind = script.slots.find(slot)->second.kind;
        slot_words(kind, words);
        slot_rules += slot_rule(slot) + " = " + slot_jsgf(kind) + ";\n";
    }
    std::string line = "( " + top + " )";
    std::set<std::string> ignored;
    if (script.lead) {
        script.lead->collect(words, ignored);
        slot_rules += "<lead> = " + script.lead->jsgf() + ";\n";
        line = "[<lead>] [<lead>] " + line;
    }
    if (script.trail) {
        script.trail->collect(words, ignored);
        slot_rules += "<trail> = " + script.trail->jsgf() + ";\n";
        line += " [<trail>]";
    }
    const auto jsgf = "#JSGF V1.0;\ngrammar " + rule_name(name) + ";\n" + slot_rules + rules + "public <top> = " + line + ";\n";
    return speech::Grammar::make(name, jsgf, {words.begin(), words.end()}, reject_below);
}

}  // namespace parley::brain
