// What is kept of the conversation: the brain's memory and each turn's waterfall.
#include <algorithm>

#include "machine_state.hpp"

namespace parley::conversation {

void Machine::State::remember(ContextLine line) {
    context_.push_back(std::move(line));
    if (context_.size() > settings_.context_lines) context_.erase(context_.begin());
}

void Machine::State::flush_caller_line() {
    if (caller_line_.empty()) return;
    remember(ContextLine{ContextLine::Side::caller, std::move(caller_line_), false});
    caller_line_.clear();
}

// The text goes back into a prompt: it must not stand in the memory as well.
void Machine::State::forget_caller_line(const std::string& text) {
    if (text.empty()) return;
    if (caller_line_ == text) {
        caller_line_.clear();
        return;
    }
    const auto found = std::find_if(context_.rbegin(), context_.rend(),
                                    [&text](const ContextLine& line) { return line.side == ContextLine::Side::caller && line.text == text; });
    if (found != context_.rend()) context_.erase(std::next(found).base());
}

void Machine::State::close_turn() {
    if (!turn_open_) return;
    turn_open_ = false;
    emit(turn_);
}

void Machine::State::note_turn_heard() {
    if (!turn_open_ || turn_.first_frame < Instant{0} || ledger_.heard_samples(now_) < turn_first_sample_) return;
    turn_.heard = std::clamp(turn_heard_expected_, turn_.first_frame, now_);
    close_turn();
}

}  // namespace parley::conversation
