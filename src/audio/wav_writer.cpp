#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "parley/audio/g711.hpp"
#include "parley/audio/wav.hpp"
#include "wav_bytes.hpp"

namespace parley::audio {

namespace {

// RIFF, fmt with an empty extension, fact, data: the form the standard asks for when the data is not PCM, and right for
// PCM too.
constexpr std::size_t kHeaderBytes = 12 + 8 + 18 + 8 + 4 + 8;
constexpr std::uint64_t kMaxDataBytes = 0xFFFFFFFFU - kHeaderBytes - 1;

error_code last_error() {
    return {errno, boost::system::system_category()};
}

error_code write_all(int fd, const std::uint8_t* bytes, std::size_t size, std::uint64_t offset) {
    while (size != 0) {
        const ssize_t done = ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return last_error();
        if (done == 0) return error_code(ENOSPC, boost::system::system_category());
        bytes += done;
        size -= static_cast<std::size_t>(done);
        offset += static_cast<std::uint64_t>(done);
    }
    return {};
}

std::uint32_t sample_bytes(const WavWriter::Format& format) {
    return format.encoding == WavWriter::Encoding::pcm16 ? 2U : 1U;
}

std::uint32_t frame_bytes(const WavWriter::Format& format) {
    return sample_bytes(format) * static_cast<std::uint32_t>(format.channels);
}

std::array<std::uint8_t, kHeaderBytes> header(const WavWriter::Format& format, std::uint32_t data_bytes) {
    std::array<std::uint8_t, kHeaderBytes> bytes{};
    const std::uint32_t block = frame_bytes(format);
    const auto rate = static_cast<std::uint32_t>(format.rate);
    std::uint8_t* p = bytes.data();
    p = wav::put32(p, wav::tag("RIFF"));
    p = wav::put32(p, static_cast<std::uint32_t>(kHeaderBytes) - 8 + data_bytes + (data_bytes & 1U));
    p = wav::put32(p, wav::tag("WAVE"));
    p = wav::put32(p, wav::tag("fmt "));
    p = wav::put32(p, 18);
    p = wav::put16(p, format.encoding == WavWriter::Encoding::pcm16 ? wav::kPcm : wav::kMulaw);
    p = wav::put16(p, static_cast<std::uint32_t>(format.channels));
    p = wav::put32(p, rate);
    p = wav::put32(p, rate * block);
    p = wav::put16(p, block);
    p = wav::put16(p, sample_bytes(format) * 8);
    p = wav::put16(p, 0);
    p = wav::put32(p, wav::tag("fact"));
    p = wav::put32(p, 4);
    p = wav::put32(p, data_bytes / block);
    p = wav::put32(p, wav::tag("data"));
    wav::put32(p, data_bytes);
    return bytes;
}

}  // namespace

Result<WavWriter> WavWriter::open(const std::filesystem::path& path, const Format& format) {
    const bool fits =
        format.rate >= static_cast<int>(wav::kMinRate) && format.rate <= static_cast<int>(wav::kMaxRate) && (format.channels == 1 || format.channels == 2);
    if (!fits || format.buffer_bytes < 512 || format.buffer_bytes > (1U << 20U)) return WavErrc::bad_argument;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) return last_error();
    Format whole_frames = format;
    whole_frames.buffer_bytes -= whole_frames.buffer_bytes % 4;  // so that a full buffer never cuts a sample frame
    WavWriter writer(fd, path, whole_frames);
    if (const auto ec = writer.put_header()) return ec;
    return writer;
}

WavWriter::WavWriter(int fd, std::filesystem::path path, const Format& format)
    : fd_(fd), path_(std::move(path)), format_(format), buffer_(std::make_unique<std::uint8_t[]>(format.buffer_bytes)) {}

WavWriter::WavWriter(WavWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      format_(other.format_),
      buffer_(std::move(other.buffer_)),
      used_(std::exchange(other.used_, 0)),
      data_bytes_(other.data_bytes_),
      header_bytes_(other.header_bytes_),
      frames_(other.frames_),
      error_(other.error_) {}

WavWriter& WavWriter::operator=(WavWriter&& other) noexcept {
    if (this == &other) return *this;
    [[maybe_unused]] const error_code lost = close();
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::move(other.path_);
    format_ = other.format_;
    buffer_ = std::move(other.buffer_);
    used_ = std::exchange(other.used_, 0);
    data_bytes_ = other.data_bytes_;
    header_bytes_ = other.header_bytes_;
    frames_ = other.frames_;
    error_ = other.error_;
    return *this;
}

WavWriter::~WavWriter() {
    close();
}

error_code WavWriter::fail(error_code why) {
    error_ = why;
    release();
    return why;
}

void WavWriter::release() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    used_ = 0;
    buffer_.reset();
}

