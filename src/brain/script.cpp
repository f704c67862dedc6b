#include "parley/brain/script.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include "script_grammar.hpp"
#include "script_reader.hpp"
#include "sentences.hpp"

namespace parley::brain {
namespace {

constexpr std::size_t kMaxActions = 8;   // of one act
constexpr std::size_t kMaxNesting = 40;  // of brackets in flow style; the YAML library recurses

const std::vector<std::string> kTopKeys{"returned", "name",  "facts",    "greeting", "start",          "lead",    "trail",
                                        "intents",  "slots", "anywhere", "states",   "not_understood", "confirm", "reject_below"};
const std::vector<std::string> kStateKeys{"ask", "ask_again", "fill", "missing", "filled", "hear", "keys", "not_understood", "patience_ms", "reject_below"};
const std::vector<std::string> kActKeys{"say", "do", "ok", "failed", "go", "clear", "repeat", "end", "transfer"};
const std::vector<std::string> kSlotKeys{"kind", "allow", "from", "to", "min", "max", "refuse"};
const std::vector<std::string> kWeekdays{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"};

constexpr const char* kYes =
    "yes | yeah | yep | sure | correct | that's right | that is right | that is correct | yes please | of course | "
    "exactly";
constexpr const char* kNo = "no | nope | no thanks | no thank you | that's wrong | that is wrong | wrong | not really";

bool plain_name(std::string_view name) {
    return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
           std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

template <class Map>
std::vector<std::string> names_in(const Map& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map) names.push_back(name);
    return names;
}

class Loader {
public:
    Loader(std::string_view file, const speech::Lexicon* lexicon) : file_{file}, lexicon_(lexicon) {}

    std::shared_ptr<const Script> run(const YAML::Node& root) {
        YAML::Node states, anywhere, greeting, returned, start, not_understood, confirm;
        file_.map(root, "the script", kTopKeys, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
            if (key == "name") script_->name = file_.text(value, "name", 60);
            if (key == "facts") read_facts(value);
            if (key == "greeting") greeting = value;
            if (key == "returned") returned = value;
            if (key == "start") start = value;
            if (key == "intents") intents_ = value;
            if (key == "slots") read_slot_kinds(value);
            if (key == "lead") lead_ = value;
            if (key == "trail") trail_ = value;
            if (key == "anywhere") anywhere = value;
            if (key == "states") states = value;
            if (key == "not_understood") not_understood = value;
            if (key == "confirm") confirm = value;
            if (key == "reject_below") reject_below_ = file_.number(value, key, 0, 1);
        });
        for (const auto* required : {"name", "greeting", "start", "intents", "states", "not_understood"}) {
            if (!root[required]) file_.fail(root, std::string("'") + required + "' is missing");
        }
        read_intents();
        finish_slots();
        if (!states.IsMap() || states.size() == 0) file_.fail(states, "states must be a map with at least one state");
        file_.map(states, "states", {}, [&](const std::string& key, const YAML::Node& at, const YAML::Node&) {
            if (!plain_name(key)) file_.fail(at, "a state's name has lower-case letters, digits and '_' only");
            script_->states[key].name = key;
        });
        script_->greeting = prompts(greeting, "greeting");
        if (returned.IsDefined() && !returned.IsNull()) script_->returned = prompts(returned, "returned");
        script_->start = state_name(start);
        default_not_understood_ = read_not_understood(not_understood);
        if (anywhere.IsDefined() && !anywhere.IsNull()) read_anywhere(anywhere);
        file_.map(states, "states", {},
                  [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) { read_state(script_->states[key], at, value); });
        read_confirm(confirm);
        refuse_unreachable(states);
        make_grammars();
        return script_;
    }

private:
    // --- small values

    void read_facts(const YAML::Node& node) {
        file_.map(node, "facts", {}, [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
            if (!plain_name(key)) file_.fail(at, "a fact's name has lower-case letters, digits and '_' only");
            facts_[key] = file_.text(value, "a fact", 400);
        });
    }

    // Puts facts in; what remains in braces must be a slot (or `extra`).
    std::string prompt(const YAML::Node& node, std::string_view what, std::string_view extra = {}) {
        const auto raw = file_.text(node, what);
        std::string out;
        for (std::size_t at = 0; at < raw.size();) {
            if (raw[at] != '{') {
                if (raw[at] == '}') file_.fail(node, "'}' without '{'");
                out += raw[at++];
                continue;
            }
            const auto close = raw.find('}', at);
            if (close == std::string::npos) file_.fail(node, "'}' is missing");
            const auto name = raw.substr(at + 1, close - at - 1);
            if (const auto fact = facts_.find(name); fact != facts_.end()) {
                out += fact->second;
            } else if (script_->slots.contains(name) || (!extra.empty() && name == extra)) {
                out += '{' + name + '}';
            } else {
                auto valid = names_in(facts_);
                for (const auto& slot : names_in(script_->slots)) valid.push_back(slot);
                if (!extra.empty()) valid.emplace_back(extra);
                file_.unknown(node.Mark(), "a fact or a slot", name, valid);
            }
            at = close + 1;
        }
        if (out.size() > 600) file_.fail(node, std::string(what) + " is longer than 600 bytes with its facts");
        return out;
    }

    Prompts prompts(const YAML::Node& node, std::string_view what, std::string_view extra = {}) {
        if (node.IsScalar()) return {prompt(node, what, extra)};
        (void)file_.texts(node, what);
        Prompts out;
        for (const auto& item : node) out.push_back(prompt(item, what, extra));
        return out;
    }

    std::string state_name(const YAML::Node& node) {
        auto name = file_.text(node, "a state's name", 60);
        if (!script_->states.contains(name)) file_.unknown(node.Mark(), "a state", name, names_in(script_->states));
        return name;
    }

    std::shared_ptr<const Pattern> pattern(const YAML::Node& node, bool slots_allowed) {
        const auto text = file_.text(node, "a phrase", 2000);
        Pattern::Error error;
        auto parsed = Pattern::parse(text, error);
        if (!parsed) {
            auto mark = node.Mark();
            mark.column += static_cast<int>(error.at) + (node.Tag() == "!" ? 1 : 0);
            file_.fail(mark, "phrase: " + error.what);
        }
        std::set<std::string> words, slots;
        parsed->collect(words, slots);
        for (const auto& slot : slots) {
            if (!slots_allowed) file_.fail(node, "no slot may stand here");
            if (!script_->slots.contains(slot)) file_.unknown(node.Mark(), "a slot", slot, names_in(script_->slots));
        }
        for (const auto& word : words) {
            if (lexicon_ == nullptr || lexicon_->contains(word)) continue;
            const auto nearest = lexicon_->nearest(word);
            file_.fail(node, "the recogniser does not know the word '" + word + "'" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
        }
        return parsed;
    }

    // --- slots and intents

    void read_slot_kinds(const YAML::Node& node) {
        slots_ = node;
        file_.map(node, "slots", {}, [&](const std::string& name, const YAML::Node& at, const YAML::Node& value) {
            if (!plain_name(name)) file_.fail(at, "a slot's name has lower-case letters, digits and '_' only");
            auto& slot = script_->slots[name];
            slot.name = name;
            bool kind_given = false;
            file_.map(value, "a slot", kSlotKeys, [&](const std::string& key, const YAML::Node&, const YAML::Node& item) {
                if (key != "kind") return;
                const auto kind = file_.text(item, "kind", 30);
                const auto known = slot_kind_named(kind);
                if (!known) file_.unknown(item.Mark(), "a kind of slot", kind, {"weekday", "time", "digits"});
                slot.kind = *known;
                kind_given = true;
            });
            if (!kind_given) file_.fail(at, "the slot's 'kind' is missing");
        });
    }

    int minute_of_day(const YAML::Node& node) {
        const auto text = file_.text(node, "a time", 5);
        const bool shape = text.size() == 5 && text[2] == ':' && std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) == 4;
        const int minute = shape ? (text[0] - '0') * 600 + (text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0' : -1;
        if (minute < 0 || minute > 24 * 60 || text[3] > '5') file_.fail(node, "a time is written \"HH:MM\"");
        return minute;
    }

    // After the facts are known, because refusals speak of them.
    void finish_slots() {
        if (!slots_.IsDefined() || !slots_.IsMap()) return;
        file_.map(slots_, "slots", {}, [&](const std::string& name, const YAML::Node& at, const YAML::Node& value) {
            auto& slot = script_->slots[name];
            bool restricted = false;
            file_.map(value, "a slot", kSlotKeys, [&](const std::string& key, const YAML::Node& key_at, const YAML::Node& item) {
                const auto only_for = [&](SlotKind kind) {
                    if (slot.kind != kind) file_.fail(key_at, "'" + key + "' is not for this kind of slot");
                    restricted = true;
                };
                if (key == "allow") {
                    only_for(SlotKind::weekday);
                    slot.allow = file_.texts(item, "allow");
                    for (const auto& day : slot.allow) {
                        if (std::ranges::find(kWeekdays, day) == kWeekdays.end()) file_.unknown(item.Mark(), "a weekday", day, kWeekdays);
                    }
                }
                if (key == "from") only_for(SlotKind::time), slot.from_minute = minute_of_day(item);
                if (key == "to") only_for(SlotKind::time), slot.to_minute = minute_of_day(item);
                if (key == "min") only_for(SlotKind::digits), slot.min_digits = static_cast<std::size_t>(file_.number(item, key, 1, 30));
                if (key == "max") only_for(SlotKind::digits), slot.max_digits = static_cast<std::size_t>(file_.number(item, key, 1, 30));
                if (key == "refuse") slot.refuse = prompts(item, "refuse");
            });
            if (slot.from_minute > slot.to_minute || slot.min_digits > slot.max_digits) file_.fail(at, "the slot's range is empty");
            if (restricted && slot.refuse.empty()) file_.fail(at, "the slot is restricted, so it needs a 'refuse' prompt");
        });
    }

    void read_intents() {
        file_.map(intents_, "intents", {}, [&](const std::string& name, const YAML::Node& at, const YAML::Node& value) {
            if (!plain_name(name)) file_.fail(at, "an intent's name has lower-case letters, digits and '_' only");
            auto& intent = script_->intents[name];
            intent.name = name;
            const auto phrases = [&](const YAML::Node& list) {
                (void)(list.IsScalar() ? std::vector<std::string>{} : file_.texts(list, "phrases", 100));
                if (list.IsScalar())
                    intent.phrases.push_back(pattern(list, true));
                else
                    for (const auto& item : list) intent.phrases.push_back(pattern(item, true));
            };
            if (!value.IsMap()) return phrases(value);
            file_.map(value, "an intent", {"phrases", "label"}, [&](const std::string& key, const YAML::Node&, const YAML::Node& item) {
                if (key == "phrases") phrases(item);
                if (key == "label") intent.label = file_.text(item, "label", 100);
            });
            if (intent.phrases.empty()) file_.fail(at, "the intent's 'phrases' are missing");
        });
        for (const auto& [name, text] : {std::pair("yes", kYes), std::pair("no", kNo)}) {
            auto& intent = script_->intents[name];
            if (!intent.name.empty()) continue;
            Pattern::Error error;
            intent.name = name;
            intent.phrases.push_back(Pattern::parse(text, error));
        }
        if (lead_.IsDefined()) script_->lead = pattern(lead_, false);
        if (trail_.IsDefined()) script_->trail = pattern(trail_, false);
    }

    // --- states

    Act read_act(const YAML::Node& node) {
        Act act;
        if (node.IsScalar()) {
            act.go = state_name(node);
            return act;
        }
        file_.map(node, "an act", kActKeys, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
            if (key == "say") act.say = prompts(value, "say");
            if (key == "do") act.actions = read_actions(value);
            if (key == "ok") act.ok = prompts(value, "ok");
            if (key == "failed") act.failed = prompts(value, "failed");
            if (key == "go") act.go = state_name(value);
            if (key == "repeat") act.repeat = file_.flag(value, key);
            if (key == "end") act.end = file_.flag(value, key);
            if (key == "transfer") act.transfer = transfer_target(value);
            if (key == "clear") {
                act.clear = file_.texts(value, key);
                for (const auto& slot : act.clear) {
                    if (!script_->slots.contains(slot)) file_.unknown(value.Mark(), "a slot", slot, names_in(script_->slots));
                }
            }
        });
        if (act.end && !act.transfer.empty()) file_.fail(node, "an act ends the call or transfers it, not both");
        if ((act.end || !act.transfer.empty()) && !act.go.empty()) file_.fail(node, "an act that ends or transfers the call goes nowhere");
        if (act.actions.empty() && (!act.ok.empty() || !act.failed.empty())) file_.fail(node, "'ok' and 'failed' belong to 'do'");
        if (!act.actions.empty() && act.repeat) file_.fail(node, "an act that repeats does nothing else");
        if (!act.actions.empty() && act.go.empty() && (act.ok.empty() || act.failed.empty()))
            file_.fail(node, "the caller must hear how it went: 'do' needs 'ok' and 'failed', or 'go'");
        if (act.say.empty() && act.go.empty() && act.actions.empty() && !act.repeat) file_.fail(node, "the act says nothing: it needs 'say', 'go' or 'repeat'");
        return act;
    }

    // [{send_sms: {text: "…"}}, {start_recording: {}}]
    std::vector<ScriptAction> read_actions(const YAML::Node& node) {
        if (!node.IsSequence() || node.size() == 0 || node.size() > kMaxActions)
            file_.fail(node, "'do' is a list of one to " + std::to_string(kMaxActions) + " actions, such as [{send_sms: {text: \"…\"}}]");
        std::vector<ScriptAction> all;
        for (const auto& item : node) {
            ScriptAction action;
            const auto name = [&](const YAML::Node& at, const std::string& text) {
                if (std::ranges::find(known_actions(), text) == known_actions().end()) file_.unknown(at.Mark(), "an action", text, known_actions());
                if (!action.name.empty()) file_.fail(at, "one action an entry of the list");
                action.name = text;
            };
            if (item.IsScalar()) {
                name(item, item.Scalar());
            } else {
                file_.map(item, "an action", {}, [&](const std::string& key, const YAML::Node& at, const YAML::Node& arguments) {
                    name(at, key);
                    if (arguments.IsNull()) return;
                    file_.map(arguments, "an action's arguments", {}, [&](const std::string& argument, const YAML::Node& where, const YAML::Node& value) {
                        if (!plain_name(argument)) file_.fail(where, "an argument's name has lower-case letters, digits and '_' only");
                        action.arguments[argument] = prompt(value, "an argument");
                    });
                });
            }
            if (action.name.empty()) file_.fail(item, "the action's name is missing");
            all.push_back(std::move(action));
        }
        return all;
    }

    std::string transfer_target(const YAML::Node& node) {
        auto target = file_.text(node, "transfer", 40);
        if (const auto fact =
                target.size() > 2 && target.front() == '{' && target.back() == '}' ? facts_.find(target.substr(1, target.size() - 2)) : facts_.end();
            fact != facts_.end()) {
            target = fact->second;
        }
        const bool number =
            target.size() >= 4 && target.size() <= 16 && target[0] == '+' && std::ranges::all_of(target.substr(1), [](char c) { return c >= '0' && c <= '9'; });
        if (!number && target != "voicemail") file_.fail(node, "transfer goes to \"voicemail\" or a number such as \"+15550100\"");
        return target;
    }

    NotUnderstood read_not_understood(const YAML::Node& node) {
        NotUnderstood out;
        bool then = false;
        file_.map(node, "not_understood", {"say", "limit", "then"}, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
            if (key == "say") out.say = prompts(value, key);
            if (key == "limit") out.limit = static_cast<std::size_t>(file_.number(value, key, 1, 20));
            if (key == "then") out.then = read_act(value), then = true;
        });
        if (out.say.empty()) file_.fail(node, "'say' is missing");
        if (!then) file_.fail(node, "'then' is missing: what happens when the caller is not understood again and again");
        return out;
    }

