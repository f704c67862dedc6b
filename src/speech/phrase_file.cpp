#include "phrase_file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "parley/audio/wav.hpp"
#include "parley/speech/error.hpp"
#include "parley/speech/phrase_store.hpp"

namespace parley::speech {
namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kSumChunk = 8 + kDigestBytes;
constexpr std::size_t kMaxFile = PhraseStore::kMaxSamples + 4096;
constexpr std::string_view kSumName = "psum";

using Digest = std::array<std::uint8_t, kDigestBytes>;

error_code last_error() {
    return {errno, boost::system::system_category()};
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    int close() {
        const int fd = fd_;
        fd_ = -1;
        return fd >= 0 ? ::close(fd) : 0;
    }

private:
    int fd_;
};

Digest sum(std::string_view digest, std::span<const std::uint8_t> bytes) {
    Digest out{};
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
    EVP_DigestUpdate(context, digest.data(), digest.size());
    EVP_DigestUpdate(context, bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context, out.data(), nullptr);
    EVP_MD_CTX_free(context);
    return out;
}

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) | static_cast<std::uint32_t>(bytes[at + 1]) << 8U | static_cast<std::uint32_t>(bytes[at + 2]) << 16U |
           static_cast<std::uint32_t>(bytes[at + 3]) << 24U;
}

void put_number(std::uint8_t* at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

Result<std::vector<std::uint8_t>> read_whole(int fd) {
    struct stat facts{};
    if (::fstat(fd, &facts) != 0) return last_error();
    if (!S_ISREG(facts.st_mode) || facts.st_size < 0 || static_cast<std::uint64_t>(facts.st_size) > kMaxFile) return make_error_code(errc::engine_failed);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(facts.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_error();
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

// The chunk as it stands, which parse_wav would give decoded.
std::span<const std::uint8_t> data_chunk(std::span<const std::uint8_t> bytes) {
    std::size_t at = 12;
    while (at + 8 <= bytes.size()) {
        const std::size_t size = number_at(bytes, at + 4);
        if (size > bytes.size() - at - 8) return {};
        if (std::memcmp(bytes.data() + at, "data", 4) == 0) return bytes.subspan(at + 8, size);
        at += 8 + size + size % 2;
    }
    return {};
}

error_code write_sum(const std::filesystem::path& file, std::string_view digest) {
    Descriptor fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return last_error();
    Result<std::vector<std::uint8_t>> bytes = read_whole(fd.get());
    if (!bytes) return bytes.error();
    if (bytes->size() < 12) return make_error_code(errc::engine_failed);
    put_number(bytes->data() + 4, static_cast<std::uint32_t>(bytes->size() + kSumChunk - 8));
    std::array<std::uint8_t, kSumChunk> chunk{};
    std::memcpy(chunk.data(), kSumName.data(), 4);
    put_number(chunk.data() + 4, kDigestBytes);
    const Digest check = sum(digest, *bytes);
    std::memcpy(chunk.data() + 8, check.data(), check.size());
    const auto write = [&](const std::uint8_t* from, std::size_t size, std::size_t at) {
        while (size != 0) {
            const ssize_t done = ::pwrite(fd.get(), from, size, static_cast<off_t>(at));
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) return last_error();
            from += done;
            at += static_cast<std::size_t>(done);
            size -= static_cast<std::size_t>(done);
        }
        return error_code{};
    };
    if (const error_code ec = write(chunk.data(), chunk.size(), bytes->size())) return ec;
    if (const error_code ec = write(bytes->data() + 4, 4, 4)) return ec;
    if (::fsync(fd.get()) != 0) return last_error();
    if (fd.close() != 0) return last_error();
    return {};
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    Digest digest{};
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t byte : digest) {
        out += kHex[byte >> 4U];
        out += kHex[byte & 15U];
    }
    return out;
}

Result<std::vector<std::uint8_t>> read_phrase(const std::filesystem::path& file, std::string_view digest) {
    const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd.get() < 0) {
        if (errno == ELOOP) return make_error_code(errc::engine_failed);  // a symbolic link is none of ours
        return last_error();
    }
    const Result<std::vector<std::uint8_t>> bytes = read_whole(fd.get());
    if (!bytes) return bytes.error();
    const error_code corrupt = errc::engine_failed;
    if (bytes->size() <= kSumChunk) return corrupt;
    const std::span<const std::uint8_t> all(*bytes);
    const std::span<const std::uint8_t> chunk = all.last(kSumChunk), before = all.first(all.size() - kSumChunk);
    if (std::memcmp(chunk.data(), kSumName.data(), 4) != 0 || number_at(chunk, 4) != kDigestBytes) return corrupt;
    const Digest check = sum(digest, before);
    if (std::memcmp(check.data(), chunk.data() + 8, check.size()) != 0) return corrupt;
    const auto wave = audio::parse_wav(all);
    if (!wave || wave->rate != 8000 || wave->channels != 1) return corrupt;
    const std::span<const std::uint8_t> data = data_chunk(before);
    if (data.empty() || data.size() != wave->samples.size()) return corrupt;
    return std::vector<std::uint8_t>(data.begin(), data.end());
}

error_code write_phrase(const std::filesystem::path& file, std::string_view digest, std::span<const std::uint8_t> mulaw) {
    audio::WavWriter::Format format;
    format.encoding = audio::WavWriter::Encoding::mulaw;
    error_code ec;
    {
        auto writer = audio::WavWriter::open(file, format);
        if (!writer) {
            ::unlink(file.c_str());  // it may exist without its head
            return writer.error();
        }
        ec = writer->write_mulaw(mulaw);
        constexpr std::array<std::uint8_t, 1> kSilence{0xff};
        if (!ec && mulaw.size() % 2 != 0) ec = writer->write_mulaw(kSilence);  // chunks begin at even bytes
        const error_code closing = writer->close();
        if (!ec) ec = closing;
        if (!ec) ec = writer->error();
    }
    if (!ec) ec = write_sum(file, digest);
    if (ec) ::unlink(file.c_str());
    return ec;
}

}  // namespace parley::speech
