#include "parley/vendors/speech_line.hpp"

#include <algorithm>

namespace parley::vendors {

namespace {

Failure audio_failure(FailureKind kind, std::string_view reason) {
    Failure failure;
    failure.kind = kind;
    failure.phase = "stream";
    failure.reason = reason;
    return failure;
}

}  // namespace

void SpeechLine::add(SpeechTag tag, std::string_view text) {
    texts_.push_back(std::make_unique<Text>(tag, text, format_));
}

std::optional<SpeechLine::Wanted> SpeechLine::next(std::size_t most) const {
    std::size_t open = 0;
    for (const auto& text : texts_) {
        if (!text->asked && !text->ended) {
            if (open >= most) return std::nullopt;
            return Wanted{text->tag, text->text};
        }
        if (!text->ended) ++open;
    }
    return std::nullopt;
}

SpeechLine::Text* SpeechLine::find(SpeechTag tag) const {
    for (const auto& text : texts_)
        if (text->tag == tag && !text->ended) return text.get();
    return nullptr;
}

void SpeechLine::asked(SpeechTag tag) {
    if (auto* text = find(tag)) text->asked = true;
}

bool SpeechLine::knows(SpeechTag tag) const {
    return find(tag) != nullptr;
}

std::uint64_t SpeechLine::samples(SpeechTag tag) const {
    const auto* text = find(tag);
    return text == nullptr ? 0 : text->intake.samples();
}

void SpeechLine::bytes(SpeechTag tag, std::span<const std::uint8_t> audio) {
    auto* text = find(tag);
    if (text == nullptr) return;
    if (!text->intake.feed(audio, text->pcm)) {
        failed(tag, audio_failure(FailureKind::bad_audio, "the audio has a file's header; headerless audio was asked for"));
    } else if (text->intake.samples() > kMostSpeechSamples) {
        failed(tag, audio_failure(FailureKind::too_big, "more than two minutes of audio for one text"));
    } else {
        tell();
    }
}

void SpeechLine::mark(Text& text, std::optional<std::uint32_t> characters, std::uint64_t samples) {
    if (!characters) return;
    const auto at = static_cast<std::uint32_t>(std::min<std::uint64_t>(samples, kMostSpeechSamples));
    const Mark next{std::max(at, text.last.samples), *characters};
    if (next.characters <= text.last.characters) return;
    text.last = next;
    text.marks.push_back(next);
}

void SpeechLine::word(SpeechTag tag, std::string_view spoken, std::uint64_t end_samples) {
    auto* text = find(tag);
    if (text == nullptr) return;
    mark(*text, text->track.word(spoken), end_samples);
    tell();
}

void SpeechLine::character(SpeechTag tag, std::string_view utf8, std::uint64_t end_samples) {
    auto* text = find(tag);
    if (text == nullptr) return;
    mark(*text, text->track.character(utf8), text->last_character);
    text->last_character = end_samples;
    tell();
}

void SpeechLine::ended(SpeechTag tag) {
    auto* text = find(tag);
    if (text == nullptr) return;
    mark(*text, text->track.finish(), text->last_character);
    text->intake.finish(text->pcm);
    text->ended = true;
    if (text->intake.samples() == 0) {
        text->failure = audio_failure(FailureKind::empty_audio, "the vendor gave no audio for a text");
    } else if (text->intake.silent()) {
        text->failure = audio_failure(FailureKind::empty_audio, "the vendor gave digital silence for a text");
    }
    tell();
}

void SpeechLine::failed(SpeechTag tag, Failure failure) {
    auto* text = find(tag);
    if (text == nullptr) return;
    text->ended = true;
    text->failure = std::move(failure);
    tell();
}

void SpeechLine::drop_all() {
    ++drops_;
    texts_.clear();
}

void SpeechLine::tell() {
    const auto drops = drops_;
    while (!texts_.empty()) {
        auto& front = *texts_.front();
        const auto tag = front.tag;
        if (!front.pcm.empty()) {
            telling_.clear();
            telling_.swap(front.pcm);
            sink_.on_tts_audio(tag, telling_);
            if (drops != drops_) return;
        }
        const auto marks = std::move(front.marks);
        front.marks.clear();
        for (const auto& [samples, characters] : marks) {
            sink_.on_tts_word(tag, samples, characters);
            if (drops != drops_) return;
        }
        if (!front.ended) return;
        const auto failure = std::move(front.failure);
        texts_.pop_front();
        if (failure)
            sink_.on_tts_failed(tag, *failure);
        else
            sink_.on_tts_done(tag);
        if (drops != drops_) return;
    }
}

}  // namespace parley::vendors
