#pragma once
// Whether a text is base64 as JSON payloads carry it.

#include <string_view>

namespace parley::twilio {

// Padded base64 of the standard alphabet; the empty text is. Unused bits of the last character may be anything, as the
// decoders of other languages allow it.
bool is_base64(std::string_view text);

}  // namespace parley::twilio
