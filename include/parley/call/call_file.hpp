#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/audio/vad.hpp"
#include "parley/base/clock.hpp"
#include "parley/call/disk_writer.hpp"
#include "parley/conversation/machine.hpp"

namespace parley::call {

// The call file: JSON lines. First the header (format version, call, agent, seed, every setting of the core), then in the order they
// happened: `in` events, `out` commands, `f` caller frames (µ-law as base64, or a CRC-32 digest), `x` remarks; last `end` with
// counts, so that a file cut short is recognised. Times are microseconds since the call's start.
enum class FrameDetail : std::uint8_t { digest, full };

struct CallFileHeader {
    std::string call_sid, stream_sid, agent, started_at, version;
    std::uint64_t seed = 0;
    FrameDetail frames = FrameDetail::digest;
    conversation::Settings settings;
    audio::VadConfig vad;
};

class CallFileWriter {
public:
    CallFileWriter(DiskWriter& disk, std::string path, const CallFileHeader& header);
    ~CallFileWriter();
    CallFileWriter(const CallFileWriter&) = delete;
    CallFileWriter& operator=(const CallFileWriter&) = delete;

    void input(Instant at, const conversation::Event& event, bool from_voice_activity = false);
    void output(Instant at, const conversation::Command& command);
    void frame(Instant at, std::span<const std::uint8_t> mulaw);
    // A frame of which nothing is kept: replay does without voice activity until the next one that is, and begins afresh with it.
    void hidden_frame(Instant at);
    void remark(Instant at, std::string_view text);
    void finish(std::string_view reason);
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    void line(std::string_view text);
    void flush();

    DiskWriter& disk_;
    std::string path_;
    std::shared_ptr<DiskWriter::File> file_;
    FrameDetail frames_;
    std::string block_;
    std::uint64_t inputs_ = 0, outputs_ = 0, frames_seen_ = 0, lost_blocks_ = 0;
    bool finished_ = false;
};

struct ReplayResult {
    bool identical = false;
    std::uint64_t inputs = 0, outputs = 0, frames = 0;
    std::uint64_t line = 0;            // of the first difference, 1-based
    std::string recorded, replayed;    // the first difference: what the file says and what the code does now
    std::vector<std::string> context;  // the last lines before it
    bool complete = false;             // the file has its end line
    std::string error;                 // the file cannot be read: why (line named)
};

// Runs a call file through the current conversation core in virtual time. Frames recorded in full run through the current voice activity
// detection as well. Bounded: lines of 1 MiB, 10 million lines.
ReplayResult replay_call_file(std::istream& file);

}  // namespace parley::call
