#pragma once
// What the carrier does with the sound it is given: one FIFO of samples and marks, played at 8 per millisecond. Pure;
// time is a sample count that only grows, so a test runs it as fast as it likes.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parley/sim/sound.hpp"

namespace parley::sim {

// Position on the play-out clock: samples since the line was answered.
using Sample = std::int64_t;

class PlayBuffer {
public:
    struct Limits {
        Sample queued = 600LL * kSampleRate;  // ten minutes; more is discarded (31931)
        Sample clear_tail = kFrameSamples;    // what already left for the jitter buffer still plays after `clear`
    };
    struct MarkReturn {
        std::string name;
        Sample at;     // when it comes back
        bool cleared;  // returned by `clear`, not by being played
    };
    // A run of the given sound as it was heard. `offset` counts the samples ever appended.
    struct Segment {
        Sample at;
        std::int64_t offset;
        Sample length;
    };

    PlayBuffer() : PlayBuffer(Limits{}) {}
    explicit PlayBuffer(Limits limits, Sample now = 0) : limits_(limits), now_(now) {}

    // Plays up to `to`: appends exactly `to - now()` codes to `heard` (0xFF where nothing is queued) and the marks that
    // were reached to `returned`, each with its own time. A `to` in the past does nothing.
    void advance(Sample to, Mulaw& heard, std::vector<MarkReturn>& returned);

    // Queues sound at the current time. Answers how many samples did not fit and were discarded.
    [[nodiscard]] Sample append(std::span<const std::uint8_t> codes);
    // Queues a mark; with an empty queue it comes back at once.
    void mark(std::string name, std::vector<MarkReturn>& returned);
    // Drops the queue but for the tail, returns all pending marks in order. Answers the samples that will never be
    // heard.
    Sample clear(std::vector<MarkReturn>& returned);
    // As clear, without a tail and without returning marks: the stream is gone.
    void drop_all();

    [[nodiscard]] Sample now() const { return now_; }
    [[nodiscard]] Sample queued() const { return queued_; }
    [[nodiscard]] bool idle() const { return items_.empty(); }
    [[nodiscard]] std::size_t pending_marks() const { return marks_; }
    // When the first pending mark comes back if nothing else happens.
    [[nodiscard]] std::optional<Sample> next_mark_at() const;

    [[nodiscard]] std::int64_t appended() const { return appended_; }    // samples accepted since the beginning
    [[nodiscard]] std::int64_t played() const { return played_; }        // of those, heard
    [[nodiscard]] std::int64_t discarded() const { return discarded_; }  // of those, dropped by clear or by the end
    [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }

private:
    struct Item {
        Mulaw codes;  // empty: a mark
        std::size_t used = 0;
        std::int64_t offset = 0;
        std::string mark;
    };

    void note_heard(Sample at, std::int64_t offset, Sample length);

    Limits limits_;
    Sample now_ = 0;
    std::deque<Item> items_;
    Sample queued_ = 0;
    std::size_t marks_ = 0;
    std::int64_t appended_ = 0, played_ = 0, discarded_ = 0;
    std::vector<Segment> segments_;
};

}  // namespace parley::sim
