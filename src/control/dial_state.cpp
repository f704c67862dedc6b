#include "parley/control/dial_state.hpp"

namespace parley::control {
namespace {

// Where a word of the carrier's stands on the way from wish to end.
std::optional<DialStatus> place_of(rest::CallStatus status) {
    switch (status) {
        case rest::CallStatus::queued:
            return DialStatus::queued;
        case rest::CallStatus::initiated:
            return DialStatus::initiated;
        case rest::CallStatus::ringing:
            return DialStatus::ringing;
        case rest::CallStatus::in_progress:
            return DialStatus::in_progress;
        case rest::CallStatus::completed:
        case rest::CallStatus::busy:
        case rest::CallStatus::failed:
        case rest::CallStatus::no_answer:
        case rest::CallStatus::canceled:
            return DialStatus::over;
        case rest::CallStatus::other:
            break;
    }
    return std::nullopt;
}

// A verdict may be refined: the machine is found first, its message's end later. Of two contrary ones the graver counts, whichever came first.
int weight(AnsweredBy who) {
    return static_cast<int>(who == AnsweredBy::unknown ? AnsweredBy::nobody_knows : who) * 2 + (who == AnsweredBy::unknown ? 1 : 0);
}

}  // namespace

std::string_view name(DialStatus status) {
    switch (status) {
        case DialStatus::queued:
            return "queued";
        case DialStatus::initiated:
            return "initiated";
        case DialStatus::ringing:
            return "ringing";
        case DialStatus::in_progress:
            return "in_progress";
        case DialStatus::over:
            return "over";
    }
    return "over";
}

std::string_view name(DialReason reason) {
    switch (reason) {
        case DialReason::none:
            return "";
        case DialReason::answered:
            return "answered";
        case DialReason::busy:
            return "busy";
        case DialReason::no_answer:
            return "no_answer";
        case DialReason::failed:
            return "failed";
        case DialReason::canceled:
            return "canceled";
        case DialReason::machine:
            return "machine";
        case DialReason::fax:
            return "fax";
        case DialReason::unknown:
            return "unknown";
    }
    return "unknown";
}

std::optional<AnsweredBy> answered_by(std::string_view text) {
    if (text == "human") return AnsweredBy::human;
    if (text == "machine_start") return AnsweredBy::machine_start;
    if (text == "machine_end_beep" || text == "machine_end_silence" || text == "machine_end_other") return AnsweredBy::machine_end;
    if (text == "fax") return AnsweredBy::fax;
    if (text == "unknown") return AnsweredBy::unknown;
    return std::nullopt;
}

std::string_view name(AnsweredBy who) {
    switch (who) {
        case AnsweredBy::nobody_knows:
            return "";
        case AnsweredBy::human:
            return "human";
        case AnsweredBy::machine_start:
            return "machine_start";
        case AnsweredBy::machine_end:
            return "machine_end";
        case AnsweredBy::fax:
            return "fax";
        case AnsweredBy::unknown:
            return "unknown";
    }
    return "";
}

std::optional<MachinePolicy> machine_policy(std::string_view text) {
    if (text == "ignore") return MachinePolicy::ignore;
    if (text == "hangup") return MachinePolicy::hangup;
    if (text == "drop") return MachinePolicy::drop;
    return std::nullopt;
}

std::string_view name(MachinePolicy policy) {
    switch (policy) {
        case MachinePolicy::ignore:
            return "ignore";
        case MachinePolicy::hangup:
            return "hangup";
        case MachinePolicy::drop:
            return "drop";
    }
    return "ignore";
}

bool DialState::on_status(rest::CallStatus status, std::optional<int> duration, std::optional<int> sip_code) {
    const auto place = place_of(status);
    if (!place) return false;
    if (*place == DialStatus::over) {
        // A call ends once. What we only assumed gives way to the carrier's word.
        const bool first = status_ != DialStatus::over || lost_;
        const bool more = (duration && !duration_) || (sip_code && !sip_code_);
        if (first) end_ = status;
        status_ = DialStatus::over;
        lost_ = false;
        if (!duration_) duration_ = duration;
        if (!sip_code_) sip_code_ = sip_code;
        return first || more;
    }
    if (*place <= status_) return false;
    status_ = *place;
    return true;
}

bool DialState::on_answered_by(AnsweredBy who) {
    if (weight(who) <= weight(who_)) return false;
    who_ = who;
    return true;
}

bool DialState::on_lost() {
    if (over()) return false;
    status_ = DialStatus::over;
    lost_ = true;
    return true;
}

DialReason DialState::reason() const {
    if (!over()) return DialReason::none;
    if (lost_) return DialReason::unknown;
    switch (end_) {
        case rest::CallStatus::busy:
            return DialReason::busy;
        case rest::CallStatus::no_answer:
            return DialReason::no_answer;
        case rest::CallStatus::canceled:
            return DialReason::canceled;
        case rest::CallStatus::failed:
            return DialReason::failed;
        case rest::CallStatus::completed:
            break;
        default:
            return DialReason::unknown;
    }
    if (who_ == AnsweredBy::fax) return DialReason::fax;
    if (who_ == AnsweredBy::machine_start || who_ == AnsweredBy::machine_end) return DialReason::machine;
    return DialReason::answered;
}

DialState::Step DialState::take_step() {
    if (stepped_ || over() || policy_ == MachinePolicy::ignore) return Step::none;
    const bool hang_up =
        who_ == AnsweredBy::fax || (policy_ == MachinePolicy::hangup && (who_ == AnsweredBy::machine_start || who_ == AnsweredBy::machine_end));
    const bool drop = policy_ == MachinePolicy::drop && who_ == AnsweredBy::machine_end;
    if (!hang_up && !drop) return Step::none;
    stepped_ = true;
    return drop ? Step::drop : Step::hang_up;
}

}  // namespace parley::control
