#pragma once
// A sink that writes down what it was told.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "parley/vendors/tts.hpp"

namespace parley::vendors {

class RecordingTtsSink final : public TtsSink {
public:
    struct Word {
        std::uint32_t samples, characters;
        bool operator==(const Word&) const = default;
    };
    void on_tts_open(std::string_view request_id) override {
        log.push_back("open " + std::string(request_id));
        told();
    }
    void on_tts_audio(SpeechTag tag, std::span<const std::int16_t> pcm) override {
        if (log.empty() || log.back() != "audio " + std::to_string(tag)) log.push_back("audio " + std::to_string(tag));
        auto& whole = audio[tag];
        whole.insert(whole.end(), pcm.begin(), pcm.end());
        told();
    }
    void on_tts_word(SpeechTag tag, std::uint32_t samples, std::uint32_t characters) override { words[tag].push_back({samples, characters}); }
    void on_tts_done(SpeechTag tag) override {
        log.push_back("done " + std::to_string(tag));
        told();
    }
    void on_tts_failed(SpeechTag tag, const Failure& failure) override {
        log.push_back("failed " + std::to_string(tag) + " " + std::string(name(failure.kind)));
        failures.push_back(failure);
        told();
    }
    [[nodiscard]] bool has(std::string_view line) const {
        for (const auto& entry : log)
            if (entry == line) return true;
        return false;
    }

    std::vector<std::string> log;
    std::map<SpeechTag, std::vector<std::int16_t>> audio;
    std::map<SpeechTag, std::vector<Word>> words;
    std::vector<Failure> failures;
    std::function<void()> on_told;  // after every entry, from within the call

private:
    void told() {
        if (on_told) on_told();
    }
};

}  // namespace parley::vendors