    void read_hear(const YAML::Node& node, std::map<std::string, Act, std::less<>>& hear) {
        file_.map(node, "hear", {}, [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
            if (!script_->intents.contains(key)) file_.unknown(at.Mark(), "an intent", key, names_in(script_->intents));
            hear[key] = read_act(value);
        });
    }

    void read_keys(const YAML::Node& node, const std::map<std::string, Act, std::less<>>& hear, std::map<std::string, std::string, std::less<>>& keys) {
        file_.map(node, "keys", {}, [&](const std::string& key, const YAML::Node& at, const YAML::Node& value) {
            const bool valid = key.size() <= 8 && std::ranges::all_of(key, [](char c) { return (c >= '0' && c <= '9') || c == '*' || c == '#'; });
            if (!valid) file_.fail(at, "keys are 1 to 8 of 0-9, * and #");
            auto intent = file_.text(value, "an intent's name", 60);
            if (!hear.contains(intent)) file_.unknown(value.Mark(), "an intent heard here", intent, names_in(hear));
            keys[key] = std::move(intent);
        });
    }

    void read_anywhere(const YAML::Node& node) {
        YAML::Node keys;
        file_.map(node, "anywhere", {"hear", "keys"}, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
            if (key == "hear") read_hear(value, anywhere_.hear);
            if (key == "keys") keys = value;
        });
        if (keys.IsMap()) read_keys(keys, anywhere_.hear, anywhere_.keys);
    }

