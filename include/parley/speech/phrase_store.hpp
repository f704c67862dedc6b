#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::speech {

// What makes two syntheses of one phrase the same.
struct PhraseKey {
    std::string vendor, voice, model, language;
    std::string options;  // a digest of whatever else shapes the sound
    std::string text;

    [[nodiscard]] std::string digest() const;  // SHA-256, 64 hexadecimal digits: the file's name
};

// Fixed phrases (greeting, fillers, apology, goodbye) synthesised once and kept on disk over restarts, so that they can
// be spoken at once and while every vendor is down. One WAV file a phrase, 8 kHz µ-law mono, with a checksum in a chunk
// of its own; written beside and renamed, so a file is whole or not there. A file that is not what was written is
// removed and counted, and synthesised again by whoever misses it. Any number of processes may share the directory; it
// is theirs alone.
//
// find() reads memory and may be called on a worker. load(), put() and settle() touch the disk: start-up, or off the
// workers. Nothing that fails here does more harm than a phrase that is not kept.
class PhraseStore {
public:
    using Audio = std::shared_ptr<const std::vector<std::uint8_t>>;  // µ-law, never empty
    static constexpr std::size_t kMaxSamples = 60 * 8000;

    // The directory is made by load(). The limit counts files as they are on disk.
    PhraseStore(std::filesystem::path directory, std::uint64_t bytes_limit);

    // Reads what is there, the most lately used first, as far as the limit goes. An error only if the directory cannot
    // be made or read; the store works without it then, in memory.
    error_code load();

    [[nodiscard]] Audio find(const PhraseKey& key) const;  // null when unknown

    // In memory in any case but the first two errors: errc::bad_text (no audio), errc::audio_too_long, else what the
    // disk said. Removes the least lately used files beyond the limit.
    error_code put(const PhraseKey& key, std::span<const std::uint8_t> mulaw);

    // Tells the disk which phrases were used since, so that others leave first. Now and then, and at the end.
    void settle();

    struct Counters {
        std::uint64_t loaded = 0, hits = 0, misses = 0, written = 0;
        std::uint64_t corrupt = 0;       // files removed because they were not what was written
        std::uint64_t evicted = 0;       // files removed for their age
        std::uint64_t write_errors = 0;  // phrases that could not be kept on disk
        std::size_t phrases = 0;         // in memory
        std::uint64_t bytes = 0;         // of their audio
    };
    [[nodiscard]] Counters counters() const;

private:
    struct Entry {
        Audio audio;
        mutable std::atomic<bool> used{false};
    };
    error_code write_file(const std::string& digest, std::span<const std::uint8_t> mulaw);
    void evict();
    void keep(const std::string& digest, Audio audio);

    const std::filesystem::path directory_;
    const std::uint64_t limit_;
    mutable std::mutex mutex_;  // of entries_; held for look-ups only
    std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
    std::mutex disk_;  // one writer in this process
    mutable std::atomic<std::uint64_t> hits_{0}, misses_{0};
    std::atomic<std::uint64_t> loaded_{0}, written_{0}, corrupt_{0}, evicted_{0}, write_errors_{0};
};

}  // namespace parley::speech
