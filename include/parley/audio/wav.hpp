#pragma once
// RIFF/WAVE, the part telephony needs: a bounded strict reader for files of unknown origin and a writer for recordings.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::audio {

enum class WavErrc {
    not_wave = 1,      // no RIFF/WAVE header
    truncated,         // a chunk or the RIFF size reaches past the end of the bytes
    trailing_bytes,    // bytes after the RIFF chunk
    bad_format_chunk,  // missing, double, wrong size, or inconsistent (block size, byte rate)
    unsupported_encoding,
    unsupported_rate,
    unsupported_channels,
    bad_data_chunk,  // missing, double, before the format, or not a whole number of sample frames
    too_many_chunks,
    too_large,     // beyond WavLimits::max_bytes, or a recording beyond what the format can hold
    too_long,      // beyond WavLimits::max_duration_s
    bad_argument,  // the writer was asked for a rate, channel count or sample format it does not have
};

const boost::system::error_category& wav_category();
error_code make_error_code(WavErrc code);

// Interleaved samples.
struct WavAudio {
    int rate = 0;
    int channels = 0;
    std::vector<std::int16_t> samples;

    [[nodiscard]] std::size_t frames() const { return channels == 0 ? 0 : samples.size() / static_cast<std::size_t>(channels); }
};

struct WavLimits {
    std::size_t max_bytes = 64U << 20U;  // of the file
    int max_duration_s = 600;
    std::size_t max_chunks = 64;
    bool allow_trailing_bytes = false;  // true reads a recording whose writer died between data and header
};

// PCM16, mu-law and A-law (decoded to PCM16), 8 to 48 kHz, mono or stereo; WAVE_FORMAT_EXTENSIBLE with one of these
// inside. Sizes in the header are believed only as far as there are bytes. Memory: at most twice the data.
[[nodiscard]] Result<WavAudio> parse_wav(std::span<const std::uint8_t> bytes, const WavLimits& limits = {});
// Reads a regular file on the caller's thread; errors of the file system come as they are.
[[nodiscard]] Result<WavAudio> read_wav(const std::filesystem::path& path, const WavLimits& limits = {});

// Writes a recording. The file is valid at any moment: data goes out first, then the sizes in the header, so a process
// killed at any point leaves a playable file that misses at most what was buffered. All work, including blocking
// writes, happens on the caller's thread inside write, flush and close: keep it off the workers.
//
// The first failure (disk full, file too large) is returned once; from then on calls do nothing and return success, and
// failed() says so. No exception after open(). Movable, not thread-safe. The destructor closes.
class WavWriter {
public:
    enum class Encoding : std::uint8_t { pcm16, mulaw };
    struct Format {
        int rate = 8000;   // 8000..48000
        int channels = 1;  // 1 or 2, interleaved
        Encoding encoding = Encoding::pcm16;
        std::size_t buffer_bytes = 16384;    // 512 B..1 MiB, allocated once
        std::uint32_t header_every = 65536;  // bytes of data between two updates of the header
    };

    [[nodiscard]] static Result<WavWriter> open(const std::filesystem::path& path, const Format& format);
    WavWriter(WavWriter&& other) noexcept;
    WavWriter& operator=(WavWriter&& other) noexcept;
    ~WavWriter();

    // Whole sample frames; PCM16 samples are encoded when the file is mu-law. bad_argument if a frame is cut (counts as
    // no failure of the file).
    error_code write(std::span<const std::int16_t> samples);
    // G.711 mu-law bytes as they are, or decoded when the file is PCM16.
    error_code write_mulaw(std::span<const std::uint8_t> codes);
    // Everything to the file, then the header. Does not fsync.
    error_code flush();
    error_code close();

    [[nodiscard]] bool failed() const { return static_cast<bool>(error_); }
    [[nodiscard]] const error_code& error() const { return error_; }
    [[nodiscard]] std::uint64_t frames_accepted() const { return frames_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    WavWriter(int fd, std::filesystem::path path, const Format& format);
    error_code drain();
    error_code put_header();
    error_code fail(error_code why);
    error_code append(const std::uint8_t* bytes, std::size_t size);
    void release() noexcept;

    int fd_ = -1;
    std::filesystem::path path_;
    Format format_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t used_ = 0;
    std::uint64_t data_bytes_ = 0;    // in the file
    std::uint64_t header_bytes_ = 0;  // data the header speaks of
    std::uint64_t frames_ = 0;
    error_code error_;
};

}  // namespace parley::audio

template <>
struct boost::system::is_error_code_enum<parley::audio::WavErrc> : std::true_type {};