    void read_state(State& state, const YAML::Node& at, const YAML::Node& node) {
        YAML::Node keys;
        state.hear = anywhere_.hear;
        state.keys = anywhere_.keys;
        state.not_understood = default_not_understood_;
        double reject_below = reject_below_;
        file_.map(node, "a state", kStateKeys, [&](const std::string& key, const YAML::Node& key_at, const YAML::Node& value) {
            if (key == "ask") state.ask = prompts(value, key);
            if (key == "ask_again") state.ask_again = prompts(value, key);
            if (key == "fill") read_fill(state, value);
            if (key == "filled") state.filled = state_name(value);
            if (key == "hear") {
                read_hear(value, state.hear);
                for (const auto& pair : value) state.order.push_back(pair.first.Scalar());
            }
            if (key == "keys") keys = value;
            if (key == "not_understood") state.not_understood = read_not_understood(value);
            if (key == "patience_ms") state.patience = std::chrono::milliseconds(static_cast<int>(file_.number(value, key, 200, 5000)));
            if (key == "reject_below") reject_below = file_.number(value, key, 0, 1);
            if (key == "missing") {
                const auto filled_slots = file_.texts(node["fill"] ? node["fill"] : key_at, "fill");
                file_.map(value, "missing", filled_slots,
                          [&](const std::string& slot, const YAML::Node&, const YAML::Node& item) { state.missing[slot] = prompts(item, "missing"); });
            }
        });
        if (state.ask.empty()) file_.fail(at, "the state's 'ask' is missing: what is said when it is entered");
        if (state.fill.empty() != state.filled.empty()) file_.fail(at, "'fill' and 'filled' belong together");
        if (state.fill.empty() && state.hear.empty()) file_.fail(at, "nothing can be heard in this state: 'hear' or 'fill' is missing");
        if (keys.IsDefined() && !keys.IsNull()) read_keys(keys, state.hear, state.keys);
        for (const auto& [intent, act] : state.hear) {
            if (std::ranges::find(state.order, intent) == state.order.end()) state.order.push_back(intent);
        }
        reject_[state.name] = reject_below;
    }

