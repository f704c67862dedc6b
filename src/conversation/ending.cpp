// How a call ends: after its last words were heard if it is ours to end, at once if it is not.
#include <algorithm>

#include "machine_state.hpp"
#include "text.hpp"

namespace parley::conversation {
namespace {
constexpr std::chrono::milliseconds kSlowestSpeechPerByte{100};
}

void Machine::State::decide_durations() {
    if (closing_ && closing_->forced) return;
    if (now_ >= max_duration_at_) {
        farewell(EndReason::max_duration, SpeechKind::goodbye, settings_.max_duration_text);
        return;
    }
    if (warning_at_ && now_ >= *warning_at_) {
        warning_at_.reset();
        if (!closing_) on(OperatorSay{settings_.max_duration_warning_text});
    }
}

void Machine::State::on(const TimeLeft& e) {
    const auto at = now_ + std::max(e.left, Instant{0});
    if (at >= max_duration_at_) return;
    max_duration_at_ = at;
    // Whoever was warned already is not warned again.
    const bool warned = settings_.max_duration_warning.count() > 0 && !warning_at_ && settings_.max_duration_warning < settings_.max_duration;
    if (!warned && settings_.max_duration_warning.count() > 0) warning_at_ = std::max<Instant>(now_, at - settings_.max_duration_warning);
}

void Machine::State::close_with(EndReason reason, SpeechKind kind, const std::string& text, bool forced) {
    Closing closing;
    closing.reason = reason;
    closing.own_words = true;
    closing.forced = forced;
    closing.progress = now_;
    closing.wordless = clean(text).empty();
    closing.bound = now_ + settings_.end_grace + kSlowestSpeechPerByte * std::min(text.size(), kLongestText);
    closing_ = std::move(closing);
    say(kind, text);
}

// Stops everything, says one sentence that cannot be interrupted, and ends.
void Machine::State::farewell(EndReason reason, SpeechKind kind, const std::string& text) {
    if (ended_ || (closing_ && closing_->forced)) return;
    abandon_caller();
    if (awaited_) {
        emit(DropUtterance{awaited_->id});
        if (!awaited_->text.empty()) emit(CallerSaid{awaited_->id, awaited_->text, 0, false});
        awaited_.reset();
    }
    if (digits_ && !digits_->text.empty()) emit(CallerSaid{0, shown_keys(), 1, true});
    digits_.reset();
    interrupt_agent(std::nullopt);
    prompt_.reset();
    held_.clear();
    close_with(reason, kind, text, true);
}

// The carrier's echo of the last mark is the proof; the clock serves when no mark is under way, and `end_grace` when
// the echo does not come.
std::optional<Instant> Machine::State::end_at() const {
    if (!closing_) return std::nullopt;
    if (!last_words_out()) {
        if (!closing_->own_words) return std::nullopt;
        return std::min<Instant>(closing_->progress + settings_.end_grace, closing_->bound);
    }
    const bool proof_under_way = !closing_->wordless && ledger_.outstanding_marks() > 0;
    if (unheard() == 0 && !proof_under_way) return now_;
    const Instant longest = std::max(last_hand_over_, last_heard_by_clock_) + settings_.end_grace;
    if (proof_under_way) return std::max<Instant>(last_hand_over_ + settings_.end_grace, last_heard_by_clock_);
    return std::min(longest, ledger_.all_heard_at(now_));
}

void Machine::State::decide_end() {
    const auto at = end_at();
    if (!at || now_ < *at) return;
    const Closing closing = *closing_;
    end(closing.reason, closing.target);
}

void Machine::State::end(EndReason reason, std::string target) {
    if (ended_) return;
    if (caller_ && caller_->confirmed && !caller_->text.empty()) emit(CallerSaid{caller_->id, caller_->text, 0, false});
    if (awaited_ && !awaited_->text.empty()) emit(CallerSaid{awaited_->id, awaited_->text, 0, false});
    if (digits_ && !digits_->text.empty()) emit(CallerSaid{0, shown_keys(), 1, true});
    if (asked_) finish_keys(KeysOutcome::hung_up);
    const ReplyId cut_off = reply_open() ? reply_->id : 0;
    if (reply_open()) {
        reply_->open = false;
        emit(CancelReply{reply_->id});
    }
    if (pending_speech()) emit(CancelSpeech{});
    commit_heard();
    commit_all(cut_off);
    flush_caller_line();
    close_turn();
    emit(EndCall{reason, std::move(target)});
    ended_ = true;
}

}  // namespace parley::conversation
