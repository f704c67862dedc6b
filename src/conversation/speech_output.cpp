// What is given to synthesis, how far each piece has come, and what of it was heard.
#include <algorithm>
#include <limits>
#include <vector>

#include "machine_state.hpp"
#include "text.hpp"

namespace parley::conversation {

void Machine::State::say(SpeechKind kind, std::string text, ReplyId reply, std::uint8_t attempts) {
    text = clean(text);
    if (text.empty()) return;
    Segment fresh;
    fresh.id = ++last_segment_;
    fresh.reply = reply;
    fresh.kind = kind;
    fresh.text = text;
    fresh.attempts = attempts;
    speech_.push_back(std::move(fresh));
    ledger_.begin_segment(last_segment_, text);
    emit(Speak{last_segment_, reply, kind, std::move(text)});
}

// Takes back what synthesis has not delivered and asks for it again, behind `filler`. A piece that broke off in the
// middle goes on behind the last word handed over.
void Machine::State::restart_speech(const std::string& filler, SegmentId failed) {
    if (pending_speech()) emit(CancelSpeech{});
    std::vector<Segment> again;
    for (auto it = speech_.begin(); it != speech_.end();) {
        if (it->handed_over()) {
            ++it;
            continue;
        }
        Segment repeat = *it;
        if (repeat.id == failed) ++repeat.attempts;
        if (it->handed > 0) {
            repeat.text = clean(ledger_.cut(it->id));
            it->synthesized = true;
            it->ready = it->handed;
            ++it;
        } else {
            it = speech_.erase(it);
        }
        // A voice that finds its own words goes on by itself, or another does: repeating them would say them twice.
        if (repeat.kind != SpeechKind::filler && !repeat.voice && !repeat.text.empty()) again.push_back(std::move(repeat));
    }
    say(SpeechKind::filler, filler);
    for (Segment& s : again) say(s.kind, std::move(s.text), s.reply, s.attempts);
}

Machine::State::Segment* Machine::State::find(SegmentId id) {
    const auto found = std::find_if(speech_.begin(), speech_.end(), [id](const Segment& s) { return s.id == id; });
    return found == speech_.end() ? nullptr : &*found;
}

bool Machine::State::pending_speech() const {
    return std::any_of(speech_.begin(), speech_.end(), [](const Segment& s) { return !s.handed_over(); });
}

void Machine::State::on(const SegmentAudio& e) {
    Segment* segment = find(e.segment);
    if (segment == nullptr || segment->synthesized || e.samples == 0) return;
    segment->ready += e.samples;
    if (closing_) closing_->progress = now_;
    if (turn_open_ && segment->reply != 0 && turn_.first_audio < Instant{0}) turn_.first_audio = now_;
}

void Machine::State::on(const SegmentSynthesized& e) {
    Segment* segment = find(e.segment);
    if (segment == nullptr || segment->synthesized) return;
    if (segment->ready == 0) {  // a voice that says nothing has failed
        on(SegmentFailed{e.segment});
        return;
    }
    segment->synthesized = true;
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    ledger_.segment_total(e.segment, static_cast<std::uint32_t>(std::min(segment->ready, kMost)));
}

void Machine::State::on(const SegmentFailed& e) {
    Segment* segment = find(e.segment);
    if (segment == nullptr || segment->handed_over()) return;
    const SpeechKind kind = segment->kind;
    if (closing_ && closing_->own_words) {
        // Not even the last sentence can be said.
        const auto reason = closing_->reason;
        end(reason, closing_->target);
        return;
    }
    switch (kind) {
        case SpeechKind::filler:
        case SpeechKind::apology:
        case SpeechKind::goodbye:
            end(EndReason::brain_failed, {});
            return;
        case SpeechKind::reply:
        case SpeechKind::greeting:
        case SpeechKind::idle_prompt:
        case SpeechKind::operator_text:
        case SpeechKind::keys:
            break;
    }
    if (segment->attempts >= 2) {
        farewell(EndReason::brain_failed, SpeechKind::apology, settings_.apology_text);
        return;
    }
    restart_speech({}, e.segment);
}

void Machine::State::on(const WordTimed& e) {
    ledger_.align(e.segment, e.samples, e.characters);
}

void Machine::State::on(const SegmentText& e) {
    Segment* segment = find(e.segment);
    if (segment == nullptr || !segment->voice || e.text.empty()) return;
    constexpr std::size_t kMost = 16 * 1024;
    const auto room = kMost - std::min(kMost, segment->text.size());
    const auto more = clean(e.text, room);
    if (more.empty()) {
        blank_after_ = segment->id;
        return;
    }
    // Cleaning takes the blanks at both ends, which here may stand between two words.
    const bool apart = !segment->text.empty() && (e.text.front() == ' ' || e.text.front() == '\n' || trailing_blank(segment->id));
    blank_after_ = e.text.back() == ' ' || e.text.back() == '\n' ? segment->id : 0;
    const std::string piece = (apart ? " " : "") + more;
    segment->text += piece;
    ledger_.append_text(segment->id, piece);
}

void Machine::State::on(const FrameHandedOver& e) {
    if (e.samples == 0) return;
    const auto before = ledger_.handed_samples() - ledger_.cleared_samples();
    ledger_.handed_over(e.segment, e.samples, now_);
    last_hand_over_ = now_;
    last_heard_by_clock_ = ledger_.all_heard_at(now_);
    Segment* segment = find(e.segment);
    if (segment == nullptr) return;
    segment->handed += e.samples;
    if (closing_) closing_->progress = now_;
    if (segment->kind != SpeechKind::reply && segment->kind != SpeechKind::greeting) return;
    fillers_ = 0;
    reply_failures_ = 0;
    if (turn_open_ && turn_.first_frame < Instant{0}) {
        turn_.first_frame = now_;
        turn_first_sample_ = before + 1;
        turn_heard_expected_ = ledger_.heard_at(turn_first_sample_, now_);
    }
}

void Machine::State::on(const OperatorSay& e) {
    auto text = clean(e.text);
    if (text.empty() || (closing_ && closing_->forced)) return;
    if (started_ && !caller_ && !digits_) {
        say(e.keys ? SpeechKind::keys : SpeechKind::operator_text, std::move(text));
        return;
    }
    if (held_.size() == kMostHeldTexts) held_.pop_front();
    held_.push_back({std::move(text), e.keys});
}

void Machine::State::decide_held() {
    if (caller_ || digits_) return;
    while (!held_.empty()) {
        OperatorSay next = std::move(held_.front());
        held_.pop_front();
        say(next.keys ? SpeechKind::keys : SpeechKind::operator_text, std::move(next.text));
    }
}

// Pieces of one reply that follow each other are one line.
std::size_t Machine::State::first_group() const {
    const Segment& front = speech_.front();
    std::size_t count = 1;
    while (front.reply != 0 && count < speech_.size() && speech_[count].reply == front.reply && speech_[count].kind == front.kind) ++count;
    return count;
}

void Machine::State::commit_heard() {
    while (!speech_.empty()) {
        const auto count = first_group();
        const auto reply = speech_.front().reply;
        const bool more_to_come = reply_open() && reply_->id == reply && count == speech_.size();
        if (more_to_come) return;
        for (std::size_t i = 0; i < count; ++i) {
            if (!speech_[i].handed_over()) return;
            if (!ledger_.heard_of(speech_[i].id, now_).complete && unheard() > 0) return;
        }
        commit(count, false);
    }
    if (reply_ && !reply_->open && reply_->heard) reply_.reset();
}

// Settles every piece as it is, heard or not. Returns what was heard of those broken off.
std::string Machine::State::commit_all(ReplyId cut_off) {
    std::string broken_off;
    while (!speech_.empty()) {
        const auto count = first_group();
        bool interrupted = cut_off != 0 && speech_.front().reply == cut_off;
        for (std::size_t i = 0; i < count; ++i) interrupted = interrupted || !speech_[i].handed_over() || !ledger_.heard_of(speech_[i].id, now_).complete;
        const auto heard = commit(count, interrupted);
        if (interrupted) append_words(broken_off, heard);
    }
    return broken_off;
}

std::string Machine::State::commit(std::size_t count, bool interrupted) {
    const auto reply = speech_.front().reply;
    const auto kind = speech_.front().kind;
    const bool voice = speech_.front().voice;
    std::string heard;
    std::uint64_t samples = 0;
    for (std::size_t i = 0; i < count; ++i) {
        append_words(heard, ledger_.heard_text(speech_.front().id, now_));
        samples += ledger_.heard_of(speech_.front().id, now_).samples;
        speech_.pop_front();
    }
    if (heard.empty() && !voice) return heard;
    if (heard.empty()) {
        emit(AgentSaid{reply, kind, {}, interrupted, Instant{samples * 125}});
        return heard;
    }
    if (reply_ && reply_->id == reply) reply_->heard = true;
    flush_caller_line();
    if (kind != SpeechKind::keys) remember(ContextLine{ContextLine::Side::agent, heard, interrupted});
    emit(AgentSaid{reply, kind, heard, interrupted, Instant{samples * 125}});
    return heard;
}

}  // namespace parley::conversation