    void read_fill(State& state, const YAML::Node& value) {
        state.fill = file_.texts(value, "fill", 6);
        std::set<std::string> seen;
        for (const auto& slot : state.fill) {
            if (!script_->slots.contains(slot)) file_.unknown(value.Mark(), "a slot", slot, names_in(script_->slots));
            if (!seen.insert(slot).second) file_.fail(value, "a slot is named twice");
        }
    }

    void read_confirm(const YAML::Node& node) {
        if (!node.IsDefined() || node.IsNull()) return;
        file_.map(node, "confirm", {"below", "ask"}, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
            if (key == "below") script_->confirm_below = file_.number(value, key, 0, 1);
            if (key == "ask") script_->confirm_ask = prompts(value, key, "label");
        });
        if (script_->confirm_below > 0 && script_->confirm_ask.empty()) file_.fail(node, "'ask' is missing");
    }

    void refuse_unreachable(const YAML::Node& states) {
        std::set<std::string> reached{script_->start};
        std::vector<std::string> open{script_->start};
        const auto visit = [&](const std::string& name) {
            if (!name.empty() && reached.insert(name).second) open.push_back(name);
        };
        while (!open.empty()) {
            const auto& state = script_->states[open.back()];
            open.pop_back();
            visit(state.filled);
            visit(state.not_understood.then.go);
            for (const auto& [intent, act] : state.hear) visit(act.go);
        }
        for (const auto& pair : states) {
            const auto name = pair.first.Scalar();
            if (!reached.contains(name)) file_.fail(pair.first, "the state '" + name + "' cannot be reached from '" + script_->start + "'");
        }
    }

    void make_grammars() {
        for (auto& [name, state] : script_->states) {
            state.grammar = make_grammar(*script_, name, state.order, state.fill, reject_[name]);
        }
        script_->confirm_grammar = make_grammar(*script_, "yes_or_no", {"yes", "no"}, {}, reject_below_);
    }

    ScriptFile file_;
    const speech::Lexicon* lexicon_;
    std::shared_ptr<Script> script_ = std::make_shared<Script>();
    std::map<std::string, std::string, std::less<>> facts_;
    std::map<std::string, double> reject_;
    YAML::Node intents_, slots_{YAML::NodeType::Undefined}, lead_{YAML::NodeType::Undefined}, trail_{YAML::NodeType::Undefined};
    State anywhere_;
    NotUnderstood default_not_understood_;
    double reject_below_ = 0.5;
};

