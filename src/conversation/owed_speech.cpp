// Silence: ours, when speech is owed (fillers, then an apology), and the caller's (idle prompts, then goodbye).
#include <algorithm>

#include "machine_state.hpp"

namespace parley::conversation {

void Machine::State::note_owed() {
    const bool audible = unheard() > 0;
    if (audible) {
        audible_until_ = ledger_.all_heard_at(now_);
    } else {
        audible_until_ = std::min(audible_until_, now_);
    }
    const bool working = awaited_ || prompt_ || reply_open() || pending_speech();
    const bool owed = working && !taken_ && !asked_ && !floor_taken() && !(closing_ && closing_->own_words);
    if (!owed) owed_since_.reset();
    if (owed && !owed_since_) owed_since_ = now_;

    const bool quiet = !working && !closing_ && !asked_ && !caller_ && !digits_ && speech_.empty() && !audible;
    if (!quiet) quiet_since_.reset();
    if (quiet && !quiet_since_) quiet_since_ = now_;
}

std::optional<Instant> Machine::State::filler_at() const {
    if (!owed_since_ || caller_) return std::nullopt;
    const Instant at = std::max(*owed_since_, audible_until_) + settings_.filler_after;
    return fillers_ == 0 ? at : std::max<Instant>(at, last_filler_ + settings_.filler_every);
}

void Machine::State::decide_filler() {
    const auto at = filler_at();
    if (!at || now_ < *at) return;
    if (fillers_ >= settings_.filler_max) {
        farewell(EndReason::brain_failed, SpeechKind::apology, settings_.apology_text);
        return;
    }
    const auto& texts = settings_.fillers;
    const std::string text = texts.empty() ? std::string() : texts[fillers_ % texts.size()];
    ++fillers_;
    last_filler_ = now_;
    restart_speech(text);
}

std::optional<Instant> Machine::State::idle_at() const {
    if (!quiet_since_ || taken_) return std::nullopt;
    return *quiet_since_ + settings_.idle_after;
}

void Machine::State::decide_idle() {
    const auto at = idle_at();
    if (!at || now_ < *at) return;
    quiet_since_ = now_;
    if (idles_ < settings_.idle_prompts) {
        const auto& texts = settings_.idle_texts;
        if (!texts.empty()) say(SpeechKind::idle_prompt, texts[std::min<std::size_t>(idles_, texts.size() - 1)]);
        ++idles_;
        return;
    }
    close_with(EndReason::silence, SpeechKind::goodbye, settings_.goodbye_text, false);
}

}  // namespace parley::conversation
