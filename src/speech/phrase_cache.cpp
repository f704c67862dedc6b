#include "parley/speech/phrase_cache.hpp"

#include <cstdio>

namespace parley::speech {
namespace {

std::size_t cost(const std::string& key, const PhraseCache::Audio& audio) {
    return 2 * audio->size() + 2 * key.size() + 160;
}

}  // namespace

std::string PhraseCache::key_of(const VoiceSettings& voice, std::string_view text) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "\n%.3f\n%.3f\n", voice.speed, voice.pitch);
    return voice.name + numbers + std::string(text);
}

Result<> PhraseCache::load(const VoiceSettings& settings, std::span<const std::string> phrases) {
    auto voice = Voice::make(settings);
    if (!voice) return voice.error();
    for (const auto& phrase : phrases) {
        std::vector<std::int16_t> audio;
        auto spoken = (*voice)->speak(phrase, [&](std::span<const std::int16_t> piece) {
            audio.insert(audio.end(), piece.begin(), piece.end());
            return true;
        });
        if (!spoken) return spoken.error();
        auto shared = std::make_shared<const std::vector<std::int16_t>>(std::move(audio));
        const std::scoped_lock lock(mutex_);
        insert_locked(key_of(settings, phrase), std::move(shared), true);
    }
    return {};
}

PhraseCache::Audio PhraseCache::find(const VoiceSettings& voice, std::string_view text) {
    const auto key = key_of(voice, text);
    const std::scoped_lock lock(mutex_);
    const auto it = entries_.find(key);
    if (it == entries_.end()) {
        ++misses_;
        return nullptr;
    }
    ++hits_;
    if (!it->second.kept) ages_.splice(ages_.begin(), ages_, it->second.age);
    return it->second.audio;
}

void PhraseCache::put(const VoiceSettings& voice, std::string_view text, std::vector<std::int16_t> audio) {
    auto key = key_of(voice, text);
    auto shared = std::make_shared<const std::vector<std::int16_t>>(std::move(audio));
    if (cost(key, shared) > max_bytes_ / 4) return;
    const std::scoped_lock lock(mutex_);
    insert_locked(std::move(key), std::move(shared), false);
}

void PhraseCache::insert_locked(std::string key, Audio audio, bool kept) {
    const auto known = entries_.find(key);
    if (known != entries_.end()) {
        if (known->second.kept) return;
        bytes_ -= cost(key, known->second.audio);
        ages_.erase(known->second.age);
        entries_.erase(known);
    }
    bytes_ += cost(key, audio);
    Entry entry{std::move(audio), kept, ages_.end()};
    if (!kept) {
        ages_.push_front(key);
        entry.age = ages_.begin();
    }
    entries_.emplace(std::move(key), std::move(entry));
    while (bytes_ > max_bytes_ && !ages_.empty()) {
        const auto oldest = entries_.find(ages_.back());
        bytes_ -= cost(oldest->first, oldest->second.audio);
        entries_.erase(oldest);
        ages_.pop_back();
    }
}

PhraseCache::Counters PhraseCache::counters() const {
    const std::scoped_lock lock(mutex_);
    return {hits_, misses_, entries_.size(), bytes_};
}

}  // namespace parley::speech
