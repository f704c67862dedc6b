#pragma once
// UTF-8 (RFC 3629) of texts we put into JSON and XML.

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::twilio {

// Length in bytes of the well-formed sequence at the start of `text`; 0 when there is none.
std::size_t utf8_sequence(std::string_view text);
bool is_utf8(std::string_view text);

// Characters as Twilio's Java and JavaScript count them: one for each UTF-16 code unit. `text` must be UTF-8.
std::size_t utf16_length(std::string_view text);

// What XML 1.0 can carry: C0 controls but tab, line feed and carriage return go, as do U+FFFE and U+FFFF; each byte
// that is part of no well-formed sequence becomes U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace parley::twilio
