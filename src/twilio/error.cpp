#include "parley/twilio/error.hpp"

#include <array>
#include <string>

namespace parley::twilio {
namespace {

struct Row {
    errc code;
    std::string_view kind;
    const char* text;
};

constexpr std::array kRows{
    Row{errc::json, "json", "not well-formed JSON"},
    Row{errc::schema, "schema", "message lacks a field or has a field of the wrong type"},
    Row{errc::base64, "base64", "payload is not base64"},
    Row{errc::too_big, "too_big", "message or field too long"},
    Row{errc::stream_sid, "stream_sid", "message names another stream"},
    Row{errc::buffer_too_small, "buffer", "output buffer too small"},
    Row{errc::form_too_big, "too_big", "form body too long"},
    Row{errc::form_too_many_fields, "too_many", "too many form fields"},
    Row{errc::form_name_too_long, "too_big", "form field name too long"},
    Row{errc::form_value_too_long, "too_big", "form field value too long"},
    Row{errc::form_percent, "percent", "malformed percent escape"},
    Row{errc::form_missing_field, "missing", "required form field missing"},
    Row{errc::form_bad_value, "value", "form field has an unusable value"},
    Row{errc::bad_url, "url", "URL or request target not usable"},
    Row{errc::token_malformed, "malformed", "stream token malformed"},
    Row{errc::token_unknown_key, "unknown_key", "stream token signed with an unknown key"},
    Row{errc::token_tampered, "tampered", "stream token signature wrong"},
    Row{errc::token_expired, "expired", "stream token expired"},
    Row{errc::token_not_yet_valid, "expired", "stream token issued in the future"},
    Row{errc::token_binding, "binding", "stream token belongs to another call or account"},
    Row{errc::token_claims, "claims", "stream token claims do not fit"},
    Row{errc::twiml_attribute, "attribute", "TwiML attribute value not allowed"},
    Row{errc::twiml_missing, "missing", "TwiML element incomplete"},
    Row{errc::twiml_nesting, "nesting", "TwiML element not allowed here"},
    Row{errc::twiml_text, "text", "TwiML text empty or too long"},
    Row{errc::twiml_too_large, "too_big", "TwiML document too large"},
};

const Row* find(int value) {
    for (const Row& row : kRows) {
        if (static_cast<int>(row.code) == value) return &row;
    }
    return nullptr;
}

// g++ counts Boost's protected destructor as accessible here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "twilio"; }
    std::string message(int value) const override {
        const Row* row = find(value);
        return row != nullptr ? row->text : "unknown error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& twilio_category() {
    static const Category category;
    return category;
}

std::string_view error_kind(const error_code& ec) {
    if (ec.category() != twilio_category()) return "other";
    const Row* row = find(ec.value());
    return row != nullptr ? row->kind : "other";
}

}  // namespace parley::twilio
