#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/conversation/events.hpp"

namespace parley::conversation {

// What the caller has heard, known from three facts only: frames handed to the carrier, marks it echoed, and our own
// `clear`. Positions are 8 kHz samples since the start of the stream, counted over everything handed over. The estimate
// between echoes runs on the clock, never beyond what was handed over, never beyond a clear, never backwards within a
// stretch (the time between two clears). It errs on the late side: the clock plays at the slowest rate a carrier may
// drift to (2 %), and an echo is taken as the moment its mark was reached although it left the carrier earlier. Memory
// is bounded by the constants below; a call that hands frames over in steady state allocates nothing.
class Ledger {
public:
    static constexpr std::size_t kMarks = 256;       // outstanding; beyond, the oldest are given up as lost
    static constexpr std::size_t kSegments = 256;    // beyond, the oldest are forgotten
    static constexpr std::size_t kArrivals = 512;    // frames on their way; beyond, the newest two are taken as one
    static constexpr std::size_t kSpans = 512;       // stretches of one segment; beyond, the oldest are settled by the clock
    static constexpr std::size_t kAlignments = 512;  // word times of one segment; further ones are ignored

    // `carrier_delay`: how long after hand-over the caller's ear is reached at best (network + jitter buffer).
    explicit Ledger(Instant carrier_delay = std::chrono::milliseconds(60));

    void begin_segment(SegmentId segment, std::string text, std::uint32_t expected_samples = 0);
    void handed_over(SegmentId segment, std::uint32_t samples, Instant now);
    void mark_sent(std::uint32_t mark, Instant now);
    // Unknown, repeated and cleared marks change nothing. Returns whether the mark counted.
    bool mark_echoed(std::uint32_t mark, Instant now);
    // All that was handed over and not yet heard is gone. Marks outstanding at this moment never count again.
    void cleared(Instant now);
    // Synthesis of this segment is complete: its total length is what was handed over or is still queued.
    void segment_total(SegmentId segment, std::uint32_t samples);
    // A word time from synthesis: when `samples` of the segment have been played, the first `characters` bytes of its
    // text are spoken. Given in rising order; others are ignored. With them the cut is exact, without it is by
    // proportion.
    void align(SegmentId segment, std::uint32_t samples, std::size_t characters);
    // The segment's text goes on with this: a voice that finds its words while it speaks.
    void append_text(SegmentId segment, std::string_view more);
    // Nothing more of this segment will be handed over. Its text now ends with the last whole word handed over, and the
    // rest is returned, to be spoken again.
    std::string cut(SegmentId segment);

    [[nodiscard]] std::uint64_t handed_samples() const { return handed_; }
    [[nodiscard]] std::uint64_t acknowledged_samples() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t cleared_samples() const { return dropped_; }
    // Best estimate; acknowledged <= heard <= handed - cleared.
    [[nodiscard]] std::uint64_t heard_samples(Instant now) const;
    // Handed over, neither heard nor cleared.
    [[nodiscard]] std::uint64_t unheard_samples(Instant now) const { return handed_ - dropped_ - heard_samples(now); }
    // When, by the clock, all that is handed over will have been heard; `now` if it has.
    [[nodiscard]] Instant all_heard_at(Instant now) const;
    // When, by the clock, heard_samples() will reach `samples` (at most all that is handed over); `now` if it has.
    [[nodiscard]] Instant heard_at(std::uint64_t samples, Instant now) const;
    [[nodiscard]] std::size_t outstanding_marks() const { return marks_.size(); }

    // `complete`: synthesis is over, nothing of it was cleared, all of it was heard.
    struct SegmentHeard {
        std::uint32_t samples = 0;
        std::size_t characters = 0;  // bytes of the text, cut back to a whole word
        bool complete = false;
    };
    [[nodiscard]] SegmentHeard heard_of(SegmentId segment, Instant now) const;
    // The heard part of a segment's text, cut back to a whole word.
    [[nodiscard]] std::string heard_text(SegmentId segment, Instant now) const;

    struct WordTime {
        std::uint32_t samples = 0;
        std::uint32_t characters = 0;
    };

private:
    struct Arrival {
        std::uint64_t end = 0;  // position behind the last sample of the frame
        Instant at{};
    };
    struct Mark {
        std::uint32_t id = 0;
        std::uint64_t position = 0;
        Instant expected{};  // when the clock thought the ear would reach it
    };
    struct Span {
        SegmentId segment = 0;
        std::uint64_t begin = 0, end = 0;
    };
    struct Segment {
        SegmentId id = 0;
        std::string text;
        std::vector<WordTime> words;
        std::uint64_t expected = 0, handed = 0;
        std::uint64_t settled = 0;  // heard samples of spans that are no longer kept
        std::optional<std::uint64_t> total;
        bool lost = false;  // some of it was cleared
    };

    static constexpr std::size_t kArrivalsAtFirst = 32, kMarksAtFirst = 8, kSpansAtFirst = 8;
    static_assert(kArrivals % kArrivalsAtFirst == 0);

    void grow_arrivals();
    void advance(Instant now);
    [[nodiscard]] std::uint64_t played_units(Instant now) const;
    [[nodiscard]] std::uint64_t position(Instant now) const;  // absolute, within the present stretch
    [[nodiscard]] Instant position_at(std::uint64_t position, Instant now) const;
    void learn_lag(Instant late);
    void settle(const Span& span, std::uint64_t heard_position, bool final);
    void fold_spans(Instant now);
    [[nodiscard]] Segment* find(SegmentId segment);
    [[nodiscard]] const Segment* find(SegmentId segment) const;
    [[nodiscard]] std::uint64_t heard_in(const Segment& segment, Instant now) const;
    [[nodiscard]] static std::uint64_t length_of(const Segment& segment);
    [[nodiscard]] static std::size_t characters_at(const Segment& segment, std::uint64_t samples);

    Instant carrier_delay_, lag_{};
    std::uint64_t handed_ = 0, acknowledged_ = 0, dropped_ = 0;

    // The present stretch.
    std::uint64_t stretch_begin_ = 0;                    // absolute position
    std::uint64_t heard_before_ = 0, acked_before_ = 0;  // sums at the stretch's begin
    std::uint64_t acked_position_ = 0;                   // furthest proven
    std::uint64_t floor_ = 0;                            // furthest ever claimed
    std::uint64_t available_ = 0;                        // what has reached the carrier by the clock
    std::uint64_t played_ = 0;                           // clock estimate in units of a sample / kUnits at played_at_
    Instant played_at_{};
    bool anchored_ = false;  // an echo has corrected the clock since it last stood still

    std::vector<Arrival> arrivals_;  // ring
    std::size_t arrivals_first_ = 0, arrivals_count_ = 0;
    std::vector<Mark> marks_;
    std::vector<Span> spans_;
    std::deque<Segment> segments_;
    std::vector<Instant> lags_;
};

}  // namespace parley::conversation
