#pragma once
// Twilio's identifiers and telephone numbers, and how they may appear in logs.

#include <string>
#include <string_view>

namespace parley::twilio {

// Two capital letters and 32 hex digits; `prefix` names the kind: "CA" call, "AC" account, "MZ" stream, "RE" recording,
// "VX" relay session, ... An empty prefix accepts any kind. Both hex cases are taken: Twilio writes lower case, its
// documentation not always.
[[nodiscard]] bool is_sid(std::string_view text, std::string_view prefix = {});
[[nodiscard]] inline bool is_call_sid(std::string_view text) {
    return is_sid(text, "CA");
}
[[nodiscard]] inline bool is_account_sid(std::string_view text) {
    return is_sid(text, "AC");
}
[[nodiscard]] inline bool is_stream_sid(std::string_view text) {
    return is_sid(text, "MZ");
}

// What we accept as an identifier on the wire without knowing its kind: 1 to 64 of [A-Za-z0-9_-]. Such a text needs no
// escaping in JSON, a URL path, a file name or a log line.
[[nodiscard]] bool is_wire_id(std::string_view text);

// ITU-T E.164: '+', no leading zero, 7 to 15 digits.
[[nodiscard]] bool is_e164(std::string_view text);

// For logs: "+4915112345612" -> "+49•••••12", "client:alice" -> "client:•••••", "sip:bob@example.org" ->
// "sip:•••••@example.org". The bullets are always five, so that the length says nothing. Anything else becomes five
// bullets; empty stays empty.
[[nodiscard]] std::string mask_phone(std::string_view text);

}  // namespace parley::twilio
