#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "parley/audio/g711.hpp"
#include "parley/audio/wav.hpp"
#include "wav_bytes.hpp"

namespace parley::audio {

namespace {

using Bytes = std::span<const std::uint8_t>;

struct Fields {
    std::uint32_t encoding = 0;
    std::uint32_t channels = 0;
    std::uint32_t rate = 0;
    std::uint32_t sample_bytes = 0;
};

// The sub-format's identity after its first two bytes, which are the plain format number (KSDATAFORMAT_SUBTYPE_*).
constexpr std::array<std::uint8_t, 14> kSubtypeTail{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};

Result<Fields> parse_format(Bytes chunk) {
    if (chunk.size() < 16 || chunk.size() > 256) return WavErrc::bad_format_chunk;
    const std::uint8_t* p = chunk.data();
    Fields f{.encoding = wav::get16(p), .channels = wav::get16(p + 2), .rate = wav::get32(p + 4)};
    if (f.encoding == wav::kExtensible) {
        if (chunk.size() < 40 || wav::get16(p + 16) < 22) return WavErrc::bad_format_chunk;
        if (!std::equal(kSubtypeTail.begin(), kSubtypeTail.end(), p + 26)) return WavErrc::unsupported_encoding;
        f.encoding = wav::get16(p + 24);
    }
    const std::uint32_t bits = wav::get16(p + 14);
    const bool pcm = f.encoding == wav::kPcm;
    if (!pcm && f.encoding != wav::kMulaw && f.encoding != wav::kAlaw) return WavErrc::unsupported_encoding;
    if (bits != (pcm ? 16U : 8U)) return WavErrc::unsupported_encoding;
    if (f.channels < 1 || f.channels > 2) return WavErrc::unsupported_channels;
    if (f.rate < wav::kMinRate || f.rate > wav::kMaxRate) return WavErrc::unsupported_rate;
    f.sample_bytes = bits / 8;
    const std::uint32_t block = f.channels * f.sample_bytes;
    if (wav::get16(p + 12) != block || wav::get32(p + 8) != block * f.rate) return WavErrc::bad_format_chunk;
    return f;
}

std::vector<std::int16_t> decode(const Fields& f, Bytes data) {
    std::vector<std::int16_t> samples(data.size() / f.sample_bytes);
    if (f.encoding == wav::kMulaw) {
        mulaw_decode(data, samples);
    } else if (f.encoding == wav::kAlaw) {
        alaw_decode(data, samples);
    } else {
        for (std::size_t i = 0; i < samples.size(); ++i) {
            samples[i] = static_cast<std::int16_t>(static_cast<std::uint16_t>(wav::get16(data.data() + 2 * i)));
        }
    }
    return samples;
}

class FileDescriptor {
public:
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

error_code last_error() {
    return {errno, boost::system::system_category()};
}

}  // namespace

Result<WavAudio> parse_wav(Bytes bytes, const WavLimits& limits) {
    if (bytes.size() > limits.max_bytes) return WavErrc::too_large;
    if (bytes.size() < 12 || wav::get32(bytes.data()) != wav::tag("RIFF") || wav::get32(bytes.data() + 8) != wav::tag("WAVE")) {
        return WavErrc::not_wave;
    }
    const std::uint32_t riff_size = wav::get32(bytes.data() + 4);
    if (riff_size < 4) return WavErrc::not_wave;
    const std::size_t end = std::size_t{riff_size} + 8;
    // A last chunk of odd size may lack its pad byte, which some writers count and do not write.
    if (end > bytes.size() + 1) return WavErrc::truncated;
    if (end < bytes.size() && !limits.allow_trailing_bytes) return WavErrc::trailing_bytes;
    Bytes rest = bytes.first(std::min(end, bytes.size())).subspan(12);

    std::optional<Fields> format;
    std::optional<Bytes> data;
    for (std::size_t chunks = 0; !rest.empty(); ++chunks) {
        if (chunks == limits.max_chunks) return WavErrc::too_many_chunks;
        if (rest.size() < 8) return WavErrc::truncated;
        const std::uint32_t name = wav::get32(rest.data());
        const std::size_t size = wav::get32(rest.data() + 4);
        rest = rest.subspan(8);
        if (size > rest.size()) return WavErrc::truncated;
        const Bytes body = rest.first(size);
        rest = rest.subspan(std::min(rest.size(), size + (size & 1U)));
        if (name == wav::tag("fmt ")) {
            if (format) return WavErrc::bad_format_chunk;
            auto fields = parse_format(body);
            if (!fields) return fields.error();
            format = *fields;
        } else if (name == wav::tag("data")) {
            if (data || !format) return WavErrc::bad_data_chunk;
            data = body;
        }
    }
    if (!format) return WavErrc::bad_format_chunk;
    const std::size_t frame_bytes = std::size_t{format->channels} * format->sample_bytes;
    if (!data || data->size() % frame_bytes != 0) return WavErrc::bad_data_chunk;
    const std::uint64_t frames = data->size() / frame_bytes;
    if (frames > static_cast<std::uint64_t>(std::max(0, limits.max_duration_s)) * format->rate) return WavErrc::too_long;
    return WavAudio{.rate = static_cast<int>(format->rate), .channels = static_cast<int>(format->channels), .samples = decode(*format, *data)};
}

Result<WavAudio> read_wav(const std::filesystem::path& path, const WavLimits& limits) {
    // Not blocking: opening a named pipe by mistake must not hang.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return last_error();
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return last_error();
    if (!S_ISREG(status.st_mode)) return error_code(EINVAL, boost::system::system_category());
    if (static_cast<std::uint64_t>(status.st_size) > limits.max_bytes) return WavErrc::too_large;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_error();
        if (got == 0) break;  // shortened meanwhile
        have += static_cast<std::size_t>(got);
    }
    return parse_wav(Bytes(bytes).first(have), limits);
}

}  // namespace parley::audio
