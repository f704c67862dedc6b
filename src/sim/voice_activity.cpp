#include "parley/sim/voice_activity.hpp"

#include <bit>

namespace parley::sim {

bool VoiceActivity::feed(std::span<const std::uint8_t> codes) {
    const bool before = speaking_;
    bool changed = false;
    pending_.insert(pending_.end(), codes.begin(), codes.end());
    std::size_t used = 0;
    while (pending_.size() - used >= kFrameSamples) {
        const auto was = speaking_;
        const std::span<const std::uint8_t> piece(pending_.data() + used, kFrameSamples);
        const bool voice = level_dbfs(from_mulaw(piece)) > settings_.threshold_dbfs;
        recent_ = (recent_ << 1 | (voice ? 1u : 0u)) & 7u;
        if (voice) last_voice_ = position_ + kFrameSamples;
        frame();
        changed = changed || was != speaking_;
        used += kFrameSamples;
        position_ += kFrameSamples;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
    return changed || before != speaking_;
}

void VoiceActivity::frame() {
    if (!speaking_ && std::popcount(recent_) >= settings_.onset_frames && (recent_ & 1u) != 0) {
        speaking_ = true;
        const Sample back = (recent_ & 4u) != 0 ? 2 : ((recent_ & 2u) != 0 ? 1 : 0);
        start_ = std::max<Sample>(0, position_ - back * kFrameSamples);
    } else if (speaking_ && position_ + kFrameSamples - *last_voice_ >= settings_.hangover) {
        speaking_ = false;
        finished_.push_back({start_, *last_voice_});
    }
}

std::optional<Sample> VoiceActivity::onset() const {
    if (speaking_) return start_;
    if (finished_.empty()) return std::nullopt;
    return finished_.back().from;
}

std::vector<Interval> VoiceActivity::intervals() const {
    auto out = finished_;
    if (speaking_) out.push_back({start_, *last_voice_});
    return out;
}

std::optional<Interval> voiced_part(std::span<const std::int16_t> pcm, double threshold_dbfs) {
    std::optional<Interval> out;
    for (std::size_t at = 0; at < pcm.size(); at += 80) {  // 10 ms
        const auto piece = pcm.subspan(at, std::min<std::size_t>(80, pcm.size() - at));
        if (level_dbfs(piece) <= threshold_dbfs) continue;
        if (!out) out = Interval{static_cast<Sample>(at), 0};
        out->to = static_cast<Sample>(at + piece.size());
    }
    return out;
}

}  // namespace parley::sim
