#include "parley/call/playout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "parley/audio/g711.hpp"
#include "parley/audio/mix.hpp"

namespace parley::call {

namespace {

constexpr Instant kFrame = std::chrono::milliseconds(20);
constexpr float kDucked = 0.25F;    // -12 dB
constexpr float kGainStep = 0.15F;  // per frame: the ramp takes five frames, inaudible as a step
constexpr int kPauseLevel = 400;    // mean magnitude below which a frame counts as a pause between word groups

int mean_magnitude(std::span<const std::int16_t> frame) {
    int sum = 0;
    for (const auto sample : frame) sum += std::abs(static_cast<int>(sample));
    return sum / static_cast<int>(frame.size());
}

}  // namespace

Playout::Playout(PlayoutSettings settings, PlayoutSink& sink) : settings_(settings), sink_(sink) {}

void Playout::begin(conversation::SegmentId segment) {
    Segment fresh{.id = segment, .pcm = {}};
    if (!spare_.empty()) {
        fresh.pcm = std::move(spare_.back());
        spare_.pop_back();
        fresh.pcm.clear();
    }
    segments_.push_back(std::move(fresh));
}

bool Playout::append(conversation::SegmentId segment, std::span<const std::int16_t> pcm8k) {
    const auto found = std::ranges::find(segments_, segment, &Segment::id);
    if (found == segments_.end()) return false;
    const auto bound = static_cast<std::size_t>(settings_.segment_bound.count()) * audio::kSampleRate;
    const auto room = bound - std::min(bound, found->pcm.size());
    const auto taken = std::min(room, pcm8k.size());
    found->pcm.insert(found->pcm.end(), pcm8k.begin(), pcm8k.begin() + static_cast<std::ptrdiff_t>(taken));
    return taken == pcm8k.size();
}

void Playout::finish(conversation::SegmentId segment) {
    const auto found = std::ranges::find(segments_, segment, &Segment::id);
    if (found != segments_.end()) found->finished = true;
}

void Playout::drop_all() {
    for (auto& segment : segments_)
        if (spare_.size() < 4) spare_.push_back(std::move(segment.pcm));
    segments_.clear();
    mid_speech_ = false;
}

void Playout::bed(hold::HoldPlayer* bed) {
    bed_ = bed;
    bed_samples_ = 0;
}

bool Playout::emit_bed() {
    if (bed_ == nullptr) return false;
    if (bed_->over()) {
        bed(nullptr);
        return false;
    }
    std::array<std::int16_t, audio::kFrameSamples> frame{};
    if (!bed_->next(frame)) return false;
    const auto plays_at = head_;
    head_ += kFrame;
    bed_samples_ += static_cast<std::uint32_t>(frame.size());
    sink_.play_bed(frame, plays_at);
    return true;
}

// What is left of the bed goes on under the speech. Before the gain of a possible interruption: that lowers both.
void Playout::add_bed(std::span<std::int16_t, hold::HoldPlayer::kFrame> frame, Instant now) {
    const auto ahead = static_cast<std::uint32_t>(std::max<std::int64_t>(0, (head_ - now).count()) * audio::kSampleRate / 1'000'000);
    if (const auto before = std::min(std::exchange(bed_samples_, 0), ahead); before > 0) sink_.behind_bed(before);
    if (bed_ == nullptr) return;
    (void)bed_->release();
    std::array<std::int16_t, audio::kFrameSamples> under{};
    if (bed_->next(under)) audio::mix_add(under, frame);
    if (bed_->over()) bed_ = nullptr;
}

void Playout::carrier_cleared(Instant now) {
    head_ = now;
    bed_samples_ = 0;
    if (bed_ != nullptr && bed_->released()) bed_ = nullptr;  // half a fade coming back would be heard as a mistake
    samples_since_mark_ = 0;
    mid_speech_ = false;
}

void Playout::pump(Instant now) {
    while (head_ - now < settings_.ahead) {
        if (head_ < now) {
            if (mid_speech_ && !segments_.empty()) {
                ++underruns_;
                underrun_time_ += now - head_;
                mid_speech_ = false;
            }
            head_ = now;
        }
        if (!emit_frame(now)) return;
    }
}

bool Playout::emit_frame(Instant now) {
    while (!segments_.empty() && segments_.front().finished && segments_.front().at == segments_.front().pcm.size()) {
        // Finished without a remainder: its mark stands behind the last frame.
        const auto id = segments_.front().id;
        if (samples_since_mark_ > 0) {
            samples_since_mark_ = 0;
            sink_.play_mark(next_mark_++);
        }
        if (spare_.size() < 4) spare_.push_back(std::move(segments_.front().pcm));
        segments_.pop_front();
        mid_speech_ = false;
        sink_.segment_played_out(id);
    }
    if (segments_.empty()) return emit_bed();
    auto& segment = segments_.front();
    const auto left = segment.pcm.size() - segment.at;
    if (left < audio::kFrameSamples && !segment.finished) return emit_bed();

    std::array<std::int16_t, audio::kFrameSamples> frame{};
    const auto taken = std::min<std::size_t>(left, frame.size());
    std::copy_n(segment.pcm.begin() + static_cast<std::ptrdiff_t>(segment.at), taken, frame.begin());
    segment.at += taken;
    add_bed(frame, now);

    const float target = ducking_ ? kDucked : 1.0F;
    if (gain_ != target || target != 1.0F) {
        gain_ = gain_ < target ? std::min(target, gain_ + kGainStep) : std::max(target, gain_ - kGainStep);
        for (auto& sample : frame) sample = static_cast<std::int16_t>(std::lround(static_cast<float>(sample) * gain_));
    }

    const auto plays_at = head_;
    head_ += kFrame;
    mid_speech_ = true;
    const auto id = segment.id;
    sink_.play_frame(id, frame, plays_at);
    samples_since_mark_ += static_cast<std::uint32_t>(frame.size());
    const auto every = static_cast<std::uint32_t>(settings_.mark_every.count()) * (audio::kSampleRate / 1000);
    if (samples_since_mark_ >= 2 * every || (samples_since_mark_ >= every && mean_magnitude(frame) < kPauseLevel)) {
        samples_since_mark_ = 0;
        sink_.play_mark(next_mark_++);
    }
    return true;
}

}  // namespace parley::call
