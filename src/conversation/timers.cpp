// Which timers are wanted, computed from the state after each event.
#include "machine_state.hpp"

namespace parley::conversation {

void Machine::State::arm_timers() {
    arm_exactly(TimerId::endpoint, endpoint_at());
    arm_exactly(TimerId::barge_in_confirm, confirm_at());
    arm_exactly(TimerId::final_wait, awaited_ ? std::optional(awaited_->until) : std::nullopt);
    const bool forced = closing_ && closing_->forced;
    arm_exactly(TimerId::max_duration, forced ? std::nullopt : std::optional(max_duration_at_));
    arm_exactly(TimerId::max_duration_warning, forced ? std::nullopt : warning_at_);

    // These move with every frame. They may fire early and find nothing to do, which is cheaper than moving them.
    arm_not_later(TimerId::filler, filler_at());
    arm_not_later(TimerId::idle, idle_at());
    arm_not_later(TimerId::end_grace, end_at());
    arm_not_later(TimerId::keys, keys_at());
    // While frames are still to come they wake us themselves; the watch is for the last of them.
    std::optional<Instant> watch;
    if (unheard() > 0) {
        if (turn_open_ && turn_.first_frame >= Instant{0}) {
            watch = ledger_.heard_at(turn_first_sample_, now_);
        } else if (!pending_speech()) {
            watch = ledger_.all_heard_at(now_);
        }
    }
    arm_not_later(TimerId::playout_watch, watch);
}

void Machine::State::arm_exactly(TimerId timer, std::optional<Instant> at) {
    auto& armed = armed_[static_cast<std::size_t>(timer)];
    if (armed == at) return;
    armed = at;
    if (at) {
        emit(ArmTimer{timer, *at});
    } else {
        emit(CancelTimer{timer});
    }
}

void Machine::State::arm_not_later(TimerId timer, std::optional<Instant> at) {
    auto& armed = armed_[static_cast<std::size_t>(timer)];
    if (!at || (armed && *armed <= *at && *armed >= now_)) return;
    armed = at;
    emit(ArmTimer{timer, *at});
}

}  // namespace parley::conversation
