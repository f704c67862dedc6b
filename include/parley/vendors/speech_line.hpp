#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/audio_intake.hpp"
#include "parley/vendors/failure.hpp"
#include "parley/vendors/tts.hpp"
#include "parley/vendors/word_track.hpp"

namespace parley::vendors {

// What one text may give; beyond it Failure too_big. A sentence takes ten seconds.
inline constexpr std::uint64_t kMostSpeechSamples = 120U * 8000U;

// The texts a synthesis client was given, in order, and the audio of each: decodes, counts and tells the sink in the
// order of the texts even where the vendor makes several at a time (what belongs to a later text is held until its
// turn). A text without audio or with digital silence alone fails as empty_audio. What comes for a tag it does not know
// (dropped, ended) is discarded. The sink may call back into its owner from within; nothing is told of a text that was
// dropped meanwhile. No socket, no clock.
class SpeechLine {
public:
    SpeechLine(TtsSink& sink, SpeechFormat format) : sink_(sink), format_(format) {}

    void add(SpeechTag tag, std::string_view text);
    struct Wanted {
        SpeechTag tag;
        std::string_view text;  // valid until the text is ended or dropped
    };
    // The oldest text not yet asked for, provided that fewer than `most` are asked for and unfinished.
    [[nodiscard]] std::optional<Wanted> next(std::size_t most) const;
    void asked(SpeechTag tag);

    [[nodiscard]] bool knows(SpeechTag tag) const;
    [[nodiscard]] bool empty() const { return texts_.empty(); }
    [[nodiscard]] std::uint64_t samples(SpeechTag tag) const;  // that have come for it

    void bytes(SpeechTag tag, std::span<const std::uint8_t> audio);
    void word(SpeechTag tag, std::string_view spoken, std::uint64_t end_samples);
    void character(SpeechTag tag, std::string_view utf8, std::uint64_t end_samples);
    void ended(SpeechTag tag);
    void failed(SpeechTag tag, Failure failure);

    // Forgets everything without a word to the sink.
    void drop_all();

private:
    struct Mark {
        std::uint32_t samples, characters;
    };
    struct Text {
        Text(SpeechTag t, std::string_view words, SpeechFormat format) : tag(t), text(words), intake(format), track(text) {}
        SpeechTag tag;
        std::string text;
        AudioIntake intake;
        WordTrack track;
        std::vector<std::int16_t> pcm;  // come, not yet told
        std::vector<Mark> marks;
        Mark last{0, 0};
        std::uint64_t last_character = 0;  // where the character before ended
        bool asked = false, ended = false;
        std::optional<Failure> failure;
    };
    [[nodiscard]] Text* find(SpeechTag tag) const;
    static void mark(Text& text, std::optional<std::uint32_t> characters, std::uint64_t samples);
    void tell();

    TtsSink& sink_;
    SpeechFormat format_;
    std::deque<std::unique_ptr<Text>> texts_;
    std::uint64_t drops_ = 0;  // so that tell() notices a drop_all() from within the sink
    std::vector<std::int16_t> telling_;
};

}  // namespace parley::vendors
