// Barge-in in two steps: the agent is lowered at the first sound, and stopped when it is speech that goes on.
#include "machine_state.hpp"
#include "text.hpp"

namespace parley::conversation {

// When the caller's sound, if it goes on, takes the floor. Over an audible agent it needs to be more than a "mhm";
// while only thinking goes on, anything longer than a click will do.
std::optional<Instant> Machine::State::confirm_at() const {
    if (!caller_ || caller_->confirmed || !caller_->speaking) return std::nullopt;
    if (!settings_.barge_in && unheard() > 0) return std::nullopt;
    // Whoever is to press keys makes other sounds than words, the keys' tones among them.
    return caller_->resumed + (caller_->over_agent || asked_ ? settings_.barge_in_confirm : settings_.min_utterance);
}

void Machine::State::decide_confirm() {
    if (!caller_ || caller_->confirmed) return;
    if (!ducked_ && settings_.barge_in && unheard() > 0) {
        ducked_ = true;
        emit(Duck{});
    }
    const auto at = confirm_at();
    if (at && now_ >= *at) confirm();
}

void Machine::State::confirm() {
    caller_->confirmed = true;
    keys_secret_ = false;
    interrupt_agent(caller_->begun);
}

void Machine::State::drop_noise() {
    emit(DropUtterance{caller_->id});
    caller_.reset();
    unduck();
}

void Machine::State::unduck() {
    if (!ducked_) return;
    ducked_ = false;
    emit(Unduck{});
}

// Stops whatever the agent says or is about to say. The context keeps what was heard; a question of which no answer was
// heard goes back to be answered together with what comes now.
void Machine::State::interrupt_agent(std::optional<Instant> speech_started) {
    if (asked_) finish_keys(KeysOutcome::interrupted);
    commit_heard();
    const bool audible = unheard() > 0;
    const ReplyId interrupted = !speech_.empty() ? speech_.front().reply : (reply_ ? reply_->id : 0);
    const ReplyId cut_off = reply_open() ? reply_->id : 0;
    if (reply_open()) {
        reply_->open = false;
        emit(CancelReply{reply_->id});
    }
    if (pending_speech()) emit(CancelSpeech{});
    const bool had_speech = !speech_.empty();
    std::string heard;
    if (audible) {
        emit(ClearCarrier{});
        ledger_.cleared(now_);
    }
    unduck();
    if (had_speech) heard = commit_all(cut_off);
    if (audible && speech_started) emit(BargedIn{interrupted, *speech_started, now_, heard});
    if (reply_) {
        if (!reply_->heard && reply_->prompt.kind != PromptKind::greeting) {
            forget_caller_line(reply_->prompt.text);
            add_prompt(reply_->prompt, true);
        }
        reply_.reset();
    }
    if (closing_ && !closing_->forced) closing_.reset();
    audible_until_ = now_;
    owed_since_.reset();
    close_turn();
}

}  // namespace parley::conversation
