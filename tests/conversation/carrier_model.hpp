#pragma once
// A carrier that knows the truth: what it played of each segment, and when. It plays what has arrived in order, at 8
// kHz times its own clock error, and forgets its queue at `clear`. It shares nothing with the ledger.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "parley/conversation/events.hpp"

namespace parley::conversation::testing {

class CarrierModel {
public:
    explicit CarrierModel(double drift = 0) : rate_(0.008 * (1 + drift)) {}  // samples a microsecond

    struct Frame {
        SegmentId segment = 0;
        std::uint64_t offset = 0;  // within the segment
        std::uint32_t samples = 0;
        double start = 0, end = 0;  // when it plays
        std::uint32_t played = 0;   // fewer than samples if cut
    };

    // A frame reaches the carrier (in order).
    void arrive(SegmentId segment, std::uint32_t samples, Instant at) {
        const double from = std::max(play_end_, static_cast<double>(at.count()));
        play_end_ = from + samples / rate_;
        by_segment_[segment].push_back(frames_.size());
        frames_.push_back({segment, handed_[segment], samples, from, play_end_, samples});
        handed_[segment] += samples;
    }
    // When what has arrived so far will have been played.
    [[nodiscard]] Instant done_at() const { return Instant(static_cast<std::int64_t>(std::ceil(play_end_))); }
    void clear(Instant at) {
        const auto t = static_cast<double>(at.count());
        for (auto f = frames_.rbegin(); f != frames_.rend() && f->end > t; ++f) {
            f->played = f->start >= t ? 0 : std::min(f->played, static_cast<std::uint32_t>((t - f->start) * rate_));
            f->start = std::min(f->start, t);
            f->end = t;
        }
        play_end_ = std::min(play_end_, t);
    }
    [[nodiscard]] std::uint64_t heard(Instant at) {
        const auto t = static_cast<double>(at.count());
        while (done_ < frames_.size() && frames_[done_].end <= t) done_sum_ += frames_[done_++].played;
        auto sum = done_sum_;
        for (auto i = done_; i < frames_.size() && frames_[i].start < t; ++i) sum += part(frames_[i], t);
        return sum;
    }
    // Whether the first `samples` of the segment have been played by then.
    [[nodiscard]] bool heard_of(SegmentId segment, std::uint64_t samples, Instant at) const {
        if (samples == 0) return true;
        const auto t = static_cast<double>(at.count());
        const auto found = by_segment_.find(segment);
        if (found == by_segment_.end()) return false;
        for (auto index : found->second) {
            const Frame& f = frames_[index];
            if (f.offset + f.samples < samples) {
                if (f.end > t || f.played < f.samples) return false;
                continue;
            }
            return f.offset + part(f, t) >= samples;
        }
        return false;
    }

private:
    [[nodiscard]] std::uint32_t part(const Frame& f, double t) const {
        if (t <= f.start) return 0;
        return std::min(f.played, static_cast<std::uint32_t>((t - f.start) * rate_ + 1e-6));
    }

    double rate_, play_end_ = 0;
    std::vector<Frame> frames_;
    std::map<SegmentId, std::vector<std::size_t>> by_segment_;
    std::map<SegmentId, std::uint64_t> handed_;
    std::size_t done_ = 0;
    std::uint64_t done_sum_ = 0;
};

// A small seeded generator, the same on every platform.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 0x632BE59BD9B4E019ULL) {}
    std::uint64_t next() {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return state_ * 0x2545F4914F6CDD1DULL;
    }
    std::uint32_t below(std::uint32_t n) { return n == 0 ? 0 : static_cast<std::uint32_t>((next() >> 33U) % n); }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>((next() >> 1U) % static_cast<std::uint64_t>(most - least + 1));
    }
    bool chance(double p) { return static_cast<double>(next() >> 11U) * 0x1.0p-53 < p; }

private:
    std::uint64_t state_;
};

}  // namespace parley::conversation::testing
