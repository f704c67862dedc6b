// Keys a reply asks the caller for: they are its answer, not a turn.
#include <algorithm>
#include <cstring>
#include <utility>

#include "machine_state.hpp"

namespace parley::conversation {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortest{500};
constexpr milliseconds kLongest{60000};
constexpr milliseconds kLongestGap{20000};
constexpr milliseconds kWhole{180000};   // all attempts together
constexpr milliseconds kLateKeys{3000};  // behind the last one that counted
constexpr std::uint32_t kMostAttempts = 5;

void wipe(std::string& text) {
    if (!text.empty()) explicit_bzero(text.data(), text.size());
    text.clear();
}

}  // namespace

std::string keys_masked(std::string keys) {
    for (char& key : keys)
        if (key != '*' && key != '#') key = '0';
    return keys;
}

void Machine::State::on(const KeysWanted& e) {
    // Who asks twice, or while somebody else has the floor, gets an answer too.
    if (!started_ || asked_ || closing_ || taken_ || floor_taken() || !reply_open()) {
        emit(KeysGiven{started_ && !asked_ && floor_taken() ? KeysOutcome::interrupted : KeysOutcome::unavailable, {}});
        return;
    }
    Asked fresh;
    fresh.how = e;
    fresh.how.most = std::clamp<std::uint32_t>(e.most, 1, kMostDigits);
    fresh.how.least = std::clamp<std::uint32_t>(e.least, 1, fresh.how.most);
    fresh.how.first_within = std::clamp(e.first_within, kShortest, kLongest);
    fresh.how.gap = std::clamp(e.gap, kShortest, kLongestGap);
    fresh.left = std::clamp<std::uint32_t>(e.attempts, 1, kMostAttempts) - 1;
    fresh.since = now_;
    fresh.bound = now_ + kWhole;
    keys_secret_ = false;
    late_keys_until_ = Instant{0};
    asked_ = std::move(fresh);
    say(SpeechKind::operator_text, asked_->how.say);
}

bool Machine::State::take_key(char key) {
    if (!asked_) {
        if (now_ >= late_keys_until_) return false;
        late_keys_until_ = now_ + late_keys_;
        return true;
    }
    if (caller_) abandon_caller();
    hush();
    asked_->last = now_;
    if (key == asked_->how.ends) {
        if (asked_->keys.size() >= asked_->how.least)
            finish_keys(KeysOutcome::complete);
        else
            ask_for_keys_again();
        return true;
    }
    asked_->keys += key;
    if (asked_->keys.size() < asked_->how.most) return true;
    let_late_keys_pass();
    finish_keys(KeysOutcome::complete);
    return true;
}

std::optional<Instant> Machine::State::keys_at() const {
    if (!asked_) return std::nullopt;
    Instant at = asked_->bound;
    if (!asked_->keys.empty())
        at = asked_->last + asked_->how.gap;
    else if (!pending_speech())
        at = std::max({asked_->since, audible_until_, unheard() > 0 ? ledger_.all_heard_at(now_) : Instant{0}}) + asked_->how.first_within;
    return std::min(at, asked_->bound);
}

void Machine::State::decide_keys() {
    const auto at = keys_at();
    if (!at || now_ < *at) return;
    if (asked_->keys.size() < asked_->how.least) return ask_for_keys_again();
    let_late_keys_pass();
    finish_keys(KeysOutcome::complete);
}

// Whoever types more than were wanted, slower than was waited for, or the ending key behind the last says nothing new with it.
void Machine::State::let_late_keys_pass() {
    late_keys_ = std::min<Instant>(asked_->how.gap, kLateKeys);
    late_keys_until_ = now_ + late_keys_;
}

void Machine::State::ask_for_keys_again() {
    if (asked_->left == 0 || now_ >= asked_->bound) return finish_keys(asked_->keys.empty() ? KeysOutcome::none : KeysOutcome::too_few);
    --asked_->left;
    wipe(asked_->keys);
    asked_->since = now_;
    say(SpeechKind::operator_text, asked_->how.say);
}

void Machine::State::finish_keys(KeysOutcome outcome) {
    Asked done = std::move(*asked_);
    asked_.reset();
    keys_secret_ = done.how.secret && outcome != KeysOutcome::complete;
    idles_ = 0;
    const bool told = outcome == KeysOutcome::complete || outcome == KeysOutcome::too_few;
    KeysGiven given{outcome, told ? done.keys : std::string{}};
    wipe(done.keys);
    emit(std::move(given));
}

// What is being said is cut off; the reply it belongs to goes on.
void Machine::State::hush() {
    commit_heard();
    if (speech_.empty()) return;
    if (pending_speech()) emit(CancelSpeech{});
    if (unheard() > 0) {
        emit(ClearCarrier{});
        ledger_.cleared(now_);
    }
    unduck();
    (void)commit_all(0);
    audible_until_ = now_;
}

// Of the rest of a secret only how long it is.
std::string Machine::State::shown_keys() const {
    return keys_secret_ ? "[" + std::to_string(digits_->text.size()) + " keys, not shown]" : digits_->text;
}

}  // namespace parley::conversation
