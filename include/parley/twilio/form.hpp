#pragma once
// application/x-www-form-urlencoded (WHATWG URL, section 5) as Twilio sends it: an ordered list of decoded fields in
// which duplicates stay, because the request signature covers every one of them.
//
// Decoding is strict: '+' is a space, '%' must be followed by two hex digits (either case), anything else is an error,
// since a lenient reading could differ from the sender's and is never needed with Twilio. Bytes are kept as they are
// (no UTF-8 check, no trimming). Empty segments ("a=1&&b=2") are skipped; "a" and "a=" are the same field with an empty
// value.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/twilio/error.hpp"

namespace parley::twilio {

inline constexpr std::size_t kMaxFormBytes = 128 * 1024;  // encoded
inline constexpr std::size_t kMaxFormFields = 2048;
inline constexpr std::size_t kMaxFormNameBytes = 256;         // decoded
inline constexpr std::size_t kMaxFormValueBytes = 64 * 1024;  // decoded

struct FormField {
    std::string name;
    std::string value;
    friend bool operator==(const FormField&, const FormField&) = default;
};

class Form {
public:
    Form() = default;
    explicit Form(std::vector<FormField> fields) : fields_(std::move(fields)) {}

    [[nodiscard]] const std::vector<FormField>& fields() const { return fields_; }
    [[nodiscard]] bool empty() const { return fields_.empty(); }

    // Names are case-sensitive. With duplicates the first one answers. Views live as long as the form.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::string_view get(std::string_view name, std::string_view fallback = {}) const;
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }

    void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }

private:
    std::vector<FormField> fields_;
};

// Errors: form_too_big, form_too_many_fields, form_name_too_long, form_value_too_long, form_percent.
[[nodiscard]] Result<Form> parse_form(std::string_view body);

// The raw query of a request target or URL, without '?' and without a fragment; empty if there is none.
[[nodiscard]] std::string_view query_of(std::string_view target);

// The same grammar and limits for a query string (as `query_of` gives it).
[[nodiscard]] inline Result<Form> parse_query(std::string_view query) {
    return parse_form(query);
}

// The inverse, with the unreserved set of the WHATWG serialiser; what an emulator or a signed tail URL sends.
[[nodiscard]] std::string encode_form(const std::vector<FormField>& fields);
[[nodiscard]] std::string encode_component(std::string_view text);

}  // namespace parley::twilio
