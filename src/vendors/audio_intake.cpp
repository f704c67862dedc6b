#include "parley/vendors/audio_intake.hpp"

#include <algorithm>
#include <string_view>

#include "parley/audio/g711.hpp"

namespace parley::vendors {

namespace {

// The first four bytes of what vendors send when they were not asked (or did not listen) for headerless audio.
constexpr std::string_view kFileMarks[] = {
    "RIFF", "RIFX", "OggS", "fLaC", std::string_view("ID3\x02", 4), std::string_view("ID3\x03", 4), std::string_view("ID3\x04", 4)};

}  // namespace

AudioIntake::AudioIntake(SpeechFormat format) : format_(format) {
    if (format_.coding == SpeechFormat::Coding::pcm16le && format_.hz != audio::kSampleRate) {
        resampler_.emplace(format_.hz, audio::kSampleRate);
        skip_ = resampler_->delay_samples();
    }
}

bool AudioIntake::feed(std::span<const std::uint8_t> bytes, std::vector<std::int16_t>& out) {
    if (is_file_) return false;
    if (!head_known_) {
        // Only bytes that may still become such a mark are held back, at most three.
        while (head_size_ < head_.size() && !bytes.empty()) {
            head_[head_size_++] = bytes.front();
            bytes = bytes.subspan(1);
            const std::string_view so_far(reinterpret_cast<const char*>(head_.data()), head_size_);
            const bool possible = std::ranges::any_of(kFileMarks, [&](std::string_view mark) { return mark.starts_with(so_far); });
            if (!possible) {
                head_known_ = true;
                break;
            }
            if (head_size_ == head_.size()) {
                is_file_ = true;
                return false;
            }
        }
        if (!head_known_) return true;
        decode(std::span(head_).first(head_size_), out);
    }
    decode(bytes, out);
    return true;
}

void AudioIntake::decode(std::span<const std::uint8_t> bytes, std::vector<std::int16_t>& out) {
    if (bytes.empty()) return;
    if (format_.coding == SpeechFormat::Coding::mulaw) {
        raw_.resize(bytes.size());
        audio::mulaw_decode(bytes, raw_);
        give(raw_, out);
        return;
    }
    raw_.clear();
    raw_.reserve((bytes.size() + 1) / 2);
    const auto sample = [](std::uint8_t low, std::uint8_t high) { return static_cast<std::int16_t>(static_cast<std::uint16_t>(low | (high << 8))); };
    if (odd_) {
        raw_.push_back(sample(*odd_, bytes.front()));
        bytes = bytes.subspan(1);
        odd_.reset();
    }
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) raw_.push_back(sample(bytes[i], bytes[i + 1]));
    if (bytes.size() % 2 != 0) odd_ = bytes.back();
    if (resampler_ && !raw_.empty()) {
        any_ = true;
        std::vector<std::int16_t> low;
        low.reserve(resampler_->output_bound(raw_.size()));
        resampler_->process(raw_, low);
        give(low, out);
    } else {
        give(raw_, out);
    }
}

void AudioIntake::give(std::span<const std::int16_t> pcm, std::vector<std::int16_t>& out) {
    const auto drop = std::min(skip_, pcm.size());
    skip_ -= drop;
    pcm = pcm.subspan(drop);
    if (!sounded_) sounded_ = std::ranges::any_of(pcm, [](std::int16_t sample) { return sample != 0; });
    samples_ += pcm.size();
    out.insert(out.end(), pcm.begin(), pcm.end());
}

void AudioIntake::finish(std::vector<std::int16_t>& out) {
    if (is_file_) return;
    if (!head_known_) {
        head_known_ = true;
        decode(std::span(head_).first(head_size_), out);
    }
    odd_.reset();
    if (!resampler_ || !any_) return;
    std::vector<std::int16_t> rest;
    resampler_->flush(rest);
    any_ = false;
    give(rest, out);
}

}  // namespace parley::vendors
