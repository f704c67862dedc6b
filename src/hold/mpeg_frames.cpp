#include "mpeg_frames.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace parley::hold {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<int, 16> kBitRates1{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0};
constexpr std::array<int, 16> kBitRates2{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
constexpr std::array<int, 3> kRates{44100, 48000, 32000};
constexpr std::size_t kPaddingMost = 4096;  // zero bytes some taggers leave between tag and sound

bool begins(Bytes at, std::string_view text) {
    return at.size() >= text.size() &&
           std::equal(text.begin(), text.end(), at.begin(), [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// Bytes of an ID3v2 tag at the front, 0: there is none; nothing: it is longer than what is there.
std::optional<std::size_t> id3v2(Bytes at) {
    if (!begins(at, "ID3")) return 0;
    if (at.size() < 10) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 6; i < 10; ++i) {
        if (at[i] > 127) return std::nullopt;
        size = size << 7U | at[i];
    }
    size += 10;
    if ((at[5] & 0x10U) != 0) size += 10;  // a footer
    if (size > at.size()) return std::nullopt;
    return size;
}

bool only_tags(Bytes rest) {
    while (!rest.empty()) {
        if (begins(rest, "TAG") && rest.size() >= 128) {
            rest = rest.subspan(128);
        } else if (begins(rest, "APETAGEX") && rest.size() >= 32) {
            // The size counts the items and the footer, not the header.
            const std::size_t size = std::size_t{rest[12]} | std::size_t{rest[13]} << 8U | std::size_t{rest[14]} << 16U | std::size_t{rest[15]} << 24U;
            if (size > rest.size() - 32) return false;
            rest = rest.subspan(32 + size);
        } else if (rest.front() == 0 && std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == 0; })) {
            return true;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

std::optional<MpegFrame> mpeg_frame(Bytes at) {
    if (at.size() < 4 || at[0] != 0xFF || (at[1] & 0xE0U) != 0xE0U) return std::nullopt;
    const unsigned version = (at[1] >> 3U) & 3U, layer = (at[1] >> 1U) & 3U;  // version 3: 1, 2: 2, 0: 2.5; layer 1: III
    if (version == 1 || layer != 1) return std::nullopt;
    const unsigned rate_at = (at[2] >> 2U) & 3U;
    const int kbps = (version == 3 ? kBitRates1 : kBitRates2)[at[2] >> 4U];
    if (rate_at == 3 || kbps == 0 || (at[3] & 3U) == 2) return std::nullopt;  // reserved emphasis
    MpegFrame frame;
    frame.rate = kRates[rate_at] / (version == 3 ? 1 : version == 2 ? 2 : 4);
    frame.channels = (at[3] >> 6U) == 3 ? 1 : 2;
    frame.samples = version == 3 ? 1152 : 576;
    frame.bytes = static_cast<std::size_t>(frame.samples / 8 * kbps * 1000 / frame.rate) + ((at[2] >> 1U) & 1U);
    return frame;
}

MpegWalk walk_mpeg(Bytes bytes, std::uint64_t most_seconds) {
    MpegWalk walk;
    bool tagged = false;
    for (;;) {
        const auto tag = id3v2(bytes);
        if (!tag) {
            walk.end = MpegWalk::End::garbage;
            return walk;
        }
        if (*tag == 0) break;
        tagged = true;
        bytes = bytes.subspan(*tag);
    }
    std::size_t zeros = 0;
    while (tagged && zeros < bytes.size() && zeros < kPaddingMost && bytes[zeros] == 0) ++zeros;
    bytes = bytes.subspan(zeros);
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto frame = mpeg_frame(bytes.subspan(at));
        if (!frame) {
            if (walk.samples > 0 && (bytes.size() - at < 4 || only_tags(bytes.subspan(at)))) break;
            walk.end = walk.samples > 0 || tagged ? MpegWalk::End::garbage : MpegWalk::End::none;
            return walk;
        }
        if (walk.samples == 0) walk.rate = frame->rate;
        if (frame->channels != 1)
            walk.end = MpegWalk::End::stereo;
        else if (frame->rate != walk.rate)
            walk.end = MpegWalk::End::mixed;
        if (walk.end != MpegWalk::End::none) return walk;
        if (frame->bytes > bytes.size() - at) break;
        at += frame->bytes;
        walk.samples += static_cast<std::uint64_t>(frame->samples);
        if (walk.samples > most_seconds * static_cast<std::uint64_t>(walk.rate)) {
            walk.end = MpegWalk::End::too_long;
            return walk;
        }
    }
    walk.frames = bytes.first(at);
    walk.end = walk.samples > 0 ? MpegWalk::End::good : MpegWalk::End::none;
    return walk;
}

}  // namespace parley::hold
