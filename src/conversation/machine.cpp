#include "parley/conversation/machine.hpp"

#include <algorithm>

#include "machine_state.hpp"

namespace parley::conversation {

Machine::Machine(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;

void Machine::on(const Event& event, Instant now, Commands& out) {
    state_->take(event, now, out);
}
const Ledger& Machine::ledger() const {
    return state_->ledger_;
}
const std::vector<ContextLine>& Machine::context() const {
    return state_->context_;
}
bool Machine::ended() const {
    return state_->ended_;
}
bool Machine::agent_audible(Instant now) const {
    return state_->ledger_.unheard_samples(now) > 0;
}
const char* Machine::state_name() const {
    return state_->state_name();
}
bool Machine::keys_secret() const {
    return state_->keys_secret_ || (state_->asked_ && state_->asked_->how.secret);
}
void Machine::expect(std::chrono::milliseconds endpoint_silence) {
    state_->expect(endpoint_silence);
}

Machine::State::State(Settings settings) : settings_(std::move(settings)), ledger_(settings_.carrier_delay) {}

void Machine::State::take(const Event& event, Instant now, Commands& out) {
    if (ended_) return;
    now_ = std::max(now_, now);
    out_ = &out;
    // Before the stream is accepted only its end, and what an operator wants said, have a meaning.
    const bool early = std::holds_alternative<Started>(event) || std::holds_alternative<Remembered>(event) || std::holds_alternative<CarrierStopped>(event) ||
                       std::holds_alternative<OperatorHangup>(event) || std::holds_alternative<OperatorSay>(event) ||
                       std::holds_alternative<PatienceAsked>(event) || std::holds_alternative<KeysWanted>(event);
    if (started_ || early) {
        std::visit([this](const auto& e) { on(e); }, event);
        if (started_ && !ended_) decide();
    }
    out_ = nullptr;
}

void Machine::State::on(const Remembered& e) {
    if (started_ || e.text.empty()) return;
    remember({e.agent ? ContextLine::Side::agent : ContextLine::Side::caller, e.text, e.interrupted});
}

void Machine::State::on(const Started& e) {
    if (started_) return;
    started_ = true;
    max_duration_at_ = now_ - std::clamp(e.waited, Instant{0}, now_) + settings_.max_duration;
    if (settings_.max_duration_warning.count() > 0 && settings_.max_duration_warning < settings_.max_duration)
        warning_at_ = max_duration_at_ - settings_.max_duration_warning;
    audible_until_ = last_hand_over_ = now_;
    turn_ = TurnTimes{};
    turn_open_ = true;
    start_reply(e.back ? Prompt{PromptKind::returned, e.note, 1} : Prompt{PromptKind::greeting, {}, 1});
}

void Machine::State::on(const TimerFired& e) {
    const auto index = static_cast<std::size_t>(e.timer);
    if (index < kTimers) armed_[index].reset();
}

void Machine::State::expect(std::chrono::milliseconds silence) {
    if (silence.count() <= 0) {
        patience_.reset();
        return;
    }
    patience_ = std::clamp<std::chrono::milliseconds>(silence, std::chrono::milliseconds(100), std::chrono::seconds(5));
}

// The order matters: first what the caller did, then what was heard, then what is to be said, then whether all is over.
void Machine::State::decide() {
    decide_confirm();
    decide_endpoint();
    decide_keys();
    decide_final_wait();
    commit_heard();
    note_turn_heard();
    decide_durations();
    if (ended_) return;
    decide_held();
    decide_reply();
    note_owed();
    decide_filler();
    if (ended_) return;
    decide_idle();
    decide_end();
    if (ended_) return;
    note_owed();
    arm_timers();
}

const char* Machine::State::state_name() const {
    if (ended_) return "ended";
    if (!started_) return "starting";
    if (closing_) return "ending";
    if (digits_) return "digits";
    if (asked_) return "collecting_keys";
    if (caller_ && !caller_->confirmed) return "possible_barge_in";
    if (caller_) return caller_->speaking ? "caller_speaking" : "endpointing";
    if (!speech_.empty() && unheard() > 0) return "speaking";
    if (awaited_) return "waiting_final";
    if (reply_open() || !speech_.empty() || prompt_) return "reply_pending";
    return "listening";
}

}  // namespace parley::conversation
