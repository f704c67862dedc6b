#pragma once
// Twilio Media Streams, messages from Twilio: JSON text to values. No socket, no clock; order rules are in
// stream_protocol.hpp.
//
// The media message, fifty a second and call, is read by a one-pass scanner without allocation or DOM; any shape it
// does not know exactly (escapes, unknown keys, non-ASCII, other events) goes to a real parser. Both give the same
// answer for the same bytes; a fuzz target holds them to it.
//
// What is a good message:
//  - one JSON object of at most kMaxStreamMessageBytes, nested at most kMaxJsonDepth deep, no raw NUL, valid UTF-8, no
//  lone
//    surrogates, no number beyond a double, and no key twice in one object (errc::json otherwise);
//  - unknown fields are ignored; unknown events are a value (UnknownMessage), not an error;
//  - documented fields must be there with the documented type and length (errc::schema). sequenceNumber, chunk and
//  timestamp
//    may be strings or numbers; one that is not a non-negative decimal within 64 bits is `valid == false`, not an
//    error, because the audio beside it is still good;
//  - a payload is strict base64 as parley/audio/base64.hpp reads it, or empty (errc::base64).

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "parley/twilio/error.hpp"

namespace parley::twilio {

inline constexpr std::size_t kMaxStreamMessageBytes = 64 * 1024;
inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxMarkNameBytes = 256;
inline constexpr std::size_t kMaxCustomParameters = 128;

enum class Track : std::uint8_t { inbound, outbound };  // from Twilio's view: inbound = what the caller says

struct Decimal {
    std::uint64_t value = 0;
    bool valid = false;
    friend bool operator==(const Decimal&, const Decimal&) = default;
};

struct ConnectedMessage {
    std::string_view protocol{};
    std::string_view version{};
};

struct CustomParameter {
    std::string_view name{};
    std::string_view value{};
};

struct StartMessage {
    Decimal sequence;
    std::string_view stream_sid{};
    std::string_view account_sid{};
    std::string_view call_sid{};
    bool inbound_track = false;
    bool outbound_track = false;
    std::string_view encoding{};  // "audio/x-mulaw"
    Decimal sample_rate;
    Decimal channels;
    std::span<const CustomParameter> parameters;

    // The value of a custom parameter; empty when there is none.
    [[nodiscard]] std::string_view parameter(std::string_view name) const;
    [[nodiscard]] bool is_mulaw_8k_mono() const;
};

struct MediaMessage {
    Decimal sequence;
    Decimal chunk;
    Decimal timestamp_ms;  // since the start of the stream, of the first sample of this chunk
    Track track = Track::inbound;
    std::string_view stream_sid{};
    std::string_view payload{};  // base64
};

struct DtmfMessage {
    Decimal sequence;
    std::string_view stream_sid{};
    std::string_view digit{};
};

struct MarkMessage {
    Decimal sequence;
    std::string_view stream_sid{};
    std::string_view name{};
};

struct StopMessage {
    Decimal sequence;               // not valid when absent
    std::string_view stream_sid{};  // may be absent
    std::string_view account_sid{};
    std::string_view call_sid{};
};

struct UnknownMessage {
    std::string_view event{};  // cut to 64 bytes; for a debug log, never for a label
};

using StreamMessage = std::variant<MediaMessage, MarkMessage, DtmfMessage, ConnectedMessage, StartMessage, StopMessage, UnknownMessage>;

// One per socket; not for use from two threads at once. Views in a message point into the scanned text or into the
// scanner and live until the text goes or the next scan.
class MediaScanner {
public:
    MediaScanner();
    MediaScanner(MediaScanner&&) noexcept;
    MediaScanner& operator=(MediaScanner&&) noexcept;
    ~MediaScanner();

    // Errors: json, schema, base64, too_big.
    [[nodiscard]] Result<StreamMessage> scan(std::string_view text);

    // Always the real parser: what `scan` must agree with. For tests.
    [[nodiscard]] Result<StreamMessage> parse(std::string_view text);

private:
    struct Slow;
    std::unique_ptr<Slow> slow_;  // made when the first unusual message arrives
};

// Samples (µ-law bytes) in a valid base64 payload.
[[nodiscard]] constexpr std::size_t payload_samples(std::string_view base64) {
    const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
    return base64.size() / 4 * 3 - (base64.size() >= 4 ? padding : 0);
}

}  // namespace parley::twilio
