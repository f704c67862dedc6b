#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/pattern.hpp"
#include "parley/brain/slot.hpp"
#include "parley/speech/recognizer.hpp"

namespace parley::brain {

using Prompts = std::vector<std::string>;  // variants; {fact} is already put in, {slot} is left for the dialogue

// Something done besides talking: an action's name and its texts, with {slot} left for the dialogue.
struct ScriptAction {
    std::string name;
    std::map<std::string, std::string, std::less<>> arguments;
};

// What happens when something was understood (or not).
struct Act {
    Prompts say;
    std::vector<ScriptAction> actions;  // done behind `say`, one after another
    Prompts ok, failed;                 // said when all of them were done; when one was not (the rest is left out then)
    std::string go;                     // a state's name; empty: stay in this state
    std::vector<std::string> clear;     // slots forgotten afterwards (values just heard are kept)
    bool repeat = false;                // say the last reply again
    bool end = false;                   // hang up afterwards
    std::string transfer;               // a number or "voicemail"; empty: none
};

struct Intent {
    std::string name;
    std::string label;  // "cancel an appointment": how it is asked back when it was heard badly; empty: never asked
    std::vector<std::shared_ptr<const Pattern>> phrases;
};

struct NotUnderstood {
    Prompts say;            // said in order, the last one again and again
    std::size_t limit = 3;  // so many times in a row, then `then`
    Act then;
};

struct State {
    std::string name;
    Prompts ask, ask_again;                                // on entering; ask_again (if any) from the second time on
    std::vector<std::string> fill;                         // slots collected here
    std::map<std::string, Prompts, std::less<>> missing;   // asked when this slot is still missing; otherwise `ask`
    std::string filled;                                    // state to go to when all are filled
    std::map<std::string, Act, std::less<>> hear;          // by intent
    std::vector<std::string> order;                        // intents of `hear`, the state's own first: who wins when phrases are alike
    std::map<std::string, std::string, std::less<>> keys;  // DTMF entry -> intent
    NotUnderstood not_understood;
    std::chrono::milliseconds patience{0};  // silence that ends the caller's turn here; 0: the core's own default
    std::shared_ptr<const speech::Grammar> grammar;
};

// A dialogue as written by its author. Immutable, shared by all calls of an agent.
struct Script {
    std::string name;
    Prompts greeting;
    Prompts returned;  // said when a call comes back here (after a transfer nobody took); {note} is why
    std::string start;
    std::shared_ptr<const Pattern> lead, trail;  // what may be said before and after a phrase; may be null
    std::map<std::string, Intent, std::less<>> intents;
    std::map<std::string, SlotSpec, std::less<>> slots;
    std::map<std::string, State, std::less<>> states;
    double confirm_below = 0;                                // confidence under which an intent with a label is asked back
    Prompts confirm_ask;                                     // "Do you want to {label}?"
    std::shared_ptr<const speech::Grammar> confirm_grammar;  // intents yes and no

    [[nodiscard]] const State& state(std::string_view which) const { return states.find(which)->second; }
    [[nodiscard]] std::vector<std::shared_ptr<const speech::Grammar>> grammars() const;
    // Every prompt that says the same in each call: worth synthesising once.
    [[nodiscard]] std::vector<std::string> fixed_phrases() const;
    // Names of the actions its acts perform: whoever gives it a call must offer them.
    [[nodiscard]] std::vector<std::string> actions() const;
};

// Every action that can be offered to a brain, for finding a misspelt one early.
[[nodiscard]] const std::vector<std::string>& known_actions();

// what() is "file:line:column: sentence".
class ScriptError : public std::runtime_error {
public:
    ScriptError(std::string_view file, int line, int column, const std::string& what);
    [[nodiscard]] int line() const { return line_; }
    [[nodiscard]] int column() const { return column_; }

private:
    int line_, column_;
};

inline constexpr std::size_t kMaxScriptBytes = 256 * 1024;

// Strict: unknown keys, unknown names, unreachable states, missing prompts, words that are not in the recogniser's
// dictionary
// (`lexicon` null: not checked) and wrong types throw ScriptError with the nearest valid name.
[[nodiscard]] std::shared_ptr<const Script> parse_script(std::string_view yaml, std::string_view file, const speech::Lexicon* lexicon);
[[nodiscard]] std::shared_ptr<const Script> load_script(const std::string& path, const speech::Lexicon* lexicon);

}  // namespace parley::brain
