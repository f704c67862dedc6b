#pragma once
// MPEG audio layer III from its frame headers alone (ISO 11172-3, 13818-3, and the common 2.5): where the frames are, what they say of themselves, how long
// they last. Walked before anything is decoded, so that a decoder sees nothing but frames, and only as many as are wanted.

#include <cstdint>
#include <optional>
#include <span>

namespace parley::hold {

struct MpegFrame {
    int rate = 0, channels = 0, samples = 0;  // samples: of one channel
    std::size_t bytes = 0;                    // with its header
};
// Nothing: no header of a layer III frame with a bit rate of the table.
[[nodiscard]] std::optional<MpegFrame> mpeg_frame(std::span<const std::uint8_t> at);

struct MpegWalk {
    enum class End : std::uint8_t { good, none, stereo, mixed, garbage, too_long } end = End::none;
    std::span<const std::uint8_t> frames;  // without tags before and behind
    int rate = 0;
    std::uint64_t samples = 0;
};
// Tags before (ID3v2, with a size that fits) and behind (ID3v1, APEv2, ID3v2 footer's kin) are passed over; a cut last frame is left out.
[[nodiscard]] MpegWalk walk_mpeg(std::span<const std::uint8_t> bytes, std::uint64_t most_seconds);

}  // namespace parley::hold
