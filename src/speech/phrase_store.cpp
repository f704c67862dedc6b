#include "parley/speech/phrase_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "parley/speech/error.hpp"
#include "phrase_file.hpp"

namespace parley::speech {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".wav";
constexpr std::string_view kUnfinished = ".part";
constexpr auto kAbandoned = std::chrono::hours(1);  // an unfinished file this old belongs to nobody

struct Kept {
    fs::path path;
    std::string digest;
    std::uint64_t bytes = 0;
    fs::file_time_type used;
};

bool is_digest(std::string_view name) {
    return name.size() == 64 && std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Our files, the most lately used first. Others are left alone.
error_code list(const fs::path& directory, std::vector<Kept>& out) {
    std::error_code ec;
    fs::directory_iterator it(directory, ec);
    if (ec) return ec;
    for (; it != fs::directory_iterator(); it.increment(ec)) {
        if (ec) return ec;
        const std::string name = it->path().filename().string();
        std::error_code gone;
        if (name.ends_with(kUnfinished)) {
            const auto written = it->last_write_time(gone);
            if (!gone && fs::file_time_type::clock::now() - written > kAbandoned) fs::remove(it->path(), gone);
            continue;
        }
        if (!name.ends_with(kEnding) || !is_digest(std::string_view(name).substr(0, name.size() - kEnding.size()))) continue;
        Kept kept{.path = it->path(), .digest = name.substr(0, name.size() - kEnding.size()), .bytes = 0, .used = {}};
        struct stat facts{};
        if (::lstat(kept.path.c_str(), &facts) != 0) continue;  // another process was quicker
        kept.bytes = static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0));
        kept.used = it->last_write_time(gone);
        if (gone) kept.used = fs::file_time_type::min();
        out.push_back(std::move(kept));
    }
    std::ranges::sort(out, [](const Kept& a, const Kept& b) { return a.used != b.used ? a.used > b.used : a.digest < b.digest; });
    return {};
}

void sync_directory(const fs::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)::fsync(fd);
    ::close(fd);
}

}  // namespace

std::string PhraseKey::digest() const {
    std::string all;
    for (const std::string* field : {&vendor, &voice, &model, &language, &options, &text}) {
        all += std::to_string(field->size());
        all += ':';
        all += *field;
    }
    return sha256_hex(all);
}

PhraseStore::PhraseStore(fs::path directory, std::uint64_t bytes_limit) : directory_(std::move(directory)), limit_(bytes_limit) {}

void PhraseStore::keep(const std::string& digest, Audio audio) {
    auto entry = std::make_unique<Entry>();
    entry->audio = std::move(audio);
    const std::lock_guard lock(mutex_);
    entries_.insert_or_assign(digest, std::move(entry));
}

error_code PhraseStore::load() {
    const std::lock_guard disk(disk_);
    std::error_code ec;
    fs::create_directories(directory_, ec);
    if (ec) return ec;
    std::error_code ignored;
    fs::permissions(directory_, fs::perms::owner_all, ignored);
    std::vector<Kept> files;
    if (const error_code failed = list(directory_, files)) return failed;
    std::uint64_t bytes = 0;
    for (const Kept& file : files) {
        if (file.bytes > limit_ - std::min(bytes, limit_)) continue;
        Result<std::vector<std::uint8_t>> audio = read_phrase(file.path, file.digest);
        if (audio) {
            bytes += file.bytes;
            keep(file.digest, std::make_shared<const std::vector<std::uint8_t>>(std::move(*audio)));
            ++loaded_;
        } else if (audio.error() == errc::engine_failed) {
            ++corrupt_;
            fs::remove_all(file.path, ignored);
        }
    }
    return {};
}

PhraseStore::Audio PhraseStore::find(const PhraseKey& key) const {
    const std::string digest = key.digest();
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(digest);
    (found == entries_.end() ? misses_ : hits_).fetch_add(1, std::memory_order_relaxed);
    if (found == entries_.end()) return nullptr;
    found->second->used.store(true, std::memory_order_relaxed);
    return found->second->audio;
}

error_code PhraseStore::put(const PhraseKey& key, std::span<const std::uint8_t> mulaw) {
    if (mulaw.empty()) return errc::bad_text;
    if (mulaw.size() > kMaxSamples) return errc::audio_too_long;
    const std::string digest = key.digest();
    keep(digest, std::make_shared<const std::vector<std::uint8_t>>(mulaw.begin(), mulaw.end()));
    const std::lock_guard disk(disk_);
    const error_code ec = write_file(digest, mulaw);
    if (ec) {
        ++write_errors_;
        return ec;
    }
    ++written_;
    evict();
    return {};
}

error_code PhraseStore::write_file(const std::string& digest, std::span<const std::uint8_t> mulaw) {
    static std::atomic<std::uint64_t> sequence{0};
    const std::string unique = digest + "." + std::to_string(::getpid()) + "." + std::to_string(++sequence) + std::string(kUnfinished);
    const fs::path part = directory_ / unique, whole = directory_ / (digest + std::string(kEnding));
    if (const error_code ec = write_phrase(part, digest, mulaw)) return ec;
    if (::rename(part.c_str(), whole.c_str()) != 0) {
        const error_code ec(errno, boost::system::system_category());
        ::unlink(part.c_str());
        return ec;
    }
    sync_directory(directory_);
    return {};
}

void PhraseStore::evict() {
    // One process at a time; who finds another at it leaves it the work.
    const int lock = ::open((directory_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return;
    std::vector<Kept> files;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0 && !list(directory_, files)) {
        std::uint64_t bytes = 0;
        for (const Kept& file : files) {
            bytes += file.bytes;
            std::error_code ec;
            if (bytes > limit_ && fs::remove(file.path, ec) && !ec) {
                bytes -= file.bytes;
                ++evicted_;
            }
        }
    }
    ::close(lock);
}

void PhraseStore::settle() {
    std::vector<std::string> used;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [digest, entry] : entries_)
            if (entry->used.exchange(false, std::memory_order_relaxed)) used.push_back(digest);
    }
    const std::lock_guard disk(disk_);
    for (const std::string& digest : used) (void)::utimensat(AT_FDCWD, (directory_ / (digest + std::string(kEnding))).c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    evict();
}

PhraseStore::Counters PhraseStore::counters() const {
    Counters out;
    out.loaded = loaded_;
    out.hits = hits_;
    out.misses = misses_;
    out.written = written_;
    out.corrupt = corrupt_;
    out.evicted = evicted_;
    out.write_errors = write_errors_;
    const std::lock_guard lock(mutex_);
    out.phrases = entries_.size();
    for (const auto& [digest, entry] : entries_) out.bytes += entry->audio->size();
    return out;
}

}  // namespace parley::speech
