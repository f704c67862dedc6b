#pragma once
// The errors of the pure Twilio code. One category; `error_kind` gives the label of the protocol-error metric.

#include <string_view>
#include <type_traits>

#include "parley/base/result.hpp"

namespace parley::twilio {

enum class errc {
    // stream messages
    json = 1,          // not one well-formed JSON text, nested too deeply, or a key twice in one object
    schema,            // JSON, but a required field is missing or has the wrong type or length
    base64,            // payload is not padded base64 of the standard alphabet
    too_big,           // longer than the limit of its kind
    stream_sid,        // names another stream
    buffer_too_small,  // the caller's buffer cannot hold the message; nothing useful was written
    // forms and URLs
    form_too_big,
    form_too_many_fields,
    form_name_too_long,
    form_value_too_long,
    form_percent,  // '%' not followed by two hex digits
    form_missing_field,
    form_bad_value,
    bad_url,
    // stream tokens
    token_malformed,
    token_unknown_key,
    token_tampered,
    token_expired,
    token_not_yet_valid,
    token_binding,  // minted for another call or account
    token_claims,   // claims that do not fit the format (length, absurd clock)
    // TwiML
    twiml_attribute,  // a value outside its attribute's range, enumeration, alphabet or length
    twiml_missing,    // a required attribute, text or child is absent
    twiml_nesting,    // an element where Twilio does not take it
    twiml_text,       // text empty, or longer than Twilio speaks or sends
    twiml_too_large,  // the whole document
};

const boost::system::error_category& twilio_category();
inline error_code make_error_code(errc e) {
    return {static_cast<int>(e), twilio_category()};
}

// A short fixed word ("json", "schema", "base64", ...), fit for a metric label. Codes of other categories give "other".
[[nodiscard]] std::string_view error_kind(const error_code& ec);

}  // namespace parley::twilio

template <>
struct boost::system::is_error_code_enum<parley::twilio::errc> : std::true_type {};
