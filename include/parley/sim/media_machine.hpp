#pragma once
// One media stream as the carrier sees it: what it sends and what it accepts. Pure: times are line samples (8 per
// millisecond since the call was answered), sound comes and goes as µ-law codes.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/sim/line_faults.hpp"
#include "parley/sim/play_buffer.hpp"

namespace parley::sim {

enum class Track : std::uint8_t { inbound, outbound };

struct StreamSetup {
    std::string account_sid, call_sid, stream_sid;
    std::string name;           // as reported in callbacks; the stream's own id when the document gave none
    bool bidirectional = true;  // <Connect>; a fork of <Start> never plays anything
    bool inbound = true, outbound = false;
    std::vector<std::pair<std::string, std::string>> parameters;
};

// A debugger entry of the error table, without its call.
struct Notice {
    int code = 0;
    std::string text;
};

// What is known about one mark, in play-out samples.
struct MarkTruth {
    std::string name;
    Sample received_at = 0;
    std::int64_t offset = 0;            // samples of this stream queued before it
    std::optional<Sample> returned_at;  // when the carrier gave it back (before any fault of the line)
    bool cleared = false;               // given back by `clear`
    int sent = 0;                       // how often the line let it through: 0 lost, 2 duplicated
};

struct ClearTruth {
    Sample at = 0;
    Sample dropped = 0;         // samples that were queued and will never be heard
    std::int64_t appended = 0;  // samples of this stream received until then
    std::int64_t heard = 0;     // of those, heard, the jitter tail included
};

class MediaMachine {
public:
    MediaMachine(StreamSetup setup, const LineFaults& faults, Sample line_now, const PlayBuffer& speaker);

    // ---- towards the server. `take` gives the next message that is due, in order of sending.
    void on_frame(Track track, std::span<const std::uint8_t> codes, Sample line_start);
    void on_dtmf(char digit, Sample line_now);
    void on_marks(const std::vector<PlayBuffer::MarkReturn>& returned, Sample line_now);
    void stop(Sample line_now);  // queues the last message behind whatever waits; nothing is accepted afterwards
    [[nodiscard]] bool take(Sample line_now, std::string& message);
    [[nodiscard]] std::optional<Sample> next_due() const;

    // ---- from the server. The speaker has been advanced to now. Marks that come back at once are handled inside.
    void on_text(std::string_view message, PlayBuffer& speaker, Sample line_now);
    void on_binary(std::size_t bytes);

    [[nodiscard]] const StreamSetup& setup() const { return setup_; }
    [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }
    [[nodiscard]] const std::deque<MarkTruth>& marks() const { return marks_; }
    [[nodiscard]] const std::vector<ClearTruth>& clears() const { return clears_; }
    [[nodiscard]] std::int64_t first_offset() const { return first_offset_; }
    [[nodiscard]] std::uint64_t frames_sent() const { return frames_sent_; }
    [[nodiscard]] std::uint64_t frames_lost() const { return frames_lost_; }
    [[nodiscard]] std::uint64_t media_received() const { return media_received_; }
    [[nodiscard]] std::uint64_t invalid_messages() const { return invalid_; }
    [[nodiscard]] std::uint64_t overflow_samples() const { return overflow_; }

private:
    enum class Kind : std::uint8_t { connected, start, media, dtmf, mark, stop };
    struct Out {
        Kind kind;
        Sample due = 0;
        Track track = Track::inbound;
        std::uint64_t chunk = 0;
        Sample timestamp = 0;  // samples since the start of the stream
        Mulaw codes;
        std::string text;  // digit or mark name
    };

    void queue(Out out);
    void queue_mark(const std::string& name, Sample line_now);
    [[nodiscard]] bool chance(double probability);
    [[nodiscard]] std::string write(const Out& out);
    void invalid(std::string why);
    [[nodiscard]] bool check_shape(std::string_view message, std::string& event, std::string& body, std::string& why) const;

    StreamSetup setup_;
    LineFaults faults_;
    std::mt19937_64 random_;
    Sample started_;
    std::int64_t first_offset_, first_played_;
    std::uint64_t sequence_ = 0;
    std::uint64_t chunk_[2] = {0, 0};
    std::deque<Out> queue_;               // due times never decrease
    std::multimap<Sample, Out> late_;     // marks the line holds back
    std::optional<std::string> swapped_;  // a mark that waits for its successor
    bool stopping_ = false;
    std::vector<Notice> notices_;
    bool told_binary_ = false, told_invalid_ = false, told_overflow_ = false, told_congestion_ = false;
    std::deque<MarkTruth> marks_;
    std::vector<ClearTruth> clears_;
    std::uint64_t frames_sent_ = 0, frames_lost_ = 0, media_received_ = 0, invalid_ = 0, overflow_ = 0;
};

}  // namespace parley::sim
