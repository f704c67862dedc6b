#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/speech/voice.hpp"

namespace parley::speech {

// Speech that was synthesised once. Phrases loaded at start are kept for good, so fillers and apologies can be spoken
// while no engine lives; everything else leaves by age when the bytes are used up. Any thread; the lock is held for a
// look-up only.
class PhraseCache {
public:
    using Audio = std::shared_ptr<const std::vector<std::int16_t>>;  // 8 kHz

    explicit PhraseCache(std::size_t max_bytes = std::size_t{16} << 20U) : max_bytes_(max_bytes) {}

    // Synthesises on the caller's thread: start-up only. The first phrase that fails ends it. Kept phrases count
    // towards the bytes but never leave.
    Result<> load(const VoiceSettings& voice, std::span<const std::string> phrases);

    [[nodiscard]] Audio find(const VoiceSettings& voice, std::string_view text);  // null when unknown
    void put(const VoiceSettings& voice, std::string_view text, std::vector<std::int16_t> audio);

    struct Counters {
        std::uint64_t hits = 0, misses = 0;
        std::size_t phrases = 0, bytes = 0;
    };
    [[nodiscard]] Counters counters() const;

private:
    struct Entry {
        Audio audio;
        bool kept = false;
        std::list<std::string>::iterator age;  // valid unless kept
    };
    void insert_locked(std::string key, Audio audio, bool kept);
    static std::string key_of(const VoiceSettings& voice, std::string_view text);

    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::list<std::string> ages_;  // most recently used first
    std::size_t bytes_ = 0;
    std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace parley::speech
