#include "parley/control/warm_transfer.hpp"

namespace parley::control {

std::string_view name(WarmResult result) {
    switch (result) {
        case WarmResult::pending:
            return "pending";
        case WarmResult::accepted:
            return "accepted";
        case WarmResult::refused:
            return "refused";
        case WarmResult::busy:
            return "busy";
        case WarmResult::no_answer:
            return "no_answer";
        case WarmResult::failed:
            return "failed";
        case WarmResult::hung_up:
            return "hung_up";
        case WarmResult::silent:
            return "silent";
        case WarmResult::machine:
            return "machine";
        case WarmResult::caller_left:
            return "caller_left";
    }
    return "failed";
}

WarmTransfer::Step WarmTransfer::fail(WarmResult why, std::string note, bool person_lives) {
    if (!waiting()) return {};
    phase_ = Phase::over;
    result_ = why;
    return {.hang_up_person = person_lives && !person_over_, .tell_person_gone = false, .take_back = true, .verify = false, .note = std::move(note)};
}

WarmTransfer::Step WarmTransfer::on_person(rest::CallStatus status, TimePoint now) {
    if (status == rest::CallStatus::in_progress && phase_ == Phase::calling) {
        phase_ = Phase::briefing;
        deadline_ = now + times_.brief;
        return {};
    }
    if (!rest::terminal(status)) return {};
    person_over_ = true;
    if (phase_ == Phase::accepted && status == rest::CallStatus::completed) {
        // They may have talked, and only the word of it got lost or comes later.
        deadline_ = now + times_.join;
        return {.hang_up_person = false, .tell_person_gone = false, .take_back = false, .verify = true, .note = {}};
    }
    switch (status) {
        case rest::CallStatus::busy:
            return fail(WarmResult::busy, "The person called was on another line. Nobody took the call.", false);
        case rest::CallStatus::no_answer:
            return fail(WarmResult::no_answer, "Nobody answered. Nobody took the call.", false);
        case rest::CallStatus::failed:
            return fail(WarmResult::failed, "The person could not be reached. Nobody took the call.", false);
        case rest::CallStatus::canceled:
            return fail(WarmResult::no_answer, "Nobody answered. Nobody took the call.", false);
        default:
            return fail(WarmResult::hung_up, "The person called hung up before taking the call. Nobody took the call.", false);
    }
}

WarmTransfer::Step WarmTransfer::on_person_failed() {
    return fail(WarmResult::failed, "The person could not be called. Nobody took the call.", false);
}

WarmTransfer::Step WarmTransfer::on_briefing(TimePoint now) {
    return on_person(rest::CallStatus::in_progress, now);
}

WarmTransfer::Step WarmTransfer::on_answer(bool takes, TimePoint now) {
    if (phase_ != Phase::calling && phase_ != Phase::briefing) return {};
    if (!takes) return fail(WarmResult::refused, "The person called did not want to take the call.", false);  // the answer's own document says goodbye
    phase_ = Phase::accepted;
    result_ = WarmResult::accepted;
    deadline_ = now + times_.join;
    return {};
}

WarmTransfer::Step WarmTransfer::on_silence() {
    return fail(WarmResult::silent, "The person called said nothing. Nobody took the call.", false);
}

WarmTransfer::Step WarmTransfer::on_machine() {
    if (phase_ != Phase::calling && phase_ != Phase::briefing) return {};
    return fail(WarmResult::machine, "Only an answering machine picked up. Nobody took the call.", true);
}

WarmTransfer::Step WarmTransfer::on_person_joined() {
    if (phase_ != Phase::over) {
        phase_ = Phase::joined;
        result_ = WarmResult::accepted;
    }
    return {};
}

WarmTransfer::Step WarmTransfer::on_caller_gone() {
    if (!waiting()) return {};
    const bool listening = phase_ != Phase::calling;
    phase_ = Phase::over;
    result_ = WarmResult::caller_left;
    return {.hang_up_person = !person_over_, .tell_person_gone = listening && !person_over_, .take_back = false, .verify = false, .note = {}};
}

WarmTransfer::Step WarmTransfer::on_time(TimePoint now) {
    if (!waiting() || now < deadline_) return {};
    switch (phase_) {
        case Phase::calling:
            return fail(WarmResult::no_answer, "Nobody answered. Nobody took the call.", true);
        case Phase::briefing:
            return fail(WarmResult::silent, "The person called said nothing. Nobody took the call.", true);
        default:
            // Both may be talking, and only the word of it got lost: nobody is taken out of a conversation on a guess.
            deadline_ = now + times_.join;
            return {.hang_up_person = false, .tell_person_gone = false, .take_back = false, .verify = true, .note = {}};
    }
}

WarmTransfer::Step WarmTransfer::on_closing() {
    if (phase_ != Phase::calling && phase_ != Phase::briefing) return {};
    return fail(WarmResult::failed, "The person could not be reached in time. Nobody took the call.", true);
}

WarmTransfer::Step WarmTransfer::on_not_joined() {
    if (phase_ != Phase::accepted) return {};
    return fail(WarmResult::failed, "The connection to the person called was lost.", true);
}

}  // namespace parley::control