// Promises only what is in the file already: a crash between the two writes leaves the older, smaller promise.
error_code WavWriter::put_header() {
    const auto bytes = header(format_, static_cast<std::uint32_t>(data_bytes_));
    if (const auto ec = write_all(fd_, bytes.data(), bytes.size(), 0)) return fail(ec);
    header_bytes_ = data_bytes_;
    return {};
}

error_code WavWriter::drain() {
    if (used_ == 0) return {};
    if (const auto ec = write_all(fd_, buffer_.get(), used_, kHeaderBytes + data_bytes_)) return fail(ec);
    data_bytes_ += used_;
    used_ = 0;
    return {};
}

error_code WavWriter::append(const std::uint8_t* bytes, std::size_t size) {
    while (size != 0) {
        const std::size_t take = std::min(size, format_.buffer_bytes - used_);
        std::memcpy(buffer_.get() + used_, bytes, take);
        used_ += take;
        bytes += take;
        size -= take;
        if (used_ < format_.buffer_bytes) continue;
        if (const auto ec = drain()) return ec;
        if (data_bytes_ - header_bytes_ >= format_.header_every) {
            if (const auto ec = put_header()) return ec;
        }
    }
    return {};
}

error_code WavWriter::write(std::span<const std::int16_t> samples) {
    if (fd_ < 0) return {};
    if (samples.size() % static_cast<std::size_t>(format_.channels) != 0) return WavErrc::bad_argument;
    if (data_bytes_ + used_ + samples.size() * sample_bytes(format_) > kMaxDataBytes) {
        if (const auto ec = flush()) return ec;
        return fail(WavErrc::too_large);
    }
    frames_ += samples.size() / static_cast<std::size_t>(format_.channels);
    if (format_.encoding == Encoding::pcm16 && std::endian::native == std::endian::little) {
        return append(reinterpret_cast<const std::uint8_t*>(samples.data()), samples.size_bytes());
    }
    std::array<std::uint8_t, 1024> bytes;
    while (!samples.empty()) {
        const auto part = samples.first(std::min<std::size_t>(samples.size(), 512));
        if (format_.encoding == Encoding::mulaw) {
            mulaw_encode(part, bytes);
        } else {
            std::uint8_t* p = bytes.data();
            for (const std::int16_t sample : part) p = wav::put16(p, static_cast<std::uint16_t>(sample));
        }
        if (const auto ec = append(bytes.data(), part.size() * sample_bytes(format_))) return ec;
        samples = samples.subspan(part.size());
    }
    return {};
}

error_code WavWriter::write_mulaw(std::span<const std::uint8_t> codes) {
    if (fd_ < 0) return {};
    if (codes.size() % static_cast<std::size_t>(format_.channels) != 0) return WavErrc::bad_argument;
    if (format_.encoding == Encoding::mulaw) {
        if (data_bytes_ + used_ + codes.size() > kMaxDataBytes) {
            if (const auto ec = flush()) return ec;
            return fail(WavErrc::too_large);
        }
        frames_ += codes.size() / static_cast<std::size_t>(format_.channels);
        return append(codes.data(), codes.size());
    }
    std::array<std::int16_t, 512> samples;
    while (!codes.empty()) {
        const auto part = codes.first(std::min(codes.size(), samples.size()));
        mulaw_decode(part, samples);
        if (const auto ec = write(std::span(samples).first(part.size()))) return ec;
        codes = codes.subspan(part.size());
    }
    return {};
}

error_code WavWriter::flush() {
    if (fd_ < 0) return {};
    if (const auto ec = drain()) return ec;
    return header_bytes_ == data_bytes_ ? error_code{} : put_header();
}

error_code WavWriter::close() {
    if (fd_ < 0) return {};
    if (const auto ec = flush()) return ec;
    constexpr std::uint8_t kPad = 0;  // RIFF chunks begin at even offsets
    if (data_bytes_ % 2 != 0) {
        if (const auto ec = write_all(fd_, &kPad, 1, kHeaderBytes + data_bytes_)) return fail(ec);
    }
    const int fd = std::exchange(fd_, -1);
    release();
    if (::close(fd) != 0) {
        error_ = last_error();
        return error_;
    }
    return {};
}

}  // namespace parley::audio
