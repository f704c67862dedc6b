#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/call/disk_writer.hpp"

namespace parley::call {

// Stereo recording of one call: PCM16, 8 kHz, left the caller as received, right the agent as the caller heard it. The last second stays in
// memory, so that a `clear` takes back what was handed over but never played. Writing happens on the disk thread.
class Recorder {
public:
    Recorder(DiskWriter& disk, std::string path);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    void caller(std::span<const std::int16_t> pcm8k, Instant at);
    void agent(std::span<const std::int16_t> pcm8k, Instant plays_at);
    void cleared(Instant now);  // agent audio from here on was never heard
    // The caller's side of this stretch is made silent: what is on the disk already, when the recording is finished.
    void silence_caller(Instant from, Instant to);
    void finish();  // writes the rest and the final header; safe to call twice
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    void ensure(std::size_t end);
    void commit(std::size_t until);
    std::string header(std::uint32_t frames) const;

    DiskWriter& disk_;
    std::string path_;
    std::shared_ptr<DiskWriter::File> file_;
    std::vector<std::int16_t> window_;                           // interleaved stereo, first frame is `committed_`
    std::size_t committed_ = 0;                                  // frames already given to the disk thread
    std::size_t end_ = 0;                                        // frames the caller's side has reached
    std::vector<std::pair<std::size_t, std::size_t>> silenced_;  // frames
    bool finished_ = false;
};

}  // namespace parley::call
