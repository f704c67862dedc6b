#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/brain/script.hpp"
#include "parley/conversation/events.hpp"

namespace parley::brain {

struct DialogueReply {
    std::vector<std::string> sentences;  // never empty, unless there are actions
    std::vector<ActionRequest> actions;  // done behind the sentences; then `ok` or `failed` is said, and `after`
    std::vector<std::string> ok, failed, after;
    conversation::ReplyThen then = conversation::ReplyThen::listen;
    std::string target;  // of a transfer
    std::string expect;  // name of the grammar for the caller's next words: a state, or "yes_or_no"
    std::chrono::milliseconds patience{0};
};

// One call's way through a script. Pure: no clock, no thread; the same inputs and seed give the same replies.
//
// Interruptions: what was understood stays understood (slots and state), because the caller who speaks over a question
// is mostly answering it. Two things are taken back: an end or transfer that was not spoken to its end does not happen,
// and the dialogue stands where it was decided; and the first words after an interruption that mean nothing in the new
// state are tried in the one before, because the caller may not have heard that it was left.
class Dialogue {
public:
    Dialogue(std::shared_ptr<const Script> script, std::uint64_t seed);

    // Names prompts may use besides slots.
    void know(const std::map<std::string, std::string>& variables);
    DialogueReply greet();
    DialogueReply heard(std::string_view text, double confidence);
    DialogueReply keyed(std::string_view digits);
    DialogueReply nothing_understood();
    DialogueReply returned(std::string_view note);  // the call is back: says so, and asks again what was asked
    void interrupted();                             // the last reply was not spoken to its end

    // Where the dialogue stands and what it knows, as JSON, for another Dialogue of the same script to go on from; what is not its own is ignored.
    [[nodiscard]] std::string saved() const;
    void restore(std::string_view saved);

    [[nodiscard]] const std::string& state() const { return state_; }
    [[nodiscard]] const SlotValues& slots() const { return slots_; }

private:
    struct Understood {
        std::string intent;
        SlotValues slots;
    };

    bool understand(const State& state, const std::vector<std::string>& words, Understood& out) const;
    DialogueReply act_on(const State& state, const Understood& understood, double confidence);
    DialogueReply perform(const Act& act, const SlotValues& heard);
    DialogueReply ask_back(const std::string& intent, const SlotValues& heard);
    DialogueReply answer_to_ask_back(const std::vector<std::string>& words, bool& answered);
    void store(const SlotValues& heard, std::string& text);
    void enter(const std::string& name, std::string& text);
    std::string question(const State& state);
    const std::string& pick(const Prompts& prompts);
    std::string fill_in(const std::string& prompt, std::string_view label = {}) const;
    std::string written(const std::string& text) const;  // slots as they were stored, not as they are spoken
    DialogueReply finish(std::string text);

    std::shared_ptr<const Script> script_;
    std::uint64_t random_;
    std::string state_, before_;  // before_: the state left by the last reply
    std::string decided_in_;      // where an end or transfer was decided; empty otherwise
    bool was_interrupted_ = false;
    SlotValues slots_;
    std::map<std::string, unsigned> visits_;
    std::map<const Prompts*, std::size_t> last_pick_;
    std::size_t misses_ = 0;
    std::map<std::string, std::string> variables_;
    std::string last_text_;
    std::string pending_;  // intent being asked back
    SlotValues pending_slots_;
};

}  // namespace parley::brain
