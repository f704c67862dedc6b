#pragma once
// Sound somebody uploaded, made into what a call plays: WAV (PCM16, mu-law, A-law) or MP3, one channel, decoded as a whole before it is believed. Bytes
// may be anything: memory is bounded by the limits, whatever headers say. Takes CPU time (up to a second for long files): not on a worker or the control loop.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::hold {

struct MediaLimits {
    std::size_t most_bytes = std::size_t{10} * 1000 * 1000;
    std::chrono::seconds longest{1800};
};

enum class MediaRefusal : std::uint8_t {
    too_large,     // more bytes than MediaLimits::most_bytes
    empty,         // no bytes, or not one sample
    unknown_type,  // neither RIFF/WAVE nor MPEG layer III
    not_mono,
    too_long,
    too_short,  // less than 100 ms
    encoding,   // a WAV with something inside that is not played (24 bits, float, ADPCM)
    rate,       // below 8 kHz or above 48 kHz
    damaged     // sizes that do not fit, frames that do not decode, something else behind the sound
};
[[nodiscard]] std::string_view name(MediaRefusal reason);

struct DecodedMedia {
    std::vector<std::int16_t> pcm8k;  // mono, 8000 Hz
    std::string type;                 // "audio/wav" or "audio/mpeg"
    std::chrono::milliseconds duration{0};
    int rate = 0;  // before it was resampled
};

// One of both is there.
struct MediaOutcome {
    std::optional<DecodedMedia> media;
    MediaRefusal reason = MediaRefusal::damaged;
    std::string sentence;  // for the one who uploaded it
    [[nodiscard]] explicit operator bool() const { return media.has_value(); }
};
[[nodiscard]] MediaOutcome decode_media(std::span<const std::uint8_t> bytes, const MediaLimits& limits = {});

}  // namespace parley::hold
