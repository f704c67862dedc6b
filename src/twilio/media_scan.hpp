#pragma once
// The one-pass reader of the media message, shared by both directions. It knows the usual keys in any order, plain
// ASCII strings without escapes, and numbers without sign, fraction or exponent. Everything else is "not mine", never
// "wrong".

#include <optional>
#include <string_view>

#include "parley/twilio/media_codec.hpp"

namespace parley::twilio {

struct ScannedMedia {
    bool has_sequence = false, has_stream_sid = false, has_track = false, has_chunk = false, has_timestamp = false;
    bool has_payload = false;
    bool payload_valid = false;  // base64
    Decimal sequence, chunk, timestamp;
    std::string_view stream_sid, track, payload;
};

// Nothing when the text is not exactly of that shape; no statement about its validity then.
std::optional<ScannedMedia> scan_media(std::string_view text);

// The value of a text of decimal digits; not valid when empty, with other characters, or beyond 64 bits.
Decimal decimal_of(std::string_view digits);

}  // namespace parley::twilio
