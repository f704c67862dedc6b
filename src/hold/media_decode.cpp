#include "parley/hold/media_decode.hpp"

#include <mpg123.h>

#include <algorithm>
#include <memory>

#include "media_resample.hpp"
#include "mpeg_frames.hpp"
#include "parley/audio/wav.hpp"

namespace parley::hold {

namespace {

using Bytes = std::span<const std::uint8_t>;
constexpr std::chrono::milliseconds kShortest{100};

MediaOutcome refuse(MediaRefusal reason, std::string sentence) {
    return {std::nullopt, reason, std::move(sentence)};
}

std::string too_long(const MediaLimits& limits) {
    return "The sound lasts longer than " + std::to_string(limits.longest.count() / 60) + " minutes: please cut it.";
}
constexpr const char* kStereo = "The sound has two channels: please convert it to mono.";

MediaOutcome finish(std::vector<std::int16_t> pcm, int rate, const char* type, const MediaLimits& limits) {
    if (pcm.empty()) return refuse(MediaRefusal::empty, "The file holds no sound.");
    DecodedMedia media;
    media.rate = rate;
    media.type = type;
    media.pcm8k = to_8k(pcm, rate);
    media.duration = std::chrono::milliseconds(media.pcm8k.size() / 8);
    if (media.duration < kShortest) return refuse(MediaRefusal::too_short, "The sound is shorter than a tenth of a second.");
    if (media.duration > limits.longest) return refuse(MediaRefusal::too_long, too_long(limits));
    MediaOutcome outcome;
    outcome.media = std::move(media);
    return outcome;
}

MediaOutcome refuse_wav(const error_code& why, const MediaLimits& limits) {
    switch (static_cast<audio::WavErrc>(why.value())) {
        case audio::WavErrc::unsupported_channels:
            return refuse(MediaRefusal::not_mono, "The WAV file does not have one channel: please convert it to mono.");
        case audio::WavErrc::too_long:
            return refuse(MediaRefusal::too_long, too_long(limits));
        case audio::WavErrc::unsupported_encoding:
            return refuse(MediaRefusal::encoding, "The WAV file must hold 16-bit PCM, mu-law or A-law: please convert it.");
        case audio::WavErrc::unsupported_rate:
            return refuse(MediaRefusal::rate, "The WAV file's rate must be between 8000 and 48000 Hz.");
        case audio::WavErrc::truncated:
            return refuse(MediaRefusal::damaged, "The WAV file is cut: its header speaks of more bytes than there are.");
        case audio::WavErrc::trailing_bytes:
            return refuse(MediaRefusal::damaged, "The WAV file goes on behind its end: something else is appended to it.");
        case audio::WavErrc::bad_format_chunk:
            return refuse(MediaRefusal::damaged, "The WAV file's format header contradicts itself.");
        case audio::WavErrc::bad_data_chunk:
            return refuse(MediaRefusal::damaged, "The WAV file has no sound, twice one, or half a sample at its end.");
        default:
            return refuse(MediaRefusal::damaged, "The WAV file cannot be read: " + why.message() + ".");
    }
}

MediaOutcome from_wav(Bytes bytes, const MediaLimits& limits) {
    audio::WavLimits wav;
    wav.max_bytes = limits.most_bytes;
    wav.max_duration_s = static_cast<int>(limits.longest.count());
    auto sound = audio::parse_wav(bytes, wav);
    if (!sound) return refuse_wav(sound.error(), limits);
    if (sound->channels != 1) return refuse(MediaRefusal::not_mono, kStereo);
    return finish(std::move(sound->samples), sound->rate, "audio/wav", limits);
}

struct Library {
    Library() { mpg123_init(); }
};

// `frames` holds whole layer III frames of one rate and one channel; more samples than they promise are not taken.
std::optional<std::vector<std::int16_t>> decode_frames(const MpegWalk& walk) {
    static const Library library;
    using Handle = std::unique_ptr<mpg123_handle, decltype(&mpg123_delete)>;
    const Handle decoder(mpg123_new(nullptr, nullptr), &mpg123_delete);
    if (decoder == nullptr) return std::nullopt;
    auto* h = decoder.get();
    const long flags = MPG123_QUIET | MPG123_IGNORE_STREAMLENGTH | MPG123_NO_FRANKENSTEIN;
    if (mpg123_param(h, MPG123_ADD_FLAGS, flags, 0) != MPG123_OK || mpg123_param(h, MPG123_INDEX_SIZE, 0, 0) != MPG123_OK ||
        mpg123_param(h, MPG123_RESYNC_LIMIT, 0, 0) != MPG123_OK)
        return std::nullopt;
    if (mpg123_format_none(h) != MPG123_OK || mpg123_format(h, walk.rate, MPG123_MONO, MPG123_ENC_SIGNED_16) != MPG123_OK || mpg123_open_feed(h) != MPG123_OK)
        return std::nullopt;
    std::vector<std::int16_t> pcm;
    const auto most = static_cast<std::size_t>(walk.samples) + 2 * 1152;
    pcm.reserve(most);
    std::vector<std::int16_t> block(8 * 1152);
    auto rest = walk.frames;
    for (;;) {
        std::size_t done = 0;
        const int code = mpg123_read(h, block.data(), block.size() * sizeof(std::int16_t), &done);
        const std::size_t samples = std::min(done / sizeof(std::int16_t), most - pcm.size());
        pcm.insert(pcm.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(samples));
        if (code == MPG123_NEW_FORMAT || code == MPG123_OK) {
            if (code == MPG123_OK && done == 0) break;
            continue;
        }
        if (code == MPG123_DONE) break;
        if (code != MPG123_NEED_MORE) return std::nullopt;
        if (rest.empty()) break;
        const auto piece = rest.first(std::min<std::size_t>(rest.size(), 16384));
        if (mpg123_feed(h, piece.data(), piece.size()) != MPG123_OK) return std::nullopt;
        rest = rest.subspan(piece.size());
    }
    return pcm;
}

MediaOutcome from_mpeg(Bytes bytes, const MediaLimits& limits) {
    const auto walk = walk_mpeg(bytes, static_cast<std::uint64_t>(limits.longest.count()));
    switch (walk.end) {
        case MpegWalk::End::good:
            break;
        case MpegWalk::End::none:
            return refuse(MediaRefusal::unknown_type, "The file is neither a WAV nor an MP3 file.");
        case MpegWalk::End::stereo:
            return refuse(MediaRefusal::not_mono, kStereo);
        case MpegWalk::End::mixed:
            return refuse(MediaRefusal::damaged, "The MP3 file changes its sampling rate on the way.");
        case MpegWalk::End::garbage:
            return refuse(MediaRefusal::damaged, "The MP3 file is damaged: between or behind its frames there is something else.");
        case MpegWalk::End::too_long:
            return refuse(MediaRefusal::too_long, too_long(limits));
    }
    auto pcm = decode_frames(walk);
    if (!pcm) return refuse(MediaRefusal::damaged, "The MP3 file is damaged: it cannot be decoded.");
    return finish(std::move(*pcm), walk.rate, "audio/mpeg", limits);
}

}  // namespace

std::string_view name(MediaRefusal reason) {
    switch (reason) {
        case MediaRefusal::too_large:
            return "too_large";
        case MediaRefusal::empty:
            return "empty";
        case MediaRefusal::unknown_type:
            return "unknown_type";
        case MediaRefusal::not_mono:
            return "not_mono";
        case MediaRefusal::too_long:
            return "too_long";
        case MediaRefusal::too_short:
            return "too_short";
        case MediaRefusal::encoding:
            return "encoding";
        case MediaRefusal::rate:
            return "rate";
        case MediaRefusal::damaged:
            return "damaged";
    }
    return "damaged";
}

MediaOutcome decode_media(Bytes bytes, const MediaLimits& limits) {
    if (bytes.empty()) return refuse(MediaRefusal::empty, "The file is empty.");
    if (bytes.size() > limits.most_bytes)
        return refuse(MediaRefusal::too_large, "The file is larger than " + std::to_string(limits.most_bytes / 1000000) + " MB.");
    const auto begins = [&](std::string_view text) {
        return bytes.size() >= text.size() &&
               std::equal(text.begin(), text.end(), bytes.begin(), [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
    };
    return begins("RIFF") ? from_wav(bytes, limits) : from_mpeg(bytes, limits);
}

}  // namespace parley::hold
