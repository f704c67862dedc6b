#include "parley/hold/hold_player.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace parley::hold {

namespace {

constexpr std::size_t kShortestMusic = 800;  // a tenth of a second: less is a click, not a tune
constexpr std::size_t kSpeechFade = 80;      // at its own end, where a recording may stop anywhere
constexpr std::size_t kCutFade = 640;        // where it is cut in the middle of a word
constexpr std::size_t kHardlyBegun = 1600;
constexpr int kQuiet = 250;  // mean magnitude of a frame without speech; hiss of a telephone recording is below

std::size_t samples(std::chrono::milliseconds time) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, time.count())) * 8;
}
bool any(const Sound& sound) {
    return sound && !sound->empty();
}

bool quiet(std::span<const std::int16_t> frame) {
    int sum = 0;
    for (const auto sample : frame) sum += std::abs(static_cast<int>(sample));
    return sum < kQuiet * static_cast<int>(frame.size());
}

}  // namespace

HoldPlayer::HoldPlayer(Strategy strategy, HoldSounds sounds, HoldMix mix)
    : mix_(mix), ducked_gain_(static_cast<float>(std::pow(10.0, std::min(0.0, mix.duck_db) / 20))) {
    switch (strategy) {
        case Strategy::none:
            break;
        case Strategy::text:
            speech_ = std::move(sounds.text);
            break;
        case Strategy::audio:
            speech_ = std::move(sounds.audio);
            break;
        case Strategy::music:
            music_ = std::move(sounds.music);
            break;
        case Strategy::audio_then_music:
        case Strategy::text_then_music:
            speech_ = std::move(strategy == Strategy::text_then_music ? sounds.text : sounds.audio);
            music_ = std::move(sounds.music);
            music_after_ = true;
            break;
        case Strategy::text_over_music:
            speech_ = std::move(sounds.text);
            music_ = std::move(sounds.music);
            break;
    }
    if (any(music_) && music_->size() < kShortestMusic) music_ = nullptr;
    if (any(music_))
        seam_ = std::min(samples(mix_.seam), music_->size() / 4);
    else
        music_ = nullptr;
    if (any(speech_)) {
        speech_end_ = speech_->size();
        speech_fade_ = std::min(kSpeechFade, speech_end_);
        find_pauses();
        if (music_ && !music_after_) lead_in_ = samples(mix_.lead_in) / kFrame;
    } else {
        speech_ = nullptr;
    }
}

void HoldPlayer::find_pauses() {
    const auto wanted = samples(kPause) / kFrame;
    std::size_t run = 0;
    for (std::size_t at = 0; at + kFrame <= speech_->size(); at += kFrame) {
        run = quiet(std::span(*speech_).subspan(at, kFrame)) ? run + 1 : 0;
        if (run == wanted) pauses_.push_back(at + kFrame - (wanted - 2) * kFrame);  // 40 ms into it: the last sound has died away
    }
}

bool HoldPlayer::over() const {
    return released_ && !speaking() && (!music_begun_ || leaving_ >= samples(mix_.leave));
}

void HoldPlayer::conclude(std::chrono::milliseconds most) {
    if (!speaking()) return;
    if (lead_in_ > 0 || speech_at_ < kHardlyBegun) {
        speech_end_ = std::min(speech_end_, speech_at_ == 0 ? 0 : speech_at_ + kFrame);
        speech_fade_ = std::min(kFrame, speech_end_);
        return;
    }
    const auto latest = speech_at_ + samples(most);
    const auto pause = std::lower_bound(pauses_.begin(), pauses_.end(), speech_at_);
    if (pause != pauses_.end() && *pause <= latest) {
        speech_end_ = std::min(speech_end_, *pause);
    } else if (latest < speech_end_) {
        speech_end_ = std::min(speech_end_, std::max(latest, speech_at_ + kCutFade));
        speech_fade_ = kCutFade;
    }
}

bool HoldPlayer::release() {
    if (released_) return false;
    released_ = true;
    lead_in_ = 0;
    if (speaking()) {
        speech_end_ = speech_at_ == 0 ? 0 : std::min(speech_end_, speech_at_ + kCutFade);
        speech_fade_ = std::min(kCutFade, speech_end_);
    }
    if (!music_begun_) music_ = nullptr;
    return true;
}

bool HoldPlayer::next(std::span<std::int16_t, kFrame> out) {
    std::fill(out.begin(), out.end(), std::int16_t{0});
    steer();
    const bool music = play_music(out);
    const bool speech = play_speech(out);
    return music || speech;
}

// Where the music's level is to go from here.
void HoldPlayer::steer() {
    if (!music_) return;
    if (!music_begun_ && (!music_after_ || !speaking())) {
        music_begun_ = true;
        fade_.set_target(1.0F, samples(mix_.fade_in));
    }
    if (!music_begun_) return;
    if (released_) {
        const auto attack = std::min(samples(mix_.duck_attack), samples(mix_.leave));
        if (leaving_ == 0 && duck_.target() > ducked_gain_) duck_.set_target(ducked_gain_, attack);
        // Behind the attack it goes on down, all the way.
        if (duck_.target() > 0 && leaving_ + kFrame > attack) duck_.set_target(0.0F, samples(mix_.leave) - std::min(leaving_, samples(mix_.leave)));
        return;
    }
    const bool under_speech = speaking() && lead_in_ * kFrame <= samples(mix_.duck_attack);
    if (under_speech == ducked_) return;
    ducked_ = under_speech;
    duck_.set_target(ducked_ ? ducked_gain_ : 1.0F, samples(ducked_ ? mix_.duck_attack : mix_.duck_release));
}

bool HoldPlayer::play_music(std::span<std::int16_t, kFrame> out) {
    if (!music_begun_ || !music_) return false;
    if (released_ && leaving_ >= samples(mix_.leave)) return false;
    const auto& tune = *music_;
    const auto body = tune.size() - seam_;
    std::array<std::int16_t, kFrame> frame;
    for (auto& sample : frame) {
        if (music_at_ < body) {
            sample = tune[music_at_];
        } else {
            // Its end under its beginning: both together never louder than the louder one.
            const auto into = static_cast<std::int64_t>(music_at_ - body), whole = static_cast<std::int64_t>(seam_);
            sample = static_cast<std::int16_t>((tune[music_at_] * (whole - into) + tune[music_at_ - body] * into) / whole);
        }
        if (++music_at_ == tune.size()) music_at_ = seam_;
    }
    fade_.apply(frame);
    duck_.mix(frame, out);
    if (released_) leaving_ += kFrame;
    return true;
}

bool HoldPlayer::play_speech(std::span<std::int16_t, kFrame> out) {
    if (!speaking()) return false;
    if (lead_in_ > 0) {
        --lead_in_;
        return false;
    }
    if (speech_at_ == 0) speech_gain_.set_target(1.0F, kSpeechFade);
    std::array<std::int16_t, kFrame> frame{};
    const auto taken = std::min(kFrame, speech_end_ - speech_at_);
    std::copy_n(speech_->begin() + static_cast<std::ptrdiff_t>(speech_at_), taken, frame.begin());
    for (std::size_t i = 0; i < taken; ++i) {
        const auto left = speech_end_ - (speech_at_ + i);
        if (left < speech_fade_) frame[i] = static_cast<std::int16_t>(frame[i] * static_cast<std::int64_t>(left) / static_cast<std::int64_t>(speech_fade_));
    }
    speech_at_ += taken;
    speech_gain_.mix(frame, out);
    return true;
}

}  // namespace parley::hold
