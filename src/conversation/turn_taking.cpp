// The caller's side: when a turn begins, when it is over, what was said in it.
#include <algorithm>

#include "machine_state.hpp"
#include "text.hpp"

namespace parley::conversation {

namespace {
// A detector notices late by its onset and hangover, never by more; anything else in an event is not believed.
constexpr Instant kLatestNotice = std::chrono::milliseconds(1000);
Instant back(Instant now, Instant ago) {
    return now - std::clamp(ago, Instant{0}, std::min(now, kLatestNotice));
}
}  // namespace

void Machine::State::on(const CallerSpeechStarted& e) {
    if (closing_ && (closing_->forced || (last_words_out() && unheard() == 0))) return;
    if (digits_ || (asked_ && !asked_->keys.empty())) return;  // key tones leak into the audio and sound like speech
    if (caller_) {
        if (caller_->speaking) return;
        caller_->speaking = true;
        caller_->resumed = now_;
        caller_->voiced_from = std::max(caller_->stopped, back(now_, e.ago));
        return;
    }
    Utterance fresh;
    fresh.id = ++last_utterance_;
    fresh.resumed = now_;
    fresh.begun = fresh.voiced_from = back(now_, e.ago);
    fresh.over_agent = unheard() > 0;
    fresh.confirmed = !fresh.over_agent && !asked_ && !reply_open() && !pending_speech() && !awaited_ && !prompt_;
    caller_ = std::move(fresh);
    emit(BeginUtterance{caller_->id});
    if (caller_->over_agent && settings_.barge_in) {
        ducked_ = true;
        emit(Duck{});
    }
}

void Machine::State::on(const CallerSpeechStopped& e) {
    if (!caller_ || !caller_->speaking) return;
    // A confirmation that fell due between two events counts as of its own instant, not of this one.
    decide_confirm();
    caller_->speaking = false;
    caller_->stopped = std::max(caller_->voiced_from, back(now_, e.ago));
    caller_->spoken += caller_->stopped - caller_->voiced_from;
    const bool agent_over = unheard() == 0 && !pending_speech() && !reply_open() && !awaited_ && !prompt_;
    if (!caller_->confirmed && agent_over) caller_->confirmed = true;
    const bool noise = caller_->spoken < settings_.min_utterance && caller_->text.empty();
    if (noise || !caller_->confirmed) drop_noise();
}

void Machine::State::on(const TranscriptPartial& e) {
    const auto text = clean(e.text);
    if (awaited_ && awaited_->id == e.utterance) {
        if (!text.empty()) awaited_->text = text;
        return;
    }
    if (!caller_ || caller_->id != e.utterance || text == caller_->text) return;
    caller_->text = text;
    caller_->vendor_end = 0;
    if (!caller_->confirmed && settings_.barge_in && settings_.barge_in_words > 0 && count_words(text) >= settings_.barge_in_words) confirm();
}

void Machine::State::on(const TranscriptFinal& e) {
    const auto text = clean(e.text);
    if (awaited_ && awaited_->id == e.utterance) {
        awaited_.reset();
        if (!text.empty()) recognition_failures_ = 0;
        settle_final(e.utterance, text, e.confidence);
    } else if (caller_ && caller_->id == e.utterance && !text.empty()) {
        // Not asked for yet: good text for an utterance that is still going on.
        on(TranscriptPartial{e.utterance, text});
    }
}

void Machine::State::on(const VendorEndOfTurn& e) {
    if (!caller_ || caller_->id != e.utterance || !(e.confidence > caller_->vendor_end)) return;
    caller_->vendor_end = e.confidence;
    caller_->vendor_at = now_;
}

void Machine::State::on(const VendorTurnResumed& e) {
    if (caller_ && caller_->id == e.utterance) caller_->vendor_end = 0;
}

void Machine::State::on(const VendorHeardCaller&) {
    if (caller_ && !caller_->confirmed && settings_.barge_in) confirm();
}

// Our own detector missed a quiet caller, or the vendor takes up what was dropped as noise.
void Machine::State::on(const VendorAnswers& e) {
    if (caller_ || digits_ || awaited_ || prompt_ || reply_open() || closing_) return;
    close_turn();
    turn_ = TurnTimes{};
    turn_.turn = ++turns_;
    turn_.endpoint = turn_.final_text = now_;
    turn_open_ = true;
    idles_ = 0;
    const auto text = clean(e.text);
    if (!text.empty()) emit(CallerSaid{0, text, 1, false});
    add_prompt(Prompt{PromptKind::caller_text, text, 1});
}

void Machine::State::on(const RecognitionFailed& e) {
    const bool waited_for = awaited_ && awaited_->id == e.utterance;
    const bool present = caller_ && caller_->id == e.utterance && !caller_->recognition_failed;
    if (!waited_for && !present) return;
    if (++recognition_failures_ >= settings_.failures_max && !taken_) {
        farewell(EndReason::brain_failed, SpeechKind::apology, settings_.apology_text);
        return;
    }
    if (present) {
        caller_->recognition_failed = true;
        return;
    }
    const auto text = awaited_->text;
    awaited_.reset();
    settle_final(e.utterance, text, 0);
}

void Machine::State::on(const DtmfPressed& e) {
    const char digit = e.digit;
    const bool known = (digit >= '0' && digit <= '9') || digit == '*' || digit == '#' || (digit >= 'A' && digit <= 'D');
    if (!known || (closing_ && (closing_->forced || (last_words_out() && unheard() == 0)))) return;
    if (take_key(digit)) return;
    if (!digits_) {
        const auto started = now_;
        if (caller_) abandon_caller();
        digits_ = Digits{};
        interrupt_agent(started);
    }
    digits_->until = now_ + settings_.digit_gap;
    if (digit != '#' || digits_->text.empty()) digits_->text += digit;
    if (digit == '#' || digits_->text.size() >= kMostDigits) finish_digits();
}

// How much silence ends the turn, from what is known at this moment.
Instant Machine::State::patience() const {
    const auto asked = patience_.value_or(settings_.endpoint_silence);
    const auto brief = std::min(asked, settings_.endpoint_silence_short);
    if (caller_->vendor_end >= settings_.vendor_end_confidence) return Instant{0};
    const bool nearly = caller_->vendor_end >= settings_.vendor_end_confidence / 2 && caller_->vendor_end > 0;
    switch (how_it_ends(caller_->text)) {
        case Ending::unfinished:
            return nearly ? asked : std::max(asked, settings_.endpoint_silence_long);
        case Ending::finished:
            // Who asked for more time than usual ("when would you like to come?") gets at least the usual.
            return asked > settings_.endpoint_silence && !nearly ? settings_.endpoint_silence : brief;
        case Ending::open:
            break;
    }
    return nearly ? brief : asked;
}

std::optional<Instant> Machine::State::endpoint_at() const {
    if (digits_) return digits_->until;
    if (!caller_ || !caller_->confirmed) return std::nullopt;
    const Instant longest = caller_->begun + settings_.max_utterance;
    if (caller_->speaking) {
        // A recogniser that is sure of the end is believed over a voice detector that hears a noisy line.
        if (caller_->vendor_end >= settings_.vendor_end_confidence) return std::min<Instant>(longest, caller_->vendor_at + settings_.endpoint_silence_short);
        return longest;
    }
    return std::min(longest, caller_->stopped + patience());
}

void Machine::State::decide_endpoint() {
    const auto at = endpoint_at();
    if (!at || now_ < *at) return;
    if (digits_) {
        finish_digits();
    } else {
        finish_turn();
    }
}

void Machine::State::finish_turn() {
    Utterance done = std::move(*caller_);
    caller_.reset();
    patience_.reset();
    unduck();
    if (awaited_) {  // an earlier stretch whose final has not come serves with its last partial
        AwaitedFinal earlier = std::move(*awaited_);
        awaited_.reset();
        emit(DropUtterance{earlier.id});
        settle_final(earlier.id, earlier.text, 0);
    }
    close_turn();
    turn_ = TurnTimes{};
    turn_.turn = ++turns_;
    turn_.speech_end = done.speaking ? now_ : done.stopped;
    turn_.endpoint = now_;
    turn_open_ = true;
    if (done.recognition_failed) {
        emit(DropUtterance{done.id});
        settle_final(done.id, done.text, 0);
        return;
    }
    emit(FinishUtterance{done.id});
    awaited_ = AwaitedFinal{done.id, now_ + settings_.final_wait, std::move(done.text)};
}

void Machine::State::finish_digits() {
    std::string text = shown_keys();
    digits_.reset();
    patience_.reset();
    idles_ = 0;
    close_turn();
    turn_ = TurnTimes{};
    turn_.turn = ++turns_;
    turn_.endpoint = turn_.final_text = now_;
    turn_open_ = true;
    emit(CallerSaid{0, text, 1, true});
    add_prompt(Prompt{PromptKind::digits, std::move(text), 1});
}

void Machine::State::settle_final(UtteranceId id, const std::string& text, double confidence) {
    if (turn_open_ && turn_.final_text < Instant{0}) turn_.final_text = now_;
    if (!(confidence >= 0 && confidence <= 1)) confidence = confidence > 1 ? 1 : 0;
    if (text.empty()) {
        add_prompt(Prompt{PromptKind::nothing_understood, {}, confidence});
        return;
    }
    idles_ = 0;
    emit(CallerSaid{id, text, confidence, false});
    add_prompt(Prompt{PromptKind::caller_text, text, confidence});
}

void Machine::State::decide_final_wait() {
    if (!awaited_ || now_ < awaited_->until) return;
    AwaitedFinal late = std::move(*awaited_);
    awaited_.reset();
    emit(DropUtterance{late.id});
    settle_final(late.id, late.text, 0);
}

// Stretches of speech that were not answered yet are one turn. `earlier`: the fresh one was said before what is there.
void Machine::State::add_prompt(Prompt fresh, bool earlier) {
    if (!prompt_) {
        prompt_ = std::move(fresh);
        return;
    }
    if (earlier) std::swap(*prompt_, fresh);
    // Now *prompt_ was said first.
    if (fresh.kind == PromptKind::nothing_understood || fresh.kind == PromptKind::greeting) return;
    if (prompt_->kind == PromptKind::caller_text && fresh.kind == PromptKind::caller_text) {
        append_words(prompt_->text, fresh.text);
        prompt_->text = clean(prompt_->text);
        prompt_->confidence = std::min(prompt_->confidence, fresh.confidence);
        return;
    }
    // Speech and keys do not mix into one text: what came first is remembered as said.
    if (!prompt_->text.empty()) remember(ContextLine{ContextLine::Side::caller, prompt_->text, false});
    prompt_ = std::move(fresh);
}

// The caller's present stretch will not be answered. What was recognised of it still belongs to the record.
void Machine::State::abandon_caller() {
    if (!caller_) return;
    emit(DropUtterance{caller_->id});
    if (caller_->confirmed && !caller_->text.empty()) emit(CallerSaid{caller_->id, caller_->text, 0, false});
    caller_.reset();
    unduck();
}

}  // namespace parley::conversation