// The YAML library recurses on brackets; a hostile file must not reach that.
bool nests_too_deeply(std::string_view yaml) {
    std::size_t depth = 0;
    for (const char c : yaml) {
        if (c == '[' || c == '{') ++depth;
        if ((c == ']' || c == '}') && depth > 0) --depth;
        if (depth > kMaxNesting) return true;
    }
    return false;
}

}  // namespace

ScriptError::ScriptError(std::string_view file, int line, int column, const std::string& what)
    : std::runtime_error(std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what), line_(line), column_(column) {}

std::vector<std::shared_ptr<const speech::Grammar>> Script::grammars() const {
    std::vector<std::shared_ptr<const speech::Grammar>> all;
    for (const auto& [key, state] : states) all.push_back(state.grammar);
    all.push_back(confirm_grammar);
    return all;
}

std::vector<std::string> Script::fixed_phrases() const {
    std::vector<std::string> all;
    const auto take = [&](const Prompts& prompts) {
        for (const auto& prompt : prompts) {
            for (auto& sentence : sentences_of(prompt)) {
                if (sentence.find('{') == std::string::npos) all.push_back(std::move(sentence));
            }
        }
    };
    take(greeting);
    take(returned);
    for (const auto& [state_name, state] : states) {
        take(state.ask);
        take(state.ask_again);
        take(state.not_understood.say);
        for (const auto& [slot, prompts] : state.missing) take(prompts);
        for (const auto& [intent, act] : state.hear) {
            take(act.say);
            take(act.ok);
            take(act.failed);
        }
    }
    std::ranges::sort(all);
    const auto doubles = std::ranges::unique(all);
    all.erase(doubles.begin(), doubles.end());
    return all;
}

