// The brain's side: one reply at a time, each of them finished, cancelled or failed exactly once.
#include <algorithm>

#include "machine_state.hpp"
#include "text.hpp"

namespace parley::conversation {

void Machine::State::on(const TakenOver& e) {
    if (!started_ || taken_ == e.on || (closing_ && closing_->forced)) return;
    taken_ = e.on;
    quiet_since_.reset();
    idles_ = 0;
    if (taken_) {
        interrupt_agent(std::nullopt);
        return;
    }
    // What the caller said last and nobody answered is answered now.
    if (prompt_ || context_.empty() || context_.back().side != ContextLine::Side::caller) return;
    Prompt left{PromptKind::caller_text, context_.back().text, 1};
    forget_caller_line(left.text);
    add_prompt(std::move(left));
}

void Machine::State::decide_reply() {
    if (taken_ && prompt_) {
        flush_caller_line();
        if (!prompt_->text.empty()) remember(ContextLine{ContextLine::Side::caller, std::move(prompt_->text), false});
        prompt_.reset();
        close_turn();
    }
    if (!prompt_ || caller_ || digits_ || awaited_ || closing_ || reply_open()) return;
    Prompt prompt = std::move(*prompt_);
    prompt_.reset();
    start_reply(std::move(prompt));
}

void Machine::State::start_reply(Prompt prompt) {
    if (asked_) finish_keys(KeysOutcome::interrupted);  // by a reply that is over
    flush_caller_line();
    caller_line_ = prompt.kind == PromptKind::returned ? std::string{} : prompt.text;
    Reply fresh;
    fresh.id = ++last_reply_;
    fresh.prompt = std::move(prompt);
    reply_ = std::move(fresh);
    emit(StartReply{reply_->id, reply_->prompt.kind, reply_->prompt.text, reply_->prompt.confidence});
}

void Machine::State::on(const ReplyText& e) {
    Reply* reply = open_reply(e.reply);
    if (reply == nullptr) return;
    auto text = clean(e.text);
    if (text.empty()) return;
    if (turn_open_ && turn_.first_text < Instant{0}) turn_.first_text = now_;
    reply->any_text = true;
    reply->characters += text.size();
    const bool enough = reply->characters > settings_.reply_max_characters;
    const auto id = reply->id;
    say(reply->prompt.kind == PromptKind::greeting ? SpeechKind::greeting : SpeechKind::reply, std::move(text), id);
    if (enough) {
        reply->open = false;
        emit(CancelReply{id});
    }
}

void Machine::State::on(const ReplyVoice& e) {
    Reply* reply = open_reply(e.reply);
    if (reply == nullptr) return;
    if (turn_open_ && turn_.first_text < Instant{0}) turn_.first_text = now_;
    reply->any_text = true;
    Segment fresh;
    fresh.id = ++last_segment_;
    fresh.reply = reply->id;
    fresh.kind = reply->prompt.kind == PromptKind::greeting ? SpeechKind::greeting : SpeechKind::reply;
    fresh.voice = true;
    ledger_.begin_segment(fresh.id, {});
    emit(Speak{fresh.id, fresh.reply, fresh.kind, {}});
    speech_.push_back(std::move(fresh));
}

void Machine::State::on(const ReplyFinished& e) {
    Reply* reply = open_reply(e.reply);
    if (reply == nullptr) return;
    reply->open = false;
    if (e.then != ReplyThen::listen) {
        Closing closing;
        closing.reason = e.then == ReplyThen::transfer ? EndReason::transferred : EndReason::agent_completed;
        closing.target = clean(e.target, 256);
        closing.wordless = !reply->any_text;
        closing_ = std::move(closing);
    } else if (!reply->any_text) {
        ask_again();
    }
}

void Machine::State::on(const ReplyFailed& e) {
    Reply* reply = open_reply(e.reply);
    if (reply == nullptr) return;
    reply->open = false;
    if (++reply_failures_ >= settings_.failures_max) {
        farewell(EndReason::brain_failed, SpeechKind::apology, settings_.apology_text);
        return;
    }
    ask_again();
}

// Nothing to say is never answered with silence.
void Machine::State::ask_again() {
    reply_.reset();
    say(SpeechKind::apology, settings_.fallback_text);
}

}  // namespace parley::conversation
