#pragma once
// Twilio Media Streams, messages towards Twilio: media, mark, clear, with exactly the keys Twilio expects (31951
// otherwise). Everything is written into the caller's buffer; nothing allocates after construction.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "parley/twilio/error.hpp"

namespace parley::twilio {

[[nodiscard]] constexpr std::size_t base64_size(std::size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

// One per stream, on the stream's worker. Each call returns the written part of `out`, or an empty view when it does
// not fit.
class MediaWriter {
public:
    // errc::stream_sid unless `stream_sid` is a wire id (1..64 of [A-Za-z0-9_-], see sid.hpp).
    [[nodiscard]] static Result<MediaWriter> create(std::string_view stream_sid);

    // Bytes needed by `media` for so many µ-law bytes / so long a base64 text.
    [[nodiscard]] std::size_t media_size(std::size_t mulaw_bytes) const { return frame_size(base64_size(mulaw_bytes)); }
    [[nodiscard]] std::size_t frame_size(std::size_t base64_chars) const { return prefix_size_ + base64_chars + kSuffix.size(); }

    // {"event":"media","streamSid":"MZ…","media":{"payload":"…"}}; `mulaw` must not be empty.
    [[nodiscard]] std::string_view media(std::span<const std::uint8_t> mulaw, std::span<char> out) const;
    // The same around a payload that is base64 already (pass-through). It must be what MediaScanner accepts as a
    // payload, not empty.
    [[nodiscard]] std::string_view media_base64(std::string_view payload, std::span<char> out) const;
    // The name is escaped as JSON. Empty view also when the name is longer than kMaxMarkNameBytes or not UTF-8.
    [[nodiscard]] std::string_view mark(std::string_view name, std::span<char> out) const;
    [[nodiscard]] std::string_view clear(std::span<char> out) const;

    [[nodiscard]] std::string_view stream_sid() const { return std::string_view(stream_sid_.data(), stream_sid_size_); }

private:
    MediaWriter() = default;
    static constexpr std::string_view kSuffix = "\"}}";

    std::array<char, 64> stream_sid_{};
    std::size_t stream_sid_size_ = 0;
    std::array<char, 128> prefix_{};  // everything before the payload
    std::size_t prefix_size_ = 0;
};

// A buffer of this size holds every mark and clear.
inline constexpr std::size_t kMaxControlMessageBytes = 128 + 6 * 256 + 64;

}  // namespace parley::twilio