std::vector<std::string> Script::actions() const {
    std::set<std::string> names;
    const auto take = [&](const Act& act) {
        for (const auto& action : act.actions) names.insert(action.name);
    };
    for (const auto& [state_name, state] : states) {
        take(state.not_understood.then);
        for (const auto& [intent, act] : state.hear) take(act);
    }
    return {names.begin(), names.end()};
}

const std::vector<std::string>& known_actions() {
    static const std::vector<std::string> names{"send_sms",        "send_link",        "send_digits", "start_recording", "stop_recording",
                                                "pause_recording", "resume_recording", "park",        "take_message",    "schedule_callback"};
    return names;
}

std::shared_ptr<const Script> parse_script(std::string_view yaml, std::string_view file, const speech::Lexicon* lexicon) {
    if (yaml.size() > kMaxScriptBytes) throw ScriptError(file, 1, 1, "the script is longer than " + std::to_string(kMaxScriptBytes) + " bytes");
    if (nests_too_deeply(yaml)) throw ScriptError(file, 1, 1, "brackets are nested too deeply");
    try {
        const auto root = YAML::Load(std::string(yaml));
        return Loader(file, lexicon).run(root);
    } catch (const YAML::Exception& error) {
        throw ScriptError(file, std::max(error.mark.line, 0) + 1, std::max(error.mark.column, 0) + 1, error.msg);
    }
}

std::shared_ptr<const Script> load_script(const std::string& path, const speech::Lexicon* lexicon) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw ScriptError(path, 1, 1, "the file cannot be read");
    std::string yaml(kMaxScriptBytes + 1, '\0');
    in.read(yaml.data(), static_cast<std::streamsize>(yaml.size()));
    yaml.resize(static_cast<std::size_t>(in.gcount()));
    return parse_script(yaml, path, lexicon);
}

}  // namespace parley::brain
