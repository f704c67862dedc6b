#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "parley/conversation/events.hpp"

namespace parley::conversation {

// What the caller has heard, known from three facts only: frames handed to the carrier, marks it echoed, and our own `clear`.
// Positions are 8 kHz samples since the start of the stream, counted over everything handed over. The estimate between
// echoes runs on the clock, never beyond what was handed over, never beyond a clear, never backwards within a stretch.
class Ledger {
public:
    // `carrier_delay`: how long after hand-over the caller's ear is reached at best (network + jitter buffer).
    explicit Ledger(Instant carrier_delay = std::chrono::milliseconds(60)) : carrier_delay_(carrier_delay) {}

    void begin_segment(SegmentId segment, std::string text, std::uint32_t expected_samples = 0);
    void handed_over(SegmentId segment, std::uint32_t samples, Instant now);
    void mark_sent(std::uint32_t mark, Instant now);
    // Unknown, repeated and cleared marks change nothing. Returns whether the mark counted.
    bool mark_echoed(std::uint32_t mark, Instant now);
    // All that was handed over and not yet heard is gone. Marks outstanding at this moment never count again.
    void cleared(Instant now);
    // Synthesis of this segment is complete: its total length is what was handed over or is still queued.
    void segment_total(SegmentId segment, std::uint32_t samples);

    [[nodiscard]] std::uint64_t handed_samples() const { return handed_; }
    [[nodiscard]] std::uint64_t acknowledged_samples() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t cleared_samples() const { return dropped_; }
    [[nodiscard]] std::uint64_t heard_samples(Instant now) const;       // best estimate; acknowledged <= heard <= handed - dropped
    [[nodiscard]] Instant all_heard_at(Instant now) const;              // when, by the clock, all that is handed over will have been heard
    [[nodiscard]] std::size_t outstanding_marks() const;

    struct SegmentHeard { std::uint32_t samples = 0; std::size_t characters = 0; bool complete = false; };
    [[nodiscard]] SegmentHeard heard_of(SegmentId segment, Instant now) const;
    // The heard part of a segment's text, cut back to a whole word.
    [[nodiscard]] std::string heard_text(SegmentId segment, Instant now) const;

private:
    Instant carrier_delay_;
    std::uint64_t handed_ = 0, acknowledged_ = 0, dropped_ = 0;
};

}  // namespace parley::conversation
